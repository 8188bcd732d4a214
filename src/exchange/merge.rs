//! Several prompts as one: their weighted sum.

use super::{Note, Prompt, note::VERSION};
use crate::notice;
use crate::{Error, Result};

/// The weighted sum of prompts of one shape. What is known of it is what all of them agree in.
pub fn merge(name: &str, parts: &[(Prompt, f64)]) -> Result<Prompt> {
    let Some(((first, weight), others)) = parts.split_first() else {
        return Err(Error::new("there is nothing to merge"));
    };
    if let Some((part, weight)) = parts.iter().find(|(_, weight)| !weight.is_finite()) {
        return Err(Error::new(format!("the weight of '{}' is {weight}", part.name)));
    }
    let mut value = first.value.f_mul_scalar(*weight)?;
    let note = &first.note;
    let (mut placement, mut backbone) = (note.placement.clone(), note.backbone.clone());
    for (part, weight) in others {
        if part.value.size() != first.value.size() {
            return Err(Error::new(format!(
                "'{}' is {:?}, '{}' {:?}: prompts of one shape can be merged",
                first.name,
                first.value.size(),
                part.name,
                part.value.size()
            )));
        }
        value = value.f_add(&part.value.f_mul_scalar(*weight)?)?;
        if part.note.placement != placement {
            placement = None;
        }
        if part.note.backbone != backbone {
            backbone = None;
        }
    }
    let lost = |was: bool, is: bool, what: &str| {
        if was && !is {
            notice::say(&format!(
                "note: {what} of the prompts merged differs: the merged one has none"
            ));
        }
    };
    lost(note.placement.is_some(), placement.is_some(), "the placement");
    lost(note.backbone.is_some(), backbone.is_some(), "the backbone");
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
