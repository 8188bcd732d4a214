//! The arguments of one call, read by position (from 1) or by option name.

use super::arg::{Number, TensorArg, type_of};
use super::dim;
use super::handle;
use super::op::Outcome;
use crate::options::Options;
use crate::{Error, Result};
use compt_core::tensor::{device, dtype};
use mlua::{FromLua, Lua, MultiValue, Table, Value};
use std::cell::{Cell, RefCell};
use tch::{Device, Kind, Tensor};

pub struct Args<'l> {
    pub lua: &'l Lua,
    op: &'static str,
    /// Whether the first value is the tensor before a colon.
    is_method: bool,
    values: Vec<Value>,
    options: RefCell<Option<Options>>,
    /// The last position read, so that an extra argument is an error.
    last: Cell<usize>,
}

impl<'l> Args<'l> {
    /// With `with_options`, a last table with named keys is the options.
    pub fn new(
        lua: &'l Lua,
        op: &'static str,
        values: MultiValue,
        with_options: bool,
        is_method: bool,
    ) -> mlua::Result<Self> {
        let mut values = values.into_vec();
        let options = match values.last() {
            Some(Value::Table(table)) if with_options && is_named(table) => {
                let options = Options::new(&format!("torch.{op}"), Value::Table(table.clone()))?;
                values.pop();
                Some(options)
            }
            _ => None,
        };
        let (options, last) = (RefCell::new(options), Cell::new(0));
        Ok(Args { lua, op, is_method, values, options, last })
    }

    /// The function's name for the user, `torch.sum` or `tensor:sum`.
    pub fn call(&self) -> String {
        format!("{}{}", if self.is_method { "tensor:" } else { "torch." }, self.op)
    }

    /// The name of an argument, counted as the user does.
    fn place(&self, i: usize) -> String {
        match i - usize::from(self.is_method) {
            0 => "the value before the colon".to_string(),
            i => format!("argument {i}"),
        }
    }

