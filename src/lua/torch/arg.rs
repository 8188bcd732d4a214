//! The values accepted for a tensor: a tensor, a number, or a nested table of numbers.

use super::{create, handle};
use crate::Error;
use crate::options::kind;
use mlua::{FromLua, Lua, Value};
use tch::{Device, Kind, Scalar, Tensor};

/// A Lua number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Bool(bool),
    Int(i64),
    Float(f64),
}

/// A tensor, a number or a nested table of numbers.
pub enum TensorArg {
    Tensor(Tensor),
    Number(Number),
}

impl Number {
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(b) => Some(Number::Bool(*b)),
            Value::Integer(i) => Some(Number::Int(*i)),
            Value::Number(x) => Some(Number::Float(*x)),
            _ => None,
        }
    }

    /// The integer value: 3, or 3.0, which Lua's `6 / 2` returns.
    pub fn whole(value: &Value) -> Option<i64> {
        match *value {
            Value::Integer(i) => Some(i),
            Value::Number(x) if x.fract() == 0.0 && x.abs() < 2f64.powi(53) => Some(x as i64),
            _ => None,
        }
    }

    pub fn scalar(self) -> Scalar {
        match self {
            Number::Bool(b) => Scalar::int(b as i64),
            Number::Int(i) => Scalar::int(i),
            Number::Float(x) => Scalar::float(x),
        }
    }

    pub fn int(self) -> i64 {
        match self {
            Number::Bool(b) => b as i64,
            Number::Int(i) => i,
            Number::Float(x) => x as i64,
        }
    }

    pub fn float(self) -> f64 {
        match self {
            Number::Bool(b) => b as i64 as f64,
            Number::Int(i) => i as f64,
            Number::Float(x) => x,
        }
    }

    /// The dtype that PyTorch gives such a number in a new tensor.
    pub fn kind(self) -> Kind {
        match self {
            Number::Bool(_) => Kind::Bool,
            Number::Int(_) => Kind::Int64,
            Number::Float(_) => Kind::Float,
        }
    }

    /// A 0-dimensional tensor that leaves the dtype of `other` as PyTorch's promotion of a Python
    /// number does: only a number of a higher category (bool, integer, floating) changes it.
    pub fn beside(self, other: &Tensor) -> crate::Result<Tensor> {
        let theirs = other.f_kind()?;
        let category = |kind: Kind| match kind {
            Kind::Bool => 0,
            Kind::Uint8 | Kind::Int8 | Kind::Int16 | Kind::Int | Kind::Int64 => 1,
            _ => 2,
        };
        let kind = if category(self.kind()) > category(theirs) {
            self.kind()
        } else if category(theirs) == 2 && other.dim() > 0 {
            // Full precision; a 0-dimensional partner does not widen the result.
            Kind::Double
        } else {
            theirs
        };
        Ok(Tensor::f_scalar_tensor(self.scalar(), (kind, Device::Cpu))?)
    }
}

impl TensorArg {
    /// The value as a tensor argument, if it is one.
    pub(super) fn of(value: &Value) -> crate::Result<Option<Self>> {
        if let Some(tensor) = handle::of(value) {
            return tensor.get().map(TensorArg::Tensor).map(Some);
        }
        Ok(match value {
            Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => {
                Number::of(value).map(TensorArg::Number)
            }
            Value::Table(table) => Some(TensorArg::Tensor(create::from_table(table, None)?)),
            _ => None,
        })
    }

    /// A tensor; a number becomes a 0-dimensional one of PyTorch's default dtype for it.
    pub fn tensor(self) -> crate::Result<Tensor> {
        match self {
            TensorArg::Tensor(tensor) => Ok(tensor),
            TensorArg::Number(n) => {
                Ok(Tensor::f_scalar_tensor(n.scalar(), (n.kind(), Device::Cpu))?)
            }
        }
    }

    /// A tensor that can be combined with `other`; see `Number::beside`.
    pub fn beside(self, other: &Tensor) -> crate::Result<Tensor> {
        match self {
            TensorArg::Tensor(tensor) => Ok(tensor),
            TensorArg::Number(n) => n.beside(other),
        }
    }
}

/// The two sides of an operator; a number takes the other side's dtype.
pub(super) fn operands(left: TensorArg, right: TensorArg) -> crate::Result<(Tensor, Tensor)> {
    match (left, right) {
        (TensorArg::Number(left), TensorArg::Tensor(right)) => Ok((left.beside(&right)?, right)),
        (left, right) => {
            let left = left.tensor()?;
            let right = right.beside(&left)?;
            Ok((left, right))
        }
    }
}

/// The type of a value, in Lua's terms.
pub(super) fn type_of(value: &Value) -> String {
    match value {
        Value::Integer(_) => "number".to_string(),
        value => kind(value),
    }
}

impl FromLua for TensorArg {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Self> {
        TensorArg::of(&value)?.ok_or_else(|| {
            Error::new(format!(
                "expected a tensor, a number or a nested table of numbers, got a {}",
                type_of(&value)
            ))
            .into()
        })
    }
}
