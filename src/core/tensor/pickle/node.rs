//! The contents of a pickle.

use tch::Kind;

/// A node by its number.
pub type Ref = u32;

#[derive(Debug)]
pub enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits, little-endian.
    Long(&'a [u8]),
    Float,
    Text(&'a str),
    Function(Function),
    Tuple(Vec<Ref>),
    List(Vec<Ref>),
    Dict(Vec<(Ref, Ref)>),
    Storage(Storage<'a>),
    Tensor(Box<View<'a>>),
}

/// The supported functions of a saved state dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

/// The storage that tensors are views of.
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    pub kind: Kind,
    pub key: &'a str,
    /// The number of elements.
    pub length: usize,
}

#[derive(Debug)]
pub struct View<'a> {
    pub storage: Storage<'a>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// A completely read pickle.
pub struct Pickle<'a> {
    pub nodes: Vec<Node<'a>>,
    pub root: Ref,
    /// The position after it.
    pub end: usize,
}

impl<'a> Pickle<'a> {
    pub fn node(&self, at: Ref) -> &Node<'a> {
        &self.nodes[at as usize]
    }

    pub fn root(&self) -> &Node<'a> {
        self.node(self.root)
    }
}
