//! The types of parameters: which values of Lua each takes, and what it converts them to.

use super::arg::{Number, TensorArg};
use super::{args, dim, handle};
use crate::{Error, Result};
use compt_core::tensor::{device, dtype};
use mlua::{Function, Table, Value};
use tch::{Device, Kind, Tensor};

/// The type of a parameter.
pub trait Arg: Sized {
    /// What is accepted, for errors: "a whole number".
    const WANTED: &'static str;
    const OPTIONAL: bool = false;
    /// Takes all further positional arguments, as a list.
    const REST: bool = false;
    /// Takes a table with names.
    const NAMES: bool = false;

    fn takes(value: &Value) -> bool;

    /// Converts a value that is taken; `name` is the parameter's.
    fn read(value: &Value, name: &'static str) -> Result<Self>;
}

/// The elements of a list, nil for a hole.
pub fn elements(list: &Table) -> Vec<Value> {
    (1..=list.raw_len()).map(|i| list.raw_get(i).unwrap_or(Value::Nil)).collect()
}

fn is_whole(value: &Value) -> bool {
    Number::whole(value).is_some()
}

/// A list without names, each of whose elements is accepted.
fn is_list(value: &Value, of: fn(&Value) -> bool) -> bool {
    let Value::Table(list) = value else { return false };
    let elements = elements(list);
    elements.iter().all(of) && list.pairs::<Value, Value>().count() == elements.len()
}

fn whole(value: &Value) -> Result<i64> {
    Number::whole(value).ok_or_else(|| Error::new("not a whole number"))
}

/// The whole numbers of a number or a list.
fn wholes(value: &Value) -> Result<Vec<i64>> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::Table(list) => elements(list).iter().map(whole).collect(),
        one => Ok(vec![whole(one)?]),
    }
}

impl<T: Arg> Arg for Option<T> {
    const WANTED: &'static str = T::WANTED;
    const OPTIONAL: bool = true;
    const NAMES: bool = T::NAMES;

    fn takes(value: &Value) -> bool {
        value.is_nil() || T::takes(value)
    }

    fn read(value: &Value, name: &'static str) -> Result<Self> {
        if value.is_nil() { Ok(None) } else { T::read(value, name).map(Some) }
    }
}

