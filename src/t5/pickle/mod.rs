//! `pytorch_model.bin`: a pickle of tensors' names and places, and their bytes.
//!
//! A pickle is a program. This reader knows the few instructions that a saved state dictionary is made
//! of and the few functions it names, as descriptions of tensors; it calls nothing, and anything else
//! is refused by name. What it reads becomes nodes that name each other by number, so that no
//! nesting is too deep, and there are never more of them than a limit far above what a T5 needs.

mod legacy;
mod machine;
mod node;
mod reduce;
mod zip;

use super::checkpoint::Stored;
use crate::{Error, Result, error::Context};
use node::{Node, Pickle, Storage};
use std::collections::BTreeSet;
use std::ops::Range;

/// The tensors of these names in a file saved by `torch.save`, in its zip form or the one before it.
pub fn tensors(file: &[u8], wanted: &BTreeSet<String>) -> Result<Vec<(String, Stored)>> {
    if file.starts_with(zip::MAGIC) {
        let archive = zip::Archive::open(file)?;
        let pickle = archive.pickle()?;
        state_dict(&pickle, wanted, |storage| archive.storage(storage))
    } else if file.starts_with(&[machine::PROTO]) {
        let (pickle, storages) = legacy::open(file)?;
        state_dict(&pickle, wanted, |storage| storages.place(storage))
    } else {
        Err(Error::new("neither form of torch.save: damaged, or something else"))
    }
}

/// The wanted tensors of a dictionary; `place` says where a storage lies in the file.
fn state_dict(
    pickle: &Pickle,
    wanted: &BTreeSet<String>,
    place: impl Fn(&Storage) -> Result<Range<usize>>,
) -> Result<Vec<(String, Stored)>> {
    let Node::Dict(items) = pickle.root() else {
        return Err(Error::new("it holds no dictionary of tensors"));
    };
    let is_tensor = |item: &(_, _)| matches!(pickle.node(item.1), Node::Tensor(_));
    if !items.is_empty() && !items.iter().any(is_tensor) {
        return Err(Error::new("the dictionary in it holds no tensors").hint(
            "weights inside something else: save the model's state_dict() itself, or \
             model.save_pretrained(FOLDER)",
        ));
    }
    let mut list = Vec::new();
    for &(key, value) in items {
        let (Node::Text(name), Node::Tensor(view)) = (pickle.node(key), pickle.node(value)) else {
            continue;
        };
        // A long name may be that of any number of tensors: only wanted ones are copied.
        if !wanted.contains(*name) {
            continue;
        }
        let stored = place(&view.storage).and_then(|place| {
            Stored::new(view.storage.kind, &view.shape, Some(&view.strides), place, view.offset)
        });
        list.push((name.to_string(), stored.at(format!("'{name}'"))?));
    }
    Ok(list)
}

#[cfg(test)]
mod tests;