    /// Refuses arguments and options that were not read.
    pub fn finish(&self) -> Outcome<()> {
        let last = self.last.get();
        if self.values.len() > last {
            let own = usize::from(self.is_method);
            let most = match last - own {
                0 => "no arguments".to_string(),
                1 => "at most 1 argument".to_string(),
                n => format!("at most {n} arguments"),
            };
            let got = self.values.len() - own;
            return Err(Error::new(format!("takes {most}, got {got}")).into());
        }
        if let Some(options) = self.options.take() {
            options.finish()?;
        }
        Ok(())
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The argument at `i`, nil if it is absent.
    pub fn value(&self, i: usize) -> Value {
        self.last.set(self.last.get().max(i));
        self.values.get(i - 1).cloned().unwrap_or(Value::Nil)
    }

    /// The arguments from `i` on; a single list is replaced by its elements.
    pub fn rest(&self, i: usize) -> Vec<Value> {
        if let (Value::Table(list), true) = (self.value(i), self.values.len() == i) {
            return elements(&list);
        }
        self.last.set(self.values.len().max(i));
        self.values.get(i - 1..).unwrap_or_default().to_vec()
    }

    fn wrong(&self, i: usize, wanted: &str) -> Error {
        let got = self.values.get(i - 1).map_or("nothing".to_string(), type_of);
        Error::new(format!("{} must be {wanted}, got {got}", self.place(i)))
    }

    /// A tensor; only a tensor.
    pub fn tensor(&self, i: usize) -> Result<Tensor> {
        match handle::of(&self.value(i)) {
            Some(tensor) => tensor.get(),
            None => Err(self.wrong(i, "a tensor")),
        }
    }

    /// A boolean tensor, as PyTorch requires for a condition or a mask.
    pub fn mask(&self, i: usize) -> Result<Tensor> {
        let tensor = self.tensor(i)?;
        match tensor.f_kind()? {
            Kind::Bool => Ok(tensor),
            kind => {
                let what =
                    format!("{} must be a bool tensor, got a tensor of dtype ", self.place(i));
                Err(Error::new(what + dtype::name(kind)).hint("for example t:ne(0)"))
            }
        }
    }

    /// A tensor, or a value that can be converted to one.
    pub fn tensor_arg(&self, i: usize) -> Result<TensorArg> {
        TensorArg::of(&self.value(i))?
            .ok_or_else(|| self.wrong(i, "a tensor, a number or a nested table of numbers"))
    }

    /// A tensor, or a number to be combined with `other`.
    pub fn beside(&self, i: usize, other: &Tensor) -> Result<Tensor> {
        self.tensor_arg(i)?.beside(other)
    }

    /// The two sides of an operator; a number takes the other side's dtype.
    pub fn operands(&self, left: usize, right: usize) -> Result<(Tensor, Tensor)> {
        match (self.tensor_arg(left)?, self.tensor_arg(right)?) {
            (TensorArg::Number(left), TensorArg::Tensor(right)) => {
                Ok((left.beside(&right)?, right))
            }
            (left, right) => {
                let left = left.tensor()?;
                let right = right.beside(&left)?;
                Ok((left, right))
            }
        }
    }

    /// A list of tensors.
    pub fn tensors(&self, i: usize) -> Result<Vec<Tensor>> {
        let Value::Table(list) = self.value(i) else {
            return Err(self.wrong(i, "a list of tensors"));
        };
        tensors(&elements(&list)).map_err(|e| e.at(self.place(i)))
    }

    pub fn number(&self, i: usize) -> Result<Number> {
        Number::of(&self.value(i)).ok_or_else(|| self.wrong(i, "a number"))
    }

    pub fn int(&self, i: usize) -> Result<i64> {
        Number::whole(&self.value(i)).ok_or_else(|| self.wrong(i, "a whole number"))
    }

    pub fn int_or(&self, i: usize, default: i64) -> Result<i64> {
        if self.value(i).is_nil() { Ok(default) } else { self.int(i) }
    }

    pub fn truth_or(&self, i: usize, default: bool) -> Result<bool> {
        match self.value(i) {
            Value::Nil => Ok(default),
            Value::Boolean(truth) => Ok(truth),
            _ => Err(self.wrong(i, "true or false")),
        }
    }

    pub fn string(&self, i: usize) -> Result<String> {
        match self.value(i) {
            Value::String(s) => Ok(s.to_string_lossy()),
            _ => Err(self.wrong(i, "a string")),
        }
    }

    /// Sizes from position `i` on: `2, 3` or `{2, 3}`.
    pub fn sizes(&self, i: usize) -> Result<Vec<i64>> {
        self.rest(i)
            .iter()
            .map(|value| {
                Number::whole(value).ok_or_else(|| {
                    Error::new(format!("a size must be a whole number, got {}", type_of(value)))
                })
            })
            .collect()
    }

    /// A dimension of `tensor`, from 0; `default` (from 1) if the argument is absent.
    pub fn dim(&self, i: usize, tensor: &Tensor, default: Option<i64>) -> Result<i64> {
        match (self.value(i), default) {
            (Value::Nil, Some(default)) => dim::resolve(default, tensor.dim()),
            _ => dim::resolve(self.int(i)?, tensor.dim()),
        }
    }

    /// The dimensions of `tensor` to reduce, from 0: a number or a list; `None` if absent.
    pub fn dims(&self, i: usize, tensor: &Tensor) -> Result<Option<Vec<i64>>> {
        match self.value(i) {
            Value::Nil => Ok(None),
            Value::Table(list) => list
                .sequence_values::<i64>()
                .map(|d| {
                    dim::resolve(
                        d.map_err(|_| self.wrong(i, "a list of dimensions"))?,
                        tensor.dim(),
                    )
                })
                .collect::<Result<_>>()
                .map(Some),
            _ => Ok(Some(vec![dim::resolve(self.int(i)?, tensor.dim())?])),
        }
    }

    /// Indices into a dimension of `size` elements, converted from counting from 1 to counting from 0.
    pub fn indices(&self, i: usize, size: i64) -> Result<Tensor> {
        let index = self.tensor_arg(i)?.tensor()?;
        dim::zero_based(&index, size).map_err(|e| e.at(self.place(i)))
    }

    /// A named option.
    pub fn option<T: FromLua>(&self, name: &'static str) -> mlua::Result<Option<T>> {
        match &*self.options.borrow() {
            Some(options) => options.get(self.lua, name),
            None => Ok(None),
        }
    }

    pub fn option_or<T: FromLua>(&self, name: &'static str, default: T) -> mlua::Result<T> {
        Ok(self.option(name)?.unwrap_or(default))
    }

    /// A named option that is a tensor.
    pub fn tensor_option(&self, name: &'static str) -> Outcome<Option<Tensor>> {
        Ok(self.option::<handle::LuaTensor>(name)?.map(|tensor| tensor.get()).transpose()?)
    }

    /// The option `dtype`.
    pub fn dtype(&self) -> Outcome<Option<Kind>> {
        Ok(self.option::<String>("dtype")?.map(|name| dtype::parse(&name)).transpose()?)
    }

    /// The option `device`.
    pub fn device(&self) -> Outcome<Option<Device>> {
        Ok(self.option::<String>("device")?.map(|name| device::parse(&name)).transpose()?)
    }
}

/// The elements of a list, nil for a hole.
pub fn elements(list: &Table) -> Vec<Value> {
    (1..=list.raw_len()).map(|i| list.raw_get(i).unwrap_or(Value::Nil)).collect()
}

/// Converts values that must all be tensors.
pub fn tensors(values: &[Value]) -> Result<Vec<Tensor>> {
    let tensor = |(i, value): (usize, &Value)| match handle::of(value) {
        Some(tensor) => tensor.get(),
        None => Err(Error::new(format!("[{}] is a {}, not a tensor", i + 1, type_of(value)))),
    };
    values.iter().enumerate().map(tensor).collect()
}

/// A table of named options rather than a list.
fn is_named(table: &Table) -> bool {
    table.raw_len() == 0 && !table.is_empty()
}
