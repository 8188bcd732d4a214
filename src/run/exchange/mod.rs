//! Prompts on disk: those of a run, in the formats of this and other programs.

pub mod compare;
mod contents;
mod load;
pub mod merge;
mod note;
pub mod npy;
pub mod peft;
mod safetensors;

pub use load::load;
pub(crate) use note::NOTE;
pub use note::{Base, Note};
pub use safetensors::{from_run, save};

use crate::{Error, Result};
use compt_core::tensor::is_finite;
use tch::{Device, Kind, Tensor};

/// The prefix of the composed prompt of a task.
const TARGET: &str = "target.";
/// The prefixes of other prompts in a file.
const PARTS: [&str; 2] = ["source.", "private."];

/// A collection of prompts: of one run, or of one file.
pub struct Prompts {
    /// Their source, for messages.
    pub place: String,
    pub note: Note,
    /// `target.rte`, `source.0` ..., each `[m, d]` in float32 on the CPU.
    tensors: Vec<(String, Tensor)>,
}

/// One prompt.
pub struct Prompt {
    /// The task's name for a composed prompt, else the name in the file: `source.0`.
    pub name: String,
    /// `[m, d]`
    pub value: Tensor,
    /// Its note, with only its own scores.
    pub note: Note,
}

/// The maximum number of prompts in a file.
const MOST: usize = 4096;

impl Prompts {
    /// Checks and stores tensors `[m, d]`; an error names a tensor that is not a prompt of finite numbers.
    pub fn new(place: String, note: Note, tensors: Vec<(String, Tensor)>) -> Result<Prompts> {
        if tensors.len() > MOST {
            let what = format!("{} tensors, and a file has at most {MOST} prompts", tensors.len());
            return Err(Error::new(what));
        }
        let tensors = tensors
            .into_iter()
            .map(|(name, tensor)| {
                let tensor = checked(&tensor).map_err(|e| e.at(format!("'{name}'")))?;
                Ok((name, tensor))
            })
            .collect::<Result<Vec<_>>>()?;
        let shorts: Vec<&str> = tensors.iter().map(|(name, _)| short(name)).collect();
        let twice = (1..shorts.len()).find(|&i| shorts[..i].contains(&shorts[i]));
        match twice {
            Some(i) => Err(Error::new(format!("two prompts are called '{}'", shorts[i]))),
            None if tensors.is_empty() => Err(Error::new("there is no prompt in it")),
            None => Ok(Prompts { place, note, tensors }),
        }
    }

    /// The composed prompts by task name, then the others, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        let (targets, others): (Vec<_>, Vec<_>) =
            self.tensors.iter().map(|t| t.0.as_str()).partition(|name| name.starts_with(TARGET));
        targets.into_iter().chain(others).map(|name| short(name).to_string()).collect()
    }

    /// The names of the composed prompts.
    pub fn tasks(&self) -> Vec<String> {
        let is_part = |name: &str| PARTS.iter().any(|part| name.starts_with(part));
        self.names().into_iter().filter(|name| !is_part(name)).collect()
    }

    /// A prompt by its task, or by its name in the file.
    /// Errors: there is no prompt with that name; the nearest one is named.
    pub fn get(&self, name: &str) -> Result<Prompt> {
        let target = format!("{TARGET}{name}");
        let find = |wanted: &str| self.tensors.iter().find(|t| t.0 == wanted);
        let found = find(&target).or_else(|| find(name)).ok_or_else(|| {
            let names = self.names();
            Error::unknown("prompt", name, names.iter().map(String::as_str)).at(&self.place)
        })?;
        let name = short(&found.0).to_string();
        let note = self.note.of_one(&name);
        Ok(Prompt { name, value: found.1.shallow_clone(), note })
    }

    /// All prompts, in the order of `names`. Errors: as in `get`.
    pub fn all(&self) -> Result<Vec<Prompt>> {
        self.names().iter().map(|name| self.get(name)).collect()
    }

    /// The prompt with that name; without a name the only one.
    /// Errors: there is no prompt with that name, or without a name there are several.
    pub fn pick(&self, name: Option<&str>) -> Result<Prompt> {
        if let Some(name) = name {
            return self.get(name);
        }
        let (names, tasks) = (self.names(), self.tasks());
        match (&names[..], &tasks[..]) {
            ([name], _) | (_, [name]) => self.get(name),
            _ => Err(Error::new(format!("there are {} prompts in it", names.len()))
                .at(&self.place)
                .hint(format!("specify one: {}:NAME; known: {}", self.place, names.join(", ")))),
        }
    }

    /// An error if these prompts were trained for another backbone; `force` accepts another one of the
    /// same width.
    pub fn check_fit(&self, base: &Base, force: bool) -> Result<()> {
        for (name, tensor) in &self.tensors {
            let width = tensor.size()[1];
            if Some(width) != base.d_model {
                let wanted = base.d_model.unwrap_or_default();
                return Err(Error::new(format!(
                    "the prompt '{}' is {width} wide, the backbone '{}' {wanted}",
                    short(name),
                    base.name
                ))
                .at(&self.place));
            }
        }
        let own = self.note.backbone.as_ref();
        let other = match (own.and_then(|own| own.fingerprint.as_ref()), &base.fingerprint) {
            (Some(own), Some(given)) => own != given,
            _ => false,
        };
        match own.filter(|_| other && !force) {
            Some(own) => Err(Error::new(format!(
                "these prompts were trained with other weights: '{}', not those of '{}'",
                own.name, base.name
            ))
            .at(&self.place)
            .hint("force = true accepts them anyway")),
            None => Ok(()),
        }
    }
}

impl Prompt {
    /// m, the number of rows.
    pub fn length(&self) -> i64 {
        self.value.size()[0]
    }

    /// d, the width.
    pub fn d_model(&self) -> i64 {
        self.value.size()[1]
    }
}

/// The short name of a prompt for display.
fn short(name: &str) -> &str {
    name.strip_prefix(TARGET).unwrap_or(name)
}

/// The name of a prompt in a file.
fn long(name: &str) -> String {
    match PARTS.iter().any(|part| name.starts_with(part)) {
        true => name.to_string(),
        false => format!("{TARGET}{name}"),
    }
}

/// A prompt `[m, d]` in float32 on the CPU, without a gradient.
fn checked(tensor: &Tensor) -> Result<Tensor> {
    let size = tensor.size();
    if size.len() != 2 || size.contains(&0) {
        let what = match size.len() {
            0..=4 => format!("{size:?}"),
            many => format!("a tensor of {many} dimensions"),
        };
        return Err(Error::new(format!("a prompt has rows and a width; this is {what}")));
    }
    if !tensor.is_floating_point() {
        return Err(Error::new(format!("a prompt is of floating point, not {:?}", tensor.kind())));
    }
    let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
    if !is_finite(&tensor)? {
        return Err(Error::new("not all of its numbers are finite"));
    }
    Ok(tensor.f_contiguous()?)
}
