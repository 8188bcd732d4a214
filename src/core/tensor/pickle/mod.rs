//! Files of `torch.save`: a pickle with the names and positions of tensors, and their bytes.
//!
//! A pickle is a program. This reader supports only the instructions of saved tensors and the
//! functions they name, as descriptions of tensors; it calls nothing, and anything else
//! is refused by name. The result consists of nodes that refer to each other by number, so that any
//! nesting is safe, and their number is limited far above what a T5 needs.

mod legacy;
mod machine;
mod node;
mod reduce;
mod zip;

use super::{Found, Stored};
use crate::{Error, Result};
use compt_error::Context;
use node::{Node, Pickle, Ref, Storage, View};
use std::ops::Range;

/// The maximum nesting of dictionaries if tensors are not selected by name.
const DEEPEST: usize = 4;
/// The maximum number of tensors if they are not selected by name.
const MOST: usize = 4096;
const LONGEST_NAME: usize = 200;
/// The maximum number of searched values: a dictionary may contain itself.
const MOST_VALUES: usize = 1 << 16;

/// The tensors whose names are `wanted` of a state dictionary saved by `torch.save`, in the zip or the older
/// format. Only some names of the others are kept, because a long name may be shared by many tensors.
pub(crate) fn state_dict(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Found> {
    with_pickle(file, |saved| saved.state_dict(&wanted))
}

/// All tensors of a file saved by `torch.save`: a single one is named "", those of nested dictionaries and
/// lists (from 0) `outer.inner`.
/// Errors: the file is damaged, or calls an unsupported function.
pub fn all(file: &[u8]) -> Result<Found> {
    with_pickle(file, |saved| {
        let mut found = Found::default();
        saved.collect(saved.pickle.root, "", 0, &mut found, &mut 0)?;
        Ok(found)
    })
}

/// A saved object, and the positions of its storages in the file.
struct Saved<'p> {
    pickle: &'p Pickle<'p>,
    place: &'p dyn Fn(&Storage) -> Result<Range<usize>>,
}

fn with_pickle<T>(file: &[u8], read: impl Fn(Saved) -> Result<T>) -> Result<T> {
    if file.starts_with(zip::MAGIC) {
        let archive = zip::Archive::open(file)?;
        let pickle = archive.pickle()?;
        read(Saved { pickle: &pickle, place: &|storage| archive.storage(storage) })
    } else if file.starts_with(&[machine::PROTO]) {
        let (pickle, storages) = legacy::open(file)?;
        read(Saved { pickle: &pickle, place: &|storage| storages.place(storage) })
    } else {
        Err(Error::new("not a file of torch.save, or a damaged one"))
    }
}

impl Saved<'_> {
    fn state_dict(&self, wanted: impl Fn(&str) -> bool) -> Result<Found> {
        let Node::Dict(items) = self.pickle.root() else {
            return Err(Error::new("it has no dictionary of tensors"));
        };
        let is_tensor = |item: &(_, _)| matches!(self.pickle.node(item.1), Node::Tensor(_));
        if !items.is_empty() && !items.iter().any(is_tensor) {
            return Err(Error::new("its dictionary has no tensors").hint(
                "the weights are inside another object: save the model's state_dict() itself, or \
                 model.save_pretrained(FOLDER)",
            ));
        }
        let mut found = Found::default();
        for &(key, value) in items {
            match (self.pickle.node(key), self.pickle.node(value)) {
                (Node::Text(name), Node::Tensor(view)) if wanted(name) => {
                    found.tensors.push((name.to_string(), self.stored(name, view)?));
                }
                (Node::Text(name), _) => found.others.add(name),
                _ => found.others.add("a key that is not a string"),
            }
        }
        Ok(found)
    }

    fn collect(
        &self,
        at: Ref,
        name: &str,
        depth: usize,
        found: &mut Found,
        seen: &mut usize,
    ) -> Result<()> {
        *seen += 1;
        if *seen > MOST_VALUES {
            return Err(Error::new(format!("more than {MOST_VALUES} values")));
        }
        match self.pickle.node(at) {
            Node::Tensor(view) => {
                if found.tensors.len() == MOST || name.len() > LONGEST_NAME {
                    return Err(Error::new(format!(
                        "more than {MOST} tensors, or names longer than {LONGEST_NAME} bytes"
                    )));
                }
                found.tensors.push((name.to_string(), self.stored(name, view)?));
            }
            Node::Dict(items) if depth < DEEPEST => {
                for &(key, value) in items {
                    let key = match self.pickle.node(key) {
                        Node::Text(key) => key.chars().take(LONGEST_NAME).collect(),
                        Node::Int(key) => key.to_string(),
                        _ => {
                            found.others.add("a key that is not a string");
                            continue;
                        }
                    };
                    self.collect(value, &within(name, &key), depth + 1, found, seen)?;
                }
            }
            Node::List(items) | Node::Tuple(items) if depth < DEEPEST => {
                for (i, &item) in items.iter().enumerate() {
                    self.collect(item, &within(name, &i.to_string()), depth + 1, found, seen)?;
                }
            }
            _ => found.others.add(if name.is_empty() {
                "an object that is not a tensor"
            } else {
                name
            }),
        }
        Ok(())
    }

    fn stored(&self, name: &str, view: &View) -> Result<Stored> {
        let stored = (self.place)(&view.storage).and_then(|place| {
            Stored::new(view.storage.kind, &view.shape, Some(&view.strides), place, view.offset)
        });
        match name {
            "" => stored,
            name => stored.at(format!("'{name}'")),
        }
    }
}

fn within(outer: &str, key: &str) -> String {
    match outer {
        "" => key.to_string(),
        outer => format!("{outer}.{key}"),
    }
}

#[cfg(test)]
mod tests;
