//! The format before PyTorch 1.6: five pickles (a magic number, a protocol, a system, the object, the keys
//! of its storages), then each storage's length and bytes.

use super::machine;
use super::node::{Node, Pickle, Storage};
use crate::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use tch::Kind;

/// 0x1950a86a20f9469cfc6c
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const PROTOCOL: i64 = 1001;

/// The positions of the storages, by key.
pub struct Storages<'a>(HashMap<&'a str, (Kind, Range<usize>)>);

/// Reads the object's pickle and the positions of the storages. Errors: a damaged file.
pub fn open(file: &[u8]) -> Result<(Pickle<'_>, Storages<'_>)> {
    let strange = || Error::new("a pickle file, but not one of torch.save");
    let magic = machine::read(file, 0)?;
    if !matches!(magic.root(), Node::Long(number) if *number == MAGIC) {
        return Err(strange());
    }
    let protocol = machine::read(file, magic.end)?;
    if !matches!(protocol.root(), Node::Int(PROTOCOL)) {
        return Err(strange());
    }
    let system = machine::read(file, protocol.end)?;
    check_system(&system)?;
    let object = machine::read(file, system.end)?;
    let keys = machine::read(file, object.end)?;
    let kinds: HashMap<&str, Kind> = object
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Storage(storage) => Some((storage.key, storage.kind)),
            _ => None,
        })
        .collect();
    let Node::List(list) = keys.root() else {
        return Err(Error::new("a file without a list of storages"));
    };
    let mut places = HashMap::new();
    let mut at = keys.end;
    for &key in list {
        let &Node::Text(key) = keys.node(key) else {
            return Err(Error::new("a storage without a key"));
        };
        let kind = kinds.get(key).ok_or_else(|| Error::new("a storage that no tensor uses"))?;
        let place = storage(file, at, *kind)?;
        at = place.end;
        places.insert(key, (*kind, place));
    }
    Ok((object, Storages(places)))
}

fn check_system(system: &Pickle) -> Result<()> {
    let Node::Dict(facts) = system.root() else {
        return Err(Error::new("a file without information about the machine that saved it"));
    };
    let little = facts.iter().any(|&(key, value)| {
        matches!(
            (system.node(key), system.node(value)),
            (Node::Text("little_endian"), Node::Bool(true))
        )
    });
    match little {
        true => Ok(()),
        false => Err(Error::new("saved on a big-endian machine, which is not supported")),
    }
}

/// The position of the storage whose length, in elements, is at `at`.
fn storage(file: &[u8], at: usize, kind: Kind) -> Result<Range<usize>> {
    let short = || Error::new("the file ends before its last storage");
    let length = file.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(short)?;
    let length = usize::try_from(i64::from_le_bytes(*length)).map_err(|_| short())?;
    let bytes = length.checked_mul(kind.elt_size_in_bytes()).ok_or_else(short)?;
    let start = at + size_of::<i64>();
    match start.checked_add(bytes).filter(|&end| end <= file.len()) {
        Some(end) => Ok(start..end),
        None => Err(short()),
    }
}

impl Storages<'_> {
    /// The position of a storage's bytes. Errors: an unknown storage, or one of another type.
    pub fn place(&self, storage: &Storage) -> Result<Range<usize>> {
        match self.0.get(storage.key) {
            Some((kind, place)) if *kind == storage.kind && place.len() == storage.bytes()? => {
                Ok(place.clone())
            }
            _ => Err(Error::new(format!("its storage '{}' is missing or truncated", storage.key))),
        }
    }
}