/// Types that are read with one expression.
macro_rules! args {
    ($($(#[$doc:meta])* $type:ty, $wanted:literal $(, $kind:ident)*: $value:ident: $takes:expr, $name:ident => $read:expr;)*) => {
        $(
            $(#[$doc])*
            impl Arg for $type {
                const WANTED: &'static str = $wanted;
                $(const $kind: bool = true;)*

                fn takes($value: &Value) -> bool {
                    $takes
                }

                fn read($value: &Value, $name: &'static str) -> Result<Self> {
                    $read
                }
            }
        )*
    };
}

/// A bool tensor.
pub struct Mask(pub Tensor);

/// A dimension of a tensor, from 1 or from the end.
#[derive(Clone, Copy)]
pub struct Dim(i64, &'static str);

/// Dimensions of a tensor: a number or a list.
pub struct Dims(Vec<i64>, &'static str);

/// Dimensions as further arguments or as a list.
pub struct RestDims(Dims);

/// An index into a dimension, from 1 or from the end.
#[derive(Clone, Copy)]
pub struct Position(i64, &'static str);

/// Indices into a dimension, from 1: a tensor, or numbers.
pub struct Index(Tensor, &'static str);

/// Sizes or other whole numbers: one or a list.
pub struct Shape(pub Vec<i64>);

/// Sizes as a list.
pub struct List(pub Vec<i64>);

/// Sizes as further arguments or as a list.
pub struct Sizes(pub Vec<i64>);

/// Tensors as further arguments or as a list.
pub struct Tensors(pub Vec<Tensor>);

/// The order of a norm: a number, or a name such as "fro".
#[derive(Clone)]
pub enum Order {
    Number(f64),
    Name(String),
}

args! {
    Value, "a value": _value: true, _name => Ok(_value.clone());
    Function, "a function": value: value.is_function(), _name => match value {
        Value::Function(f) => Ok(f.clone()),
        _ => Err(Error::new("not a function")),
    };
    Table, "a table", NAMES: value: value.is_table(), _name => match value {
        Value::Table(table) => Ok(table.clone()),
        _ => Err(Error::new("not a table")),
    };
    bool, "true or false": value: value.is_boolean(), _name => Ok(value.as_boolean().unwrap_or_default());
    i64, "a whole number": value: is_whole(value), _name => whole(value);
    f64, "a number": value: value.is_number() || value.is_integer(), _name => {
        Ok(Number::of(value).map_or(f64::NAN, Number::float))
    };
    Number, "a number": value: Number::of(value).is_some(), _name => {
        Number::of(value).ok_or_else(|| Error::new("not a number"))
    };
    String, "a string": value: value.is_string(), _name => {
        Ok(value.as_string().map(|s| s.to_string_lossy()).unwrap_or_default())
    };
    Kind, "a dtype such as \"float32\"": value: value.is_string(), _name => {
        dtype::parse(&String::read(value, _name)?)
    };
    Device, "a device such as \"cuda\"": value: value.is_string(), _name => {
        device::parse(&String::read(value, _name)?)
    };
    Tensor, "a tensor": value: handle::of(value).is_some(), _name => match handle::of(value) {
        Some(tensor) => tensor.get(),
        None => Err(Error::new("not a tensor")),
    };
    TensorArg, "a tensor, a number or a nested table of numbers":
        value: handle::of(value).is_some() || Number::of(value).is_some() || value.is_table(),
        _name => TensorArg::of(value)?.ok_or_else(|| Error::new("not a tensor"));
    Mask, "a bool tensor": value: handle::of(value).is_some(), _name => {
        let tensor = Tensor::read(value, _name)?;
        match tensor.f_kind()? {
            Kind::Bool => Ok(Mask(tensor)),
            kind => Err(Error::new(format!("must be a bool tensor, got a tensor of dtype {}", dtype::name(kind)))
                .hint("for example t:ne(0)")),
        }
    };
    Dim, "a dimension": value: is_whole(value), name => Ok(Dim(whole(value)?, name));
    Dims, "a dimension or a list of them": value: is_whole(value) || is_list(value, is_whole),
        name => Ok(Dims(wholes(value)?, name));
    RestDims, "dimensions", REST: value: value.is_nil() || is_whole(value) || is_list(value, is_whole),
        name => Ok(RestDims(Dims(wholes(value)?, name)));
    Position, "an index": value: is_whole(value), name => Ok(Position(whole(value)?, name));
    Index, "a tensor of indices, an index or a list of them": value: TensorArg::takes(value), name => {
        Ok(Index(TensorArg::read(value, name)?.tensor()?, name))
    };
    Shape, "a whole number or a list of them": value: is_whole(value) || is_list(value, is_whole),
        _name => Ok(Shape(wholes(value)?));
    List, "a list of sizes": value: is_list(value, is_whole), _name => Ok(List(wholes(value)?));
    Sizes, "sizes, which are whole numbers", REST: value: value.is_nil() || is_whole(value) || is_list(value, is_whole),
        _name => Ok(Sizes(wholes(value)?));
    Vec<Tensor>, "a list of tensors": value: value.is_table(), _name => match value {
        Value::Table(list) => args::tensors(list),
        _ => Ok(Vec::new()),
    };
    Tensors, "tensors", REST: value: value.is_nil() || value.is_table() || handle::of(value).is_some(), _name => {
        Ok(Tensors(match value {
            Value::Table(list) => args::tensors(list)?,
            Value::Nil => Vec::new(),
            one => vec![Tensor::read(one, _name)?],
        }))
    };
    Order, "a number or a name such as \"fro\"": value: f64::takes(value) || value.is_string(), name => {
        Ok(match value {
            Value::String(name) => Order::Name(name.to_string_lossy()),
            number => Order::Number(f64::read(number, name)?),
        })
    };
}

/// Adds the parameter's name, unless the value is a default.
fn named<T>(result: Result<T>, name: &str) -> Result<T> {
    result.map_err(|e| if name.is_empty() { e } else { e.at(name) })
}

impl Dim {
    /// The dimension of `tensor`, from 0.
    pub fn of(self, tensor: &Tensor) -> Result<i64> {
        named(dim::resolve(self.0, tensor.dim()), self.1)
    }

    /// The place of a new dimension of `tensor`, from 0.
    pub fn new_of(self, tensor: &Tensor) -> Result<i64> {
        named(dim::resolve_new(self.0, tensor.dim()), self.1)
    }
}

impl Dims {
    /// The dimensions of `tensor`, from 0.
    pub fn of(&self, tensor: &Tensor) -> Result<Vec<i64>> {
        let resolve = |d: &i64| named(dim::resolve(*d, tensor.dim()), self.1);
        self.0.iter().map(resolve).collect()
    }
}

impl RestDims {
    pub fn of(&self, tensor: &Tensor) -> Result<Vec<i64>> {
        self.0.of(tensor)
    }
}

/// The dimension of `tensor`, from 0, if one is given.
pub fn dim_of(dim: Option<Dim>, tensor: &Tensor) -> Result<Option<i64>> {
    dim.map(|dim| dim.of(tensor)).transpose()
}

/// The dimensions of `tensor`, from 0, if they are given.
pub fn dims_of(dims: &Option<Dims>, tensor: &Tensor) -> Result<Option<Vec<i64>>> {
    dims.as_ref().map(|dims| dims.of(tensor)).transpose()
}

impl Position {
    /// The index into a dimension of `size` elements, from 0.
    pub fn of(self, size: i64) -> Result<i64> {
        named(dim::index(self.0, size), self.1)
    }
}

impl Index {
    /// The indices into a dimension of `size` elements, from 0.
    pub fn of(&self, size: i64) -> Result<Tensor> {
        named(dim::zero_based(&self.0, size), self.1)
    }

    /// Like `of`; negative indices count from the end.
    pub fn of_either_end(&self, size: i64) -> Result<Tensor> {
        named(dim::zero_based_or_negative(&self.0, size), self.1)
    }
}

impl From<i32> for Dim {
    fn from(dim: i32) -> Self {
        Dim(dim.into(), "")
    }
}

impl From<i32> for Order {
    fn from(order: i32) -> Self {
        Order::Number(order.into())
    }
}

impl From<f64> for TensorArg {
    fn from(number: f64) -> Self {
        TensorArg::Number(Number::Float(number))
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Number::Int(number.into())
    }
}
