//! Creation of tensors: from nested tables, constants and ranges.

use super::arg::{Number, TensorArg, type_of};
use super::default_device::placing;
use super::op::{Op, Out, Outcome, ops};
use super::read::{Shape, Sizes};
use crate::{Error, Result};
use mlua::{Table, Value};
use tch::{Device, Kind, Scalar, TchError, Tensor};

/// Functions only, as in PyTorch. All have the options `dtype`, `device` and `requires_grad`.
pub const FUNCTIONS: &[Op] = ops! {
    "tensor": (data: Value; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        let made = tensor(&data, dtype)?.f_to_device(device.unwrap_or(placing().made))?;
        finish(made, device, requires_grad)?
    };
    "zeros": (size: Sizes; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        finish(Tensor::f_zeros(size.0, options(dtype, Kind::Float, device))?, device, requires_grad)?
    };
    "ones": (size: Sizes; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        finish(Tensor::f_ones(size.0, options(dtype, Kind::Float, device))?, device, requires_grad)?
    };
    "empty": (size: Sizes; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        finish(Tensor::f_empty(size.0, options(dtype, Kind::Float, device))?, device, requires_grad)?
    };
    "full": (
        size: Shape, fill_value: Number; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
    ) => {
        let options = options(dtype, fill_value.kind(), device);
        finish(Tensor::f_full(size.0, fill_value.scalar(), options)?, device, requires_grad)?
    };
    "arange": (end: Number; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
            finish(arange(Number::Int(0), end, Number::Int(1), dtype, device)?, device, requires_grad)?
        },
        (
            start: Number, end: Number, step: Number = 1;
            dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
        ) => finish(arange(start, end, step, dtype, device)?, device, requires_grad)?;
    "linspace": (
        start: TensorArg, end: TensorArg, steps: i64;
        dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
    ) => {
        let options = options(dtype, Kind::Float, device);
        finish(Tensor::f_linspace(number(start)?, number(end)?, steps, options)?, device, requires_grad)?
    };
    "eye": (
        n: i64, m: Option<i64>; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
    ) => {
        let options = options(dtype, Kind::Float, device);
        finish(Tensor::f_eye_m(n, m.unwrap_or(n), options)?, device, requires_grad)?
    };
};

/// Tensors with the sizes of another one, and its dtype and device unless options say otherwise.
pub const OPS: &[Op] = ops! {
    "empty_like": (input: Tensor; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        like(&input, dtype, device, requires_grad, Tensor::f_empty)?
    };
    "zeros_like": (input: Tensor; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        like(&input, dtype, device, requires_grad, Tensor::f_zeros)?
    };
    "ones_like": (input: Tensor; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        like(&input, dtype, device, requires_grad, Tensor::f_ones)?
    };
    "rand_like": (input: Tensor; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        like(&input, dtype, device, requires_grad, Tensor::f_rand)?
    };
    "randn_like": (input: Tensor; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        like(&input, dtype, device, requires_grad, Tensor::f_randn)?
    };
    "full_like": (
        input: Tensor, fill_value: Number;
        dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
    ) => like(&input, dtype, device, requires_grad, |sizes, options| {
        Tensor::f_full(sizes, fill_value.scalar(), options)
    })?;
};

/// The dtype and device of a new tensor.
pub(super) fn options(
    dtype: Option<Kind>,
    default: Kind,
    device: Option<Device>,
) -> (Kind, Device) {
    (dtype.unwrap_or(default), device.unwrap_or(placing().made))
}

/// A new tensor on its device, with the option `requires_grad`.
pub(super) fn finish(tensor: Tensor, device: Option<Device>, requires_grad: bool) -> Outcome {
    let tensor = match device {
        None if placing().made != placing().moved => tensor.f_to_device(placing().moved)?,
        _ => tensor,
    };
    requiring(tensor, requires_grad)
}

fn requiring(tensor: Tensor, requires_grad: bool) -> Outcome {
    if requires_grad {
        return Ok(Out::Leaf(tensor.f_set_requires_grad(true)?));
    }
    Ok(tensor.into())
}

fn like(
    t: &Tensor,
    dtype: Option<Kind>,
    device: Option<Device>,
    requires_grad: bool,
    make: impl Fn(Vec<i64>, (Kind, Device)) -> std::result::Result<Tensor, TchError>,
) -> Outcome {
    let dtype = dtype.map_or_else(|| t.f_kind(), Ok)?;
    requiring(make(t.size(), (dtype, device.unwrap_or(t.device())))?, requires_grad)
}

/// A number, or the element of a 0-dimensional tensor.
fn number(value: TensorArg) -> Result<Scalar> {
    match value {
        TensorArg::Number(n) => Ok(n.scalar()),
        TensorArg::Tensor(t) if t.dim() == 0 => Ok(match t.f_is_floating_point()? {
            true => Scalar::float(t.f_to_kind(Kind::Double)?.f_double_value(&[])?),
            false => Scalar::int(t.f_to_kind(Kind::Int64)?.f_int64_value(&[])?),
        }),
        TensorArg::Tensor(t) => {
            Err(Error::new(format!("a tensor of shape {:?} is not a number", t.size())))
        }
    }
}

/// A number or a nested table. Without a dtype integers give int64, other numbers float32, booleans
/// bool. A tensor is copied.
fn tensor(data: &Value, dtype: Option<Kind>) -> Outcome<Tensor> {
    if let Value::Table(table) = data {
        return Ok(from_table(table, dtype)?);
    }
    let wanted = || {
        let what =
            "argument 1 (data) must be a tensor, a number or a nested table of numbers, got ";
        Error::new(format!("{what}{}", type_of(data)))
    };
    Ok(match TensorArg::of(data)?.ok_or_else(wanted)? {
        TensorArg::Tensor(tensor) => {
            let kind = dtype.map_or_else(|| tensor.f_kind(), Ok)?;
            tensor.f_detach()?.f_to_dtype(kind, false, true)?
        }
        TensorArg::Number(n) => {
            Tensor::f_scalar_tensor(n.scalar(), (dtype.unwrap_or(n.kind()), Device::Cpu))?
        }
    })
}

/// From start up to but not including end, int64 if all three are whole, as in PyTorch.
fn arange(
    start: Number,
    end: Number,
    step: Number,
    dtype: Option<Kind>,
    device: Option<Device>,
) -> Outcome<Tensor> {
    let whole = [start, end, step].iter().all(|n| matches!(n, Number::Int(_)));
    let options = options(dtype, if whole { Kind::Int64 } else { Kind::Float }, device);
    let (start, end, step) = (start.scalar(), end.scalar(), step.scalar());
    Ok(Tensor::f_arange_start_step(start, end, step, options)?)
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
