//! Files of `torch.save`: a pickle of tensors' names and places, and their bytes.
//!
//! A pickle is a program. This reader knows the few instructions that saved tensors are made of and the
//! few functions they name, as descriptions of tensors; it calls nothing, and anything else
//! is refused by name. What it reads becomes nodes that name each other by number, so that no
//! nesting is too deep, and there are never more of them than a limit far above what a T5 needs.

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

/// Dictionaries within dictionaries, for tensors that are wanted by no name.
const DEEPEST: usize = 4;
/// Tensors of a file that are wanted by no name.
const MOST: usize = 4096;
const LONGEST_NAME: usize = 200;
/// The most values searched for them: a dictionary may hold itself.
const MOST_VALUES: usize = 1 << 16;

/// The tensors of a state dictionary saved by `torch.save`, in its zip form or the one before it, whose
/// names are `wanted`. Of the others only some names are kept: a long one may be that of any number.
pub(crate) fn state_dict(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Found> {
    with_pickle(file, |saved| saved.state_dict(&wanted))
}

/// Every tensor of a file saved by `torch.save`: one alone is called "", those of dictionaries and lists
/// (from 0) inside others `outer.inner`.
/// Errors: the file is damaged, or wants to call a function that is not known.
pub fn all(file: &[u8]) -> Result<Found> {
    with_pickle(file, |saved| {
        let mut found = Found::default();
        saved.collect(saved.pickle.root, "", 0, &mut found, &mut 0)?;
        Ok(found)
    })
}

/// An object that was saved, and where its storages lie in the file.
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
        Err(Error::new("neither form of torch.save: damaged, or something else"))
    }
}

impl Saved<'_> {
    fn state_dict(&self, wanted: impl Fn(&str) -> bool) -> Result<Found> {
        let Node::Dict(items) = self.pickle.root() else {
            return Err(Error::new("it holds no dictionary of tensors"));
        };
        let is_tensor = |item: &(_, _)| matches!(self.pickle.node(item.1), Node::Tensor(_));
        if !items.is_empty() && !items.iter().any(is_tensor) {
            return Err(Error::new("the dictionary in it holds no tensors").hint(
                "weights inside something else: save the model's state_dict() itself, or \
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
                _ => found.others.add("a key that is no text"),
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
                            found.others.add("a key that is no text");
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
            _ => {
                found.others.add(if name.is_empty() { "an object that is no tensor" } else { name })
            }
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
