//! An operation: a name, a libtorch function and the conversion of its arguments. Each file of
//! operations is a table of these; `torch.f(t, ...)` and `t:f(...)` are both defined by it.

use super::arg::type_of;
use super::args::{self, Args};
use super::handle::{self, LuaTensor};
use super::leaves;
use super::print;
use crate::Error;
use crate::hook;
use mlua::{IntoLua, Lua, MultiValue, Value};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use tch::{TchError, Tensor};

type Torch<T = Tensor> = std::result::Result<T, TchError>;

/// One operation.
pub struct Op {
    pub name: &'static str,
    call: Call,
}

enum Call {
    Unary(fn(&Tensor) -> Torch),
    UnaryInPlace(fn(&mut Tensor) -> Torch),
    Binary(fn(&Tensor, &Tensor) -> Torch),
    BinaryInPlace(fn(&mut Tensor, &Tensor) -> Torch),
    Positional(fn(&Args) -> Outcome),
    WithOptions(fn(&Args) -> Outcome),
}

/// The result of an operation.
pub enum Out {
    Tensor(Tensor),
    /// A new tensor that requires gradients.
    Leaf(Tensor),
    Pair(Tensor, Tensor),
    List(Vec<Tensor>),
    /// The first argument itself.
    This,
    Nothing,
    Lua(Value),
}

/// The error of an operation.
pub enum Fault {
    /// An error of libtorch; the function's name and the arguments' shapes are added.
    Torch(TchError),
    /// A bad argument; the function's name is added.
    Argument(Error),
    /// A complete error.
    Lua(mlua::Error),
}

pub type Outcome<T = Out> = std::result::Result<T, Fault>;

impl Out {
    /// For in-place operations: libtorch returns the changed tensor, Lua receives the first
    /// argument.
    pub fn changed(_: Tensor) -> Self {
        Out::This
    }
}

impl Op {
    /// One tensor in, one out.
    pub const fn unary(name: &'static str, f: fn(&Tensor) -> Torch) -> Self {
        Op { name, call: Call::Unary(f) }
    }

    /// Changes a tensor and returns it.
    pub const fn unary_in_place(name: &'static str, f: fn(&mut Tensor) -> Torch) -> Self {
        Op { name, call: Call::UnaryInPlace(f) }
    }

    /// Two tensors in, one out; either side may be a number.
    pub const fn binary(name: &'static str, f: fn(&Tensor, &Tensor) -> Torch) -> Self {
        Op { name, call: Call::Binary(f) }
    }

    /// Changes the first tensor and returns it; the second may be a number.
    pub const fn binary_in_place(name: &'static str, f: fn(&mut Tensor, &Tensor) -> Torch) -> Self {
        Op { name, call: Call::BinaryInPlace(f) }
    }

    /// Arguments by position only.
    pub const fn positional(name: &'static str, f: fn(&Args) -> Outcome) -> Self {
        Op { name, call: Call::Positional(f) }
    }

    /// Arguments by position, and optionally a last table of named options.
    pub const fn with_options(name: &'static str, f: fn(&Args) -> Outcome) -> Self {
        Op { name, call: Call::WithOptions(f) }
    }

    /// Calls the operation with Lua's arguments.
    pub fn run(&self, lua: &Lua, values: MultiValue) -> mlua::Result<MultiValue> {
        self.run_as(lua, values, false)
    }

    /// Calls the operation as a method of the first argument.
    pub fn run_method(&self, lua: &Lua, values: MultiValue) -> mlua::Result<MultiValue> {
        self.run_as(lua, values, true)
    }

