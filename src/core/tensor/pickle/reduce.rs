//! Evaluates the calls in a saved state dictionary as descriptions of tensors.

use super::machine::Machine;
use super::node::{Function, Node, Ref, Storage, View};
use crate::{Error, Result};

/// The maximum number of dimensions of a weight.
const MOST_DIMENSIONS: usize = 8;

/// The maximum length of a key: a number or an address, as text.
const LONGEST_KEY: usize = 64;

/// The result of a call: a new value, or one of its arguments.
pub enum Outcome<'a> {
    New(Node<'a>),
    Old(Ref),
}

/// Evaluates a call. Errors: an unsupported function, or invalid arguments.
pub fn call<'a>(machine: &Machine<'a>, function: Ref, arguments: Ref) -> Result<Outcome<'a>> {
    let Node::Tuple(arguments) = machine.node(arguments) else {
        return Err(Error::new("a call without arguments"));
    };
    match (machine.node(function), &arguments[..]) {
        (Node::Function(Function::OrderedDict), []) => Ok(Outcome::New(Node::Dict(Vec::new()))),
        (Node::Function(Function::RebuildTensor), &[storage, offset, shape, strides, ..]) => {
            let view = view(machine, storage, offset, shape, strides)?;
            Ok(Outcome::New(Node::Tensor(Box::new(view))))
        }
        (Node::Function(Function::RebuildParameter), &[tensor, ..]) => match machine.node(tensor) {
            Node::Tensor(_) => Ok(Outcome::Old(tensor)),
            _ => Err(Error::new("a parameter that is not a tensor")),
        },
        (Node::Function(function), _) => Err(Error::new(format!(
            "it tries to call {function:?} with arguments that do not occur in saved models: \
             refused; nothing was run"
        ))),
        _ => Err(Error::new(
            "it tries to call an object that is not a function: refused; nothing was run",
        )),
    }
}

fn view<'a>(
    machine: &Machine<'a>,
    storage: Ref,
    offset: Ref,
    shape: Ref,
    strides: Ref,
) -> Result<View<'a>> {
    let &Node::Storage(storage) = machine.node(storage) else {
        return Err(Error::new("a tensor without a storage"));
    };
    let view = View {
        storage,
        offset: size(machine, offset)?,
        shape: sizes(machine, shape)?,
        strides: sizes(machine, strides)?,
    };
    match view.shape.len() == view.strides.len() {
        true => Ok(view),
        false => Err(Error::new("a tensor with different numbers of strides and dimensions")),
    }
}

fn sizes(machine: &Machine, at: Ref) -> Result<Vec<usize>> {
    match machine.node(at) {
        Node::Tuple(items) if items.len() <= MOST_DIMENSIONS => {
            items.iter().map(|&item| size(machine, item)).collect()
        }
        _ => Err(Error::new("a tensor without a shape")),
    }
}

fn size(machine: &Machine, at: Ref) -> Result<usize> {
    match machine.node(at) {
        Node::Int(number) => usize::try_from(*number)
            .map_err(|_| Error::new(format!("a tensor with a size of {number}"))),
        _ => Err(Error::new("a tensor with a size that is not a number")),
    }
}

/// The storage of a persistent id: ("storage", its type, its key, a device, its length); the older
/// format adds a view, which no longer occurs. Errors: an invalid id.
pub fn storage<'a>(machine: &Machine<'a>, id: Ref) -> Result<Storage<'a>> {
    let unknown = || Error::new("a persistent id that is not of a storage");
    let Node::Tuple(items) = machine.node(id) else { return Err(unknown()) };
    let nodes: Vec<&Node> = items.iter().take(7).map(|&item| machine.node(item)).collect();
    match nodes[..] {
        [
            Node::Text("storage"),
            Node::Function(Function::Storage(kind)),
            &Node::Text(key),
            Node::Text(_),
            Node::Int(length),
        ]
        | [
            Node::Text("storage"),
            Node::Function(Function::Storage(kind)),
            &Node::Text(key),
            Node::Text(_),
            Node::Int(length),
            Node::None,
        ] => {
            let length = usize::try_from(*length).map_err(|_| unknown())?;
            if key.len() > LONGEST_KEY {
                return Err(unknown());
            }
            Ok(Storage { kind: *kind, key, length })
        }
        _ => Err(unknown()),
    }
}

impl Storage<'_> {
    /// Its length in bytes. Errors: an overflow.
    pub fn bytes(&self) -> Result<usize> {
        let bytes = self.length.checked_mul(self.kind.elt_size_in_bytes());
        bytes.ok_or_else(|| Error::new(format!("a storage of {} numbers", self.length)))
    }
}
