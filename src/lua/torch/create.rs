//! Creation of tensors: from nested tables, constants and ranges.

use super::arg::{Number, TensorArg, type_of};
use super::args::Args;
use super::default_device::placing;
use super::op::{Op, Out, Outcome};
use crate::{Error, Result};
use mlua::{Table, Value};
use tch::{Device, Kind, TchError, Tensor};

/// Functions only, as in PyTorch. All have the options `dtype`, `device` and `requires_grad`.
pub const FUNCTIONS: &[Op] = &[
    Op::with_options("tensor", tensor),
    Op::with_options("zeros", |a| {
        finish(a, Tensor::f_zeros(a.sizes(1)?, options(a, Kind::Float)?)?)
    }),
    Op::with_options("ones", |a| finish(a, Tensor::f_ones(a.sizes(1)?, options(a, Kind::Float)?)?)),
    Op::with_options("empty", |a| {
        finish(a, Tensor::f_empty(a.sizes(1)?, options(a, Kind::Float)?)?)
    }),
    Op::with_options("full", full),
    Op::with_options("arange", arange),
    Op::with_options("linspace", linspace),
    Op::with_options("eye", eye),
];

pub const OPS: &[Op] = &[
    Op::with_options("empty_like", |a| like(a, Tensor::f_empty)),
    Op::with_options("zeros_like", |a| like(a, Tensor::f_zeros)),
    Op::with_options("ones_like", |a| like(a, Tensor::f_ones)),
    Op::with_options("rand_like", |a| like(a, Tensor::f_rand)),
    Op::with_options("randn_like", |a| like(a, Tensor::f_randn)),
    Op::with_options("full_like", |a| {
        let value = a.number(2)?;
        like(a, |sizes, options| Tensor::f_full(sizes, value.scalar(), options))
    }),
];

/// The options `dtype` and `device`.
pub(super) fn options(args: &Args, dtype: Kind) -> Outcome<(Kind, Device)> {
    Ok((args.dtype()?.unwrap_or(dtype), args.device()?.unwrap_or(placing().made)))
}

/// A new tensor on its device, with the option `requires_grad`.
pub(super) fn finish(args: &Args, tensor: Tensor) -> Outcome {
    let tensor = match args.device()? {
        None if placing().made != placing().moved => tensor.f_to_device(placing().moved)?,
        _ => tensor,
    };
    requiring(args, tensor)
}

/// The option `requires_grad`.
fn requiring(args: &Args, tensor: Tensor) -> Outcome {
    if args.option_or("requires_grad", false)? {
        return Ok(Out::Leaf(tensor.f_set_requires_grad(true)?));
    }
    Ok(tensor.into())
}

/// A new tensor with the sizes, dtype and device of another one, unless options override them.
fn like(
    args: &Args,
    make: impl Fn(Vec<i64>, (Kind, Device)) -> std::result::Result<Tensor, TchError>,
) -> Outcome {
    let t = args.tensor(1)?;
    let dtype = args.dtype()?.map_or_else(|| t.f_kind(), Ok)?;
    let made = make(t.size(), (dtype, args.device()?.unwrap_or(t.device())))?;
    requiring(args, made)
}

/// `tensor(data, { dtype, device, requires_grad })`: a number or a nested table. Without a dtype
/// integers give int64, other numbers float32, booleans bool.
fn tensor(args: &Args) -> Outcome {
    let dtype = args.dtype()?;
    let tensor = match args.value(1) {
        Value::Table(table) => from_table(&table, dtype)?,
        _ => match args.tensor_arg(1)? {
            TensorArg::Tensor(tensor) => {
                let kind = dtype.map_or_else(|| tensor.f_kind(), Ok)?;
                tensor.f_detach()?.f_to_dtype(kind, false, true)?
            }
            TensorArg::Number(n) => {
                Tensor::f_scalar_tensor(n.scalar(), (dtype.unwrap_or(n.kind()), Device::Cpu))?
            }
        },
    };
    finish(args, tensor.f_to_device(args.device()?.unwrap_or(placing().made))?)
}

/// `full(sizes, value)`: sizes as a table.
fn full(args: &Args) -> Outcome {
    let Value::Table(sizes) = args.value(1) else {
        return Err(Error::new("argument 1 must be a table of sizes").into());
    };
    let sizes = sizes.sequence_values().collect::<mlua::Result<Vec<i64>>>()?;
    let value = args.number(2)?;
    finish(args, Tensor::f_full(sizes, value.scalar(), options(args, value.kind())?)?)
}

