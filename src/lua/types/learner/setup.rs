//! The setup of a method: tasks and backbone, and the parameters it declares.

use crate::call;
use crate::object::{self, Object};
use crate::torch::{LuaTensor, TensorArg, TensorHandle, leaves};
use crate::types::bank::read_init;
use crate::types::prompts::base;
use crate::types::{LuaBackbone, LuaPrompt};
use crate::{Error, Result};
use compt_core::backbone::LoadedBackbone;
use compt_core::nn::{Named, init};
use compt_core::prompt::{self, Material};
use compt_core::train::optimizer::Group;
use compt_run::exchange::Prompts;
use compt_run::exchange::peft::LowRank;
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// `compt.Setup` in `stdlib/doc`.
#[derive(Clone)]
pub struct LuaSetup {
    backbone: LuaBackbone,
    /// The tasks to evaluate, then those that are only trained on.
    names: Rc<Vec<String>>,
    /// The number of tasks to evaluate.
    targets: usize,
    max_source: usize,
    /// The method's initial values of prompts.
    init: Value,
    declared: Rc<RefCell<Vec<(String, Named)>>>,
}

impl LuaSetup {
    pub fn new(
        backbone: LuaBackbone,
        names: Vec<String>,
        targets: usize,
        max_source: usize,
        init: Value,
    ) -> Self {
        let names = Rc::new(names);
        LuaSetup { backbone, names, targets, max_source, init, declared: Rc::default() }
    }

    pub fn names(&self) -> Rc<Vec<String>> {
        self.names.clone()
    }

    pub fn backbone(&self) -> Rc<RefCell<LoadedBackbone>> {
        self.backbone.0.clone()
    }

    pub fn d_model(&self) -> i64 {
        self.backbone.0.borrow().model.model_config().d_model
    }

    /// The groups in the order of their first use.
    pub fn groups(&self, weight_decay: f64) -> Vec<Group> {
        let declared = self.declared.borrow();
        let group = |(name, parameters): &(String, Named)| Group {
            name: name.clone(),
            parameters: parameters.iter().map(|(n, t)| (n.clone(), t.shallow_clone())).collect(),
            weight_decay,
        };
        declared.iter().map(group).collect()
    }

    /// Adds a parameter to a group, initialised with a float32 copy of `value`.
    fn parameter(&self, group: &str, name: &str, value: &Tensor) -> Result<Tensor> {
        let full = format!("{group}.{name}");
        let mut declared = self.declared.borrow_mut();
        if declared.iter().flat_map(|group| &group.1).any(|known| known.0 == full) {
            return Err(Error::new(format!("the parameter '{full}' is declared twice")));
        }
        let device = self.backbone.0.borrow().model.device();
        let parameter = init::parameter_of(value, device)?;
        let entry = (full, parameter.shallow_clone());
        match declared.iter_mut().find(|known| known.0 == group) {
            Some((_, parameters)) => parameters.push(entry),
            None => declared.push((group.to_string(), vec![entry])),
        }
        Ok(parameter)
    }

    /// A trained prompt, a tensor or `compt.Prompt`, `[rows, d]`, with any number of rows if `rows` is `None`;
    /// an error if it does not fit the backbone.
    fn given(&self, value: &Value, rows: Option<i64>) -> Result<Tensor> {
        let tensor = match (object::take::<LuaPrompt>(value), tensor_of(value)) {
            (Some(prompt), _) => {
                let p = prompt.copy();
                let tensor = p.value.shallow_clone();
                let prompts = Prompts::new(p.name.clone(), p.note, vec![(p.name, p.value)])?;
                prompts.check_fit(&base(&self.backbone)?, false)?;
                tensor
            }
            (None, Some(tensor)) => tensor?,
            (None, None) => {
                return Err(Error::new("a prompt is a tensor [m, d] or a compt.Prompt")
                    .hint("compt.prompts.load(RUN):get(TASK) returns one"));
            }
        };
        let d = self.d_model();
        match tensor.size()[..] {
            [m, width] if width == d && rows.is_none_or(|rows| rows == m) => {
                let device = self.backbone.0.borrow().model.device();
                Ok(tensor.f_detach()?.f_to_kind(Kind::Float)?.f_to_device(device)?)
            }
            _ => {
                let rows = rows.map_or("m".to_string(), |rows| rows.to_string());
                Err(Error::new(format!(
                    "the prompt is {:?} where [{rows}, {d}] is expected",
                    tensor.size()
                )))
            }
        }
    }

    /// The low-rank changes in a PEFT folder: place -> { low_rank = { A, B }, scale }.
    fn low_rank(&self, lua: &Lua, folder: &str) -> mlua::Result<Table> {
        let found = LowRank::read(Path::new(folder))?;
        let table = lua.create_table()?;
        for (place, (a, b)) in found.places {
            let change = lua.create_table()?;
            change.set("low_rank", [LuaTensor::new(a), LuaTensor::new(b)])?;
            change.set("scale", found.scale)?;
            table.set(place, change)?;
        }
        Ok(table)
    }

