//! Executes the instructions of a pickle.

use super::node::{Function, Node, Pickle, Ref};
use super::reduce;
use crate::{Error, Result};
use std::collections::HashMap;
use tch::Kind;

/// The first instruction of a pickle.
pub const PROTO: u8 = 0x80;

/// T5-11b's pickle has 20,000. Each instruction creates at most one node.
const MOST_INSTRUCTIONS: usize = 1 << 18;

/// The maximum length of a function name.
const LONGEST_NAME: usize = 512;

pub struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) nodes: Vec<Node<'a>>,
    stack: Vec<Ref>,
    /// Stack heights at the marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Ref>,
}

/// Reads the pickle at `start`. Errors: damaged or unsupported instructions.
pub fn read(bytes: &[u8], start: usize) -> Result<Pickle<'_>> {
    let mut machine = Machine {
        bytes,
        at: start,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    for _ in 0..MOST_INSTRUCTIONS {
        let begin = machine.at;
        if let Some(root) = machine.step().map_err(|e| e.at(format!("pickle, byte {begin}")))? {
            return Ok(Pickle { nodes: machine.nodes, root, end: machine.at });
        }
    }
    Err(Error::new(format!("a pickle of more than {MOST_INSTRUCTIONS} instructions")))
}

impl<'a> Machine<'a> {
    /// Executes one instruction; the last one returns the result.
    fn step(&mut self) -> Result<Option<Ref>> {
        match self.byte()? {
            PROTO => {
                let version = self.byte()?;
                if version > 5 {
                    return Err(Error::new(format!("pickle protocol {version} is not known")));
                }
            }
            // FRAME: a length used only for reading ahead.
            0x95 => drop(self.take(8)?),
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            other => {
                if !(self.constant(other)? || self.container(other)? || self.reference(other)?) {
                    let shown = match other.is_ascii_graphic() {
                        true => format!("'{}'", other as char),
                        false => format!("{other:#04x}"),
                    };
                    return Err(Error::new(format!(
                        "instruction {shown} does not occur in saved models: refused; nothing was \
                         run"
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Numbers and strings; false for other instructions.
    fn constant(&mut self, instruction: u8) -> Result<bool> {
        match instruction {
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(number.into()))?;
            }
            b'K' => {
                let number = self.byte()?;
                self.push(Node::Int(number.into()))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Node::Int(number.into()))?;
            }
            // LONG1
            0x8a => {
                let length = self.byte()?;
                self.long(length.into())?;
            }
            // LONG4
            0x8b => {
                let length = u32::from_le_bytes(self.array()?);
                self.long(length as usize)?;
            }
            b'G' => {
                self.take(8)?;
                self.push(Node::Float)?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.array()?);
                self.text(length as usize)?;
            }
            // SHORT_BINUNICODE
            b'U' | 0x8c => {
                let length = self.byte()?;
                self.text(length.into())?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Tuples, lists and dictionaries; false for other instructions.
    fn container(&mut self, instruction: u8) -> Result<bool> {
        match instruction {
            b')' => self.push(Node::Tuple(Vec::new()))?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.above_mark()?;
                self.push(Node::Tuple(items))?;
            }
            b']' => self.push(Node::List(Vec::new()))?,
            b'a' => {
                let item = self.pop()?;
                self.list()?.push(item);
            }
            b'e' => {
                let items = self.above_mark()?;
                self.list()?.extend(items);
            }
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.dict()?.push((key, value));
            }
            b'u' => {
                let items = self.above_mark()?;
                let (pairs, odd) = items.as_chunks();
                if !odd.is_empty() {
                    return Err(Error::new("a key without a value"));
                }
                self.dict()?.extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The memo, functions, their calls and storages; false for other instructions.
    fn reference(&mut self, instruction: u8) -> Result<bool> {
        match instruction {
            b'q' => {
                let place = self.byte()?;
                self.remember(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.array()?);
                self.remember(place)?;
            }
            // MEMOIZE
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let place = self.byte()?;
                self.recall(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.array()?);
                self.recall(place)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.function(module, name)?;
            }
            // INST, which would call the function it names.
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                self.function(module, name)?;
                return Err(Error::new("instruction 'i' does not occur in saved models"));
            }
            // STACK_GLOBAL
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (&Node::Text(module), &Node::Text(name)) = (self.node(module), self.node(name))
                else {
                    return Err(Error::new("a function without a name"));
                };
                self.function(module, name)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = reduce::storage(self, id)?;
                self.push(Node::Storage(storage))?;
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                match reduce::call(self, function, arguments)? {
                    reduce::Outcome::New(node) => self.push(node)?,
                    reduce::Outcome::Old(place) => self.stack.push(place),
                }
            }
            // BUILD: attributes of an OrderedDict, such as `_metadata`, do not describe tensors.
            b'b' => {
                self.pop()?;
                self.dict()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn function(&mut self, module: &str, name: &str) -> Result<()> {
        let function = match (module, name) {
            ("collections", "OrderedDict") => Function::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Function::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Function::RebuildParameter,
            ("torch", "FloatStorage") => Function::Storage(Kind::Float),
            ("torch", "HalfStorage") => Function::Storage(Kind::Half),
            ("torch", "BFloat16Storage") => Function::Storage(Kind::BFloat16),
            ("torch", "DoubleStorage") => Function::Storage(Kind::Double),
            ("torch", "LongStorage") => Function::Storage(Kind::Int64),
            ("torch", "IntStorage") => Function::Storage(Kind::Int),
            _ => {
                let name: String = format!("{module}.{name}").escape_debug().take(100).collect();
                return Err(Error::new(format!(
                    "it tries to call {name}: refused; nothing was run"
                )));
            }
        };
        self.push(Node::Function(function))
    }

    pub(super) fn node(&self, at: Ref) -> &Node<'a> {
        &self.nodes[at as usize]
    }

    fn push(&mut self, node: Node<'a>) -> Result<()> {
        let place = Ref::try_from(self.nodes.len()).map_err(|_| Error::new("too many values"))?;
        self.nodes.push(node);
        self.stack.push(place);
        Ok(())
    }

    /// The top value above the last mark.
    fn pop(&mut self) -> Result<Ref> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => Ok(self.stack.pop().expect("longer than its floor")),
            false => Err(Error::new("a value is missing")),
        }
    }

    fn above_mark(&mut self) -> Result<Vec<Ref>> {
        let mark = self.marks.pop().ok_or_else(|| Error::new("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<Ref> {
        let place = self.pop()?;
        self.stack.push(place);
        Ok(place)
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let mut items = (0..length).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
        items.reverse();
        self.push(Node::Tuple(items))
    }

    fn list(&mut self) -> Result<&mut Vec<Ref>> {
        let place = self.top()?;
        match &mut self.nodes[place as usize] {
            Node::List(items) => Ok(items),
            _ => Err(Error::new("items for an object that is not a list")),
        }
    }

    fn dict(&mut self) -> Result<&mut Vec<(Ref, Ref)>> {
        let place = self.top()?;
        match &mut self.nodes[place as usize] {
            Node::Dict(items) => Ok(items),
            _ => Err(Error::new("items for an object that is not a dictionary")),
        }
    }

    fn remember(&mut self, place: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<()> {
        let found = self.memo.get(&place);
        let found = found.ok_or_else(|| Error::new(format!("the memo has no object {place}")))?;
        self.stack.push(*found);
        Ok(())
    }

    fn long(&mut self, length: usize) -> Result<()> {
        if length > 16 {
            return Err(Error::new(format!("a number of {length} bytes")));
        }
        let bytes = self.take(length)?;
        if length > 8 {
            return self.push(Node::Long(bytes));
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut whole = [sign; 8];
        whole[..length].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(whole)))
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text = utf8(self.take(length)?)?;
        self.push(Node::Text(text))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("of this length"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| Error::new("the file ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let rest = &rest[..rest.len().min(LONGEST_NAME)];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let length = length.ok_or_else(|| Error::new("a name that does not end"))?;
        let line = self.take(length + 1)?;
        utf8(&line[..length])
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::new("a text that is not UTF-8"))
}
