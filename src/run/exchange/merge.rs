//! Merges several prompts by their weighted sum.

use super::{Note, Prompt, note::VERSION};
use crate::{Error, Result};
use compt_base::notice;

/// The weighted sum of prompts of one shape `[m, d]`. Its note has the values on which all of them agree.
/// Errors: no prompt, prompts of different shapes, or a weight that is not finite.
pub fn merge(name: &str, parts: &[(Prompt, f64)]) -> Result<Prompt> {
    let Some(((first, weight), others)) = parts.split_first() else {
        return Err(Error::new("there is nothing to merge"));
    };
    if let Some((part, weight)) = parts.iter().find(|(_, weight)| !weight.is_finite()) {
        return Err(Error::new(format!("the weight of '{}' is {weight}", part.name)));
    }
    let mut value = first.value.f_mul_scalar(*weight)?;
    let note = &first.note;
    let (placement, mut backbone) = (note.placement.clone(), note.backbone.clone());
    for (part, weight) in others {
        if part.value.size() != first.value.size() {
            return Err(Error::new(format!(
                "'{}' is {:?}, '{}' {:?}: only prompts of the same shape can be merged",
                first.name,
                first.value.size(),
                part.name,
                part.value.size()
            )));
        }
        value = value.f_add(&part.value.f_mul_scalar(*weight)?)?;
        if part.note.placement != note.placement {
            let at = |p: &Prompt| p.note.placement.clone().unwrap_or("unknown".into());
            return Err(Error::new(format!(
                "'{}' was trained for the placement {}, '{}' for {}",
                first.name,
                at(first),
                part.name,
                at(part)
            ))
            .hint("a prompt must be used where it was trained: before or after the input"));
        }
        if part.note.backbone != backbone {
            backbone = None;
        }
    }
    if note.backbone.is_some() && backbone.is_none() {
        notice::say("note: the merged prompts have different backbones: the result names none");
    }
    let note = Note {
        version: VERSION,
        method: Some("merged".into()),
        name: None,
        tasks: vec![name.to_string()],
        placement,
        backbone,
        ..Note::default()
    };
    Ok(Prompt { name: name.to_string(), value: super::checked(&value)?, note })
}