    fn run_as(&self, lua: &Lua, values: MultiValue, is_method: bool) -> mlua::Result<MultiValue> {
        hook::check(lua)?;
        let with_options = matches!(self.call, Call::WithOptions(_));
        let args = Args::new(lua, self.name, values, with_options, is_method)?;
        // tch panics on some errors of libtorch if an argument is a number.
        let applied = catch_unwind(AssertUnwindSafe(|| self.apply(&args)));
        let applied = applied.unwrap_or_else(|panic| Err(Fault::Torch(refusal(panic))));
        let out = applied.and_then(|out| args.finish().map(|()| out));
        match out {
            Ok(Out::Tensor(tensor)) => {
                Ok(MultiValue::from_vec(vec![LuaTensor::new(tensor).into_lua(lua)?]))
            }
            Ok(Out::Leaf(tensor)) => {
                let made = LuaTensor::new(tensor);
                leaves::made(lua, made.slot());
                Ok(MultiValue::from_vec(vec![made.into_lua(lua)?]))
            }
            Ok(Out::Pair(a, b)) => Ok(MultiValue::from_vec(vec![
                LuaTensor::new(a).into_lua(lua)?,
                LuaTensor::new(b).into_lua(lua)?,
            ])),
            Ok(Out::List(tensors)) => {
                let list = lua.create_sequence_from(tensors.into_iter().map(LuaTensor::new))?;
                Ok(MultiValue::from_vec(vec![Value::Table(list)]))
            }
            Ok(Out::This) => Ok(MultiValue::from_vec(vec![args.value(1)])),
            Ok(Out::Nothing) => Ok(MultiValue::new()),
            Ok(Out::Lua(value)) => Ok(MultiValue::from_vec(vec![value])),
            Err(Fault::Torch(e)) => {
                let shown: Vec<String> = args.values().iter().map(describe).collect();
                let error = Error::from(e).at(args.call());
                Err(error.hint(format!("the arguments were {}", shown.join(" and "))).into())
            }
            Err(Fault::Argument(e)) => Err(e.at(args.call()).into()),
            Err(Fault::Lua(e)) => Err(e),
        }
    }

    fn apply(&self, args: &Args) -> Outcome {
        match self.call {
            Call::Unary(f) => Ok(Out::Tensor(f(&args.tensor(1)?)?)),
            Call::UnaryInPlace(f) => Ok(Out::changed(f(&mut args.tensor(1)?)?)),
            Call::Binary(f) => {
                let (left, right) = args.operands(1, 2)?;
                Ok(Out::Tensor(f(&left, &right)?))
            }
            Call::BinaryInPlace(f) => {
                let mut this = args.tensor(1)?;
                let other = args.beside(2, &this)?;
                Ok(Out::changed(f(&mut this, &other)?))
            }
            Call::Positional(f) | Call::WithOptions(f) => f(args),
        }
    }
}

/// The libtorch error in a panic of tch; any other panic is resumed.
fn refusal(panic: Box<dyn Any + Send>) -> TchError {
    let text = panic.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
    match text.split_once("Torch(\"") {
        Some((_, quoted)) => TchError::Torch(quoted.replace("\\n", "\n").replace("\\\"", "\"")),
        None => resume_unwind(panic),
    }
}

/// A value in an error message: `tensor[2,3] f32 cpu`, `4`, `{1, 2}`.
fn describe(value: &Value) -> String {
    const SHOWN: usize = 8;
    if let Some(tensor) = handle::of(value) {
        return tensor.get().map_or("a freed tensor".to_string(), |t| print::header(&t));
    }
    match value {
        Value::Table(list) => {
            let elements = args::elements(list);
            let mut shown: Vec<String> = elements.iter().take(SHOWN).map(describe).collect();
            if elements.len() > SHOWN {
                shown.push("...".to_string());
            }
            format!("{{{}}}", shown.join(", "))
        }
        value => value.to_string().unwrap_or_else(|_| type_of(value)),
    }
}

impl From<TchError> for Fault {
    fn from(e: TchError) -> Self {
        Fault::Torch(e)
    }
}

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        Fault::Argument(e)
    }
}

impl From<mlua::Error> for Fault {
    fn from(e: mlua::Error) -> Self {
        Fault::Lua(e)
    }
}

impl From<Tensor> for Out {
    fn from(tensor: Tensor) -> Self {
        Out::Tensor(tensor)
    }
}
