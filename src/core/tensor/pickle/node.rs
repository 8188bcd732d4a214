//! What a pickle describes.

use tch::Kind;

/// A node by its number.
pub type Ref = u32;

#[derive(Debug)]
pub enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// A number of more than 64 bits, little-endian.
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

/// The functions that a saved state dictionary names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

/// The numbers that tensors are views of.
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    pub kind: Kind,
    pub key: &'a str,
    /// Elements.
    pub length: usize,
}

#[derive(Debug)]
pub struct View<'a> {
    pub storage: Storage<'a>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// A pickle that was read to its end.
pub struct Pickle<'a> {
    pub nodes: Vec<Node<'a>>,
    pub root: Ref,
    /// Where the bytes after it begin.
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