    /// An initial prompt `[rows, d]`.
    fn prompt(&self, lua: &Lua, rows: i64, init: Value) -> mlua::Result<Tensor> {
        let backbone = self.backbone.0.borrow();
        let material = Material::of(&backbone);
        let init = if init.is_nil() { &self.init } else { &init };
        Ok(prompt::initial(rows, &read_init(lua, init, &material)?, &material)?)
    }
}

impl Object for LuaSetup {
    const NAME: &'static str = "setup";
    const CLASS: &'static str = "compt.Setup";
    const MADE_BY: &'static str = "compt.trainer, for a method's build";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(format!("setup({} tasks, d_model {})", self.targets, self.d_model()))
    }
}

impl UserData for LuaSetup {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("tasks", |_, this| Ok(this.names[..this.targets].to_vec()));
        fields.add_field_method_get("from", |_, this| {
            let from = &this.names[this.targets..];
            Ok(if from.is_empty() { None } else { Some(from.to_vec()) })
        });
        fields.add_field_method_get("backbone", |_, this| Ok(this.backbone.clone()));
        fields.add_field_method_get("d_model", |_, this| Ok(this.d_model()));
        fields.add_field_method_get("max_source_length", |_, this| Ok(this.max_source));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method(
            "parameter",
            |lua, this, (group, name, value): (String, String, TensorArg)| {
                let parameter = this.parameter(&group, &name, &value.tensor()?)?;
                let declared = Rc::downgrade(&this.declared);
                let last = this.declared.borrow().iter().find(|g| g.0 == group).map(|g| g.1.len());
                leaves::of_object(lua, move || {
                    let declared = declared.upgrade()?;
                    let all = declared.borrow();
                    let of_group = &all.iter().find(|known| known.0 == group)?.1;
                    let (name, tensor) = of_group.get(last? - 1)?;
                    Some(vec![(name.clone(), tensor.shallow_clone())])
                });
                Ok(LuaTensor::new(parameter))
            },
        );
        methods.add_method("prompt", |lua, this, (rows, init): (i64, Value)| {
            Ok(LuaTensor::new(this.prompt(lua, rows, init)?))
        });
        methods.add_method("given", |_, this, (value, rows): (Value, Option<i64>)| {
            Ok(LuaTensor::new(this.given(&value, rows).map_err(|e| e.at("setup:given"))?))
        });
        methods.add_method("low_rank", |lua, this, folder: String| this.low_rank(lua, &folder));
        methods.add_method("places", |lua, this, pattern: Option<String>| {
            let list = lua.create_table()?;
            let places = this.backbone.0.borrow().model.places();
            let pattern = pattern.unwrap_or("*".into());
            for place in places.iter().filter(|place| fits(&pattern, &place.name)) {
                let entry: Table = lua.create_table()?;
                entry.set("name", place.name.as_str())?;
                entry.set("kind", place.kind.name())?;
                entry.set("shape", place.shape.clone())?;
                if let Some(gain) = this.backbone.0.borrow().model.gain(&place.name) {
                    entry.set("gain", LuaTensor::new(gain.shallow_clone()))?;
                }
                list.raw_push(entry)?;
            }
            if list.raw_len() == 0 {
                let known = places.iter().map(|place| place.name.as_str());
                return Err(Error::unknown("place", &pattern, known).at("setup:places").into());
            }
            Ok(list)
        });
    }
}

/// The tensor in a value, if it is one.
fn tensor_of(value: &Value) -> Option<Result<Tensor>> {
    let userdata = value.as_userdata()?;
    Some(userdata.borrow::<TensorHandle>().ok()?.tensor())
}

/// Whether a name matches a pattern, in which `*` matches any text and `{a,b}` one of the alternatives.
fn fits(pattern: &str, name: &str) -> bool {
    if let Some((before, rest)) = pattern.split_once('{')
        && let Some((choices, after)) = rest.split_once('}')
    {
        return choices.split(',').any(|one| fits(&format!("{before}{one}{after}"), name));
    }
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices().map(|(i, _)| i).chain([rest.len()]).any(|i| fits(after, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_name_places() {
        let place = "decoder.block.3.layer.1.EncDecAttention.q";
        for pattern in ["*", "*.q", "decoder.*Attention.{q,v}", "*{Enc,Self}*Attention.q"] {
            assert!(fits(pattern, place), "{pattern}");
        }
        for pattern in ["*.{k,v}", "encoder.*", "q", "*Attention"] {
            assert!(!fits(pattern, place), "{pattern}");
        }
    }
}