/// `arange(stop)`, `arange(start, stop, step)`: from start (0) up to but not including stop, as in PyTorch.
fn arange(args: &Args) -> Outcome {
    let numbers = (1..=args.values().len()).map(|i| args.number(i)).collect::<Result<Vec<_>>>()?;
    let (start, stop, step) = match numbers[..] {
        [stop] => (Number::Int(0), stop, Number::Int(1)),
        [start, stop] => (start, stop, Number::Int(1)),
        [start, stop, step] => (start, stop, step),
        _ => {
            return Err(Error::new("needs stop, or start and stop, or start, stop and step").into());
        }
    };
    let whole = [start, stop, step].iter().all(|n| matches!(n, Number::Int(_)));
    let kind = if whole { Kind::Int64 } else { Kind::Float };
    let (start, stop, step) = (start.scalar(), stop.scalar(), step.scalar());
    finish(args, Tensor::f_arange_start_step(start, stop, step, options(args, kind)?)?)
}

/// `linspace(start, stop, steps)`: both ends included.
fn linspace(args: &Args) -> Outcome {
    let (start, stop) = (args.number(1)?.scalar(), args.number(2)?.scalar());
    finish(args, Tensor::f_linspace(start, stop, args.int(3)?, options(args, Kind::Float)?)?)
}

/// `eye(n, m = n)`.
fn eye(args: &Args) -> Outcome {
    let n = args.int(1)?;
    finish(args, Tensor::f_eye_m(n, args.int_or(2, n)?, options(args, Kind::Float)?)?)
}

/// A tensor from a nested table; the default dtype is the first of bool, int64 and float32 that can hold
/// all its elements.
pub(super) fn from_table(table: &Table, dtype: Option<Kind>) -> Result<Tensor> {
    let mut nested = Nested::default();
    nested.add(&Value::Table(table.clone()), &mut Vec::new())?;
    nested.tensor(dtype)
}

/// The elements of a nested table in row-major order.
#[derive(Default)]
struct Nested {
    shape: Vec<i64>,
    elements: Vec<Number>,
}

impl Nested {
    /// Adds the value at `path` (indices from 1, outermost first).
    fn add(&mut self, value: &Value, path: &mut Vec<i64>) -> Result<()> {
        let depth = path.len();
        let ragged =
            |what: String| Error::new(what).at(place(path)).hint("every row needs the same shape");
        // The first leaf determines the shape.
        let settled = !self.elements.is_empty() || self.shape.contains(&0);
        match value {
            Value::Table(table) => {
                let length = table.raw_len() as i64;
                if length == 0 && !table.is_empty() {
                    return Err(
                        Error::new("a table with names where a list is expected").at(place(path))
                    );
                }
                if !settled && self.shape.len() == depth {
                    self.shape.push(length);
                } else if self.shape.get(depth) != Some(&length) {
                    return Err(ragged(match self.shape.get(depth) {
                        Some(wanted) => {
                            format!("{length} elements where the first row has {wanted}")
                        }
                        None => "a list where the first row has a number".to_string(),
                    }));
                }
                for i in 1..=length {
                    let element: Value = table.raw_get(i).map_err(|e| Error::new(e.to_string()))?;
                    path.push(i);
                    self.add(&element, path)?;
                    path.pop();
                }
            }
            other => {
                let Some(number) = Number::of(other) else {
                    return Err(Error::new(format!("expected a number, got a {}", type_of(other)))
                        .at(place(path)));
                };
                if self.shape.len() != depth {
                    return Err(ragged("a number where the first row has a list".to_string()));
                }
                self.elements.push(number);
            }
        }
        Ok(())
    }

    fn tensor(&self, dtype: Option<Kind>) -> Result<Tensor> {
        let natural = self.elements.iter().map(|n| n.kind()).max_by_key(|k| match k {
            Kind::Bool => 0,
            Kind::Int64 => 1,
            _ => 2,
        });
        let natural = natural.unwrap_or(Kind::Float);
        let flat = if natural == Kind::Float {
            Tensor::f_from_slice(&self.elements.iter().map(|n| n.float()).collect::<Vec<_>>())?
        } else {
            Tensor::f_from_slice(&self.elements.iter().map(|n| n.int()).collect::<Vec<_>>())?
        };
        Ok(flat.f_to_kind(dtype.unwrap_or(natural))?.f_reshape(&self.shape)?)
    }
}

/// `[2][3]`, or `table` for the outermost table.
fn place(path: &[i64]) -> String {
    if path.is_empty() {
        return "table".to_string();
    }
    path.iter().map(|i| format!("[{i}]")).collect()
}
