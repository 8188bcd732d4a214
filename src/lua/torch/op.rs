//! An operation: a name and the forms it can be called in. Each file of operations is a table of
//! these, written with [`ops!`]; `torch.f(t, ...)` and `t:f(...)` are both defined by it.

use super::arg::type_of;
use super::args::{Args, Reader};
use super::handle::{self, LuaTensor};
use super::leaves;
use super::print;
use super::read::{Arg, elements};
use crate::Error;
use crate::hook;
use mlua::{IntoLua, Lua, MultiValue, Value};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use tch::{TchError, Tensor};

/// One operation.
pub struct Op {
    pub name: &'static str,
    /// The first form that the given arguments fit is called.
    pub forms: &'static [Form],
}

/// One way to call an operation.
pub struct Form {
    pub params: &'static [Param],
    pub call: fn(&mut Reader) -> Outcome,
}

/// A parameter, which is given by position or by name in a last table.
pub struct Param {
    pub name: &'static str,
    /// The default as it is written in the table of operations; the documentation must say the same.
    #[cfg_attr(not(test), allow(dead_code))]
    pub default: Option<&'static str>,
    pub optional: bool,
    /// Given by name only.
    pub named: bool,
    /// Takes all further positional arguments, or one list of them.
    pub rest: bool,
    /// Takes a table with names, which is then not the table of named arguments.
    pub names: bool,
    pub takes: fn(&Value) -> bool,
    pub wanted: &'static str,
}

impl Param {
    pub const fn new<T: Arg>(
        name: &'static str,
        default: Option<&'static str>,
        named: bool,
    ) -> Self {
        Param {
            name,
            default,
            optional: T::OPTIONAL || T::REST || default.is_some(),
            named,
            rest: T::REST,
            names: T::NAMES,
            takes: T::takes,
            wanted: T::WANTED,
        }
    }
}

/// A table of operations. Each line has a name and, separated by commas, its forms:
///
/// ```text
/// "topk": (input: Tensor, k: i64, dim: Dim = -1, largest: bool = true) => input.f_topk(...)?;
/// "std": (input: Tensor, dim: Option<Dims>; correction: Option<f64>) => ..., (input: Tensor, ...) => ...;
/// ```
///
/// Parameters have PyTorch's names. Those after a semicolon are given by name only. The types
/// (see `read.rs`) say what is accepted and how it is converted; the body uses the values.
macro_rules! ops {
    (@default) => { None };
    (@default $default:expr) => { Some(stringify!($default)) };
    (@read $read:ident $type:ty) => { $read.next::<$type>()? };
    (@read $read:ident $type:ty, $default:expr) => { $read.next_or(|| <$type>::from($default))? };
    (@form ($($p:ident : $t:ty $(= $d:expr)?),* $(; $($k:ident : $kt:ty $(= $kd:expr)?),*)?) $body:expr) => {
        $crate::torch::op::Form {
            params: &[
                $($crate::torch::op::Param::new::<$t>(stringify!($p), ops!(@default $($d)?), false),)*
                $($($crate::torch::op::Param::new::<$kt>(stringify!($k), ops!(@default $($kd)?), true),)*)?
            ],
            call: |_read| {
                $(
                    #[allow(unused_mut, non_snake_case)]
                    let mut $p: $t = ops!(@read _read $t $(, $d)?);
                )*
                $($(
                    #[allow(unused_mut, non_snake_case)]
                    let mut $k: $kt = ops!(@read _read $kt $(, $kd)?);
                )*)?
                Ok($crate::torch::op::Out::from($body))
            },
        }
    };
    ($($name:literal: $(($($form:tt)*) => $body:expr),+;)*) => {
        &[$($crate::torch::op::Op { name: $name, forms: &[$(ops!(@form ($($form)*) $body)),+] }),*]
    };
}
pub(super) use ops;

/// Makes a value of Lua.
pub type Make = Box<dyn FnOnce(&Lua) -> mlua::Result<Value>>;

/// The result of an operation.
pub enum Out {
    Tensor(Tensor),
    /// A new tensor that requires gradients.
    Leaf(Tensor),
    /// Several results.
    Several(Vec<Tensor>),
    /// One result, a list.
    List(Vec<Tensor>),
    /// The first argument itself.
    This,
    /// The first argument itself, which requires gradients from now on.
    ThisLeaf,
    Nothing,
    Lua(Value),
    Make(Make),
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

    pub fn make(f: impl FnOnce(&Lua) -> mlua::Result<Value> + 'static) -> Self {
        Out::Make(Box::new(f))
    }

    fn into_lua(self, lua: &Lua, this: Value) -> mlua::Result<MultiValue> {
        let one = |value: Value| MultiValue::from_vec(vec![value]);
        Ok(match self {
            Out::Tensor(tensor) => one(LuaTensor::new(tensor).into_lua(lua)?),
            Out::Leaf(tensor) => {
                let made = LuaTensor::new(tensor);
                leaves::made(lua, made.slot());
                one(made.into_lua(lua)?)
            }
            Out::Several(tensors) => MultiValue::from_vec(
                tensors
                    .into_iter()
                    .map(|t| LuaTensor::new(t).into_lua(lua))
                    .collect::<mlua::Result<_>>()?,
            ),
            Out::List(tensors) => {
                let list = lua.create_sequence_from(tensors.into_iter().map(LuaTensor::new))?;
                one(Value::Table(list))
            }
            Out::This => one(this),
            Out::ThisLeaf => {
                if let Some(tensor) = handle::of(&this) {
                    leaves::made(lua, tensor.slot());
                }
                one(this)
            }
            Out::Nothing => MultiValue::new(),
            Out::Lua(value) => one(value),
            Out::Make(make) => one(make(lua)?),
        })
    }
}

impl Op {
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
        let args = Args::new(self.name, values.into_vec(), is_method);
        // tch panics on some errors of libtorch if an argument is a number.
        let applied = catch_unwind(AssertUnwindSafe(|| -> Outcome<(Out, Value)> {
            let (form, bound) = args.bind(lua, self.forms)?;
            let out = (form.call)(&mut Reader::new(&args, form, &bound))?;
            let this = bound.into_iter().next().map_or(Value::Nil, |first| first.value);
            Ok((out, this))
        }));
        let applied = applied.unwrap_or_else(|panic| Err(Fault::Torch(refusal(panic))));
        match applied {
            Ok((out, this)) => out.into_lua(lua, this),
            Err(Fault::Torch(e)) => {
                let shown: Vec<String> = args.values().iter().map(describe).collect();
                let error = Error::from(e).at(args.call());
                Err(error.hint(format!("the arguments were {}", shown.join(" and "))).into())
            }
            Err(Fault::Argument(e)) => Err(e.at(args.call()).into()),
            Err(Fault::Lua(e)) => Err(e),
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

/// A value in an error message: `tensor[2,3] f32 cpu`, `4`, `{1, 2}`, `{dim = 2}`.
fn describe(value: &Value) -> String {
    const SHOWN: usize = 8;
    if let Some(tensor) = handle::of(value) {
        return tensor.get().map_or("a freed tensor".to_string(), |t| print::header(&t));
    }
    match value {
        Value::Table(table) => {
            let elements = elements(table);
            let mut shown: Vec<String> = elements.iter().map(describe).collect();
            for pair in table.pairs::<Value, Value>().flatten() {
                if let (Value::String(name), value) = pair {
                    shown.push(format!("{} = {}", name.to_string_lossy(), describe(&value)));
                }
            }
            shown[elements.len()..].sort();
            if shown.len() > SHOWN {
                shown.truncate(SHOWN);
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

impl From<(Tensor, Tensor)> for Out {
    fn from((a, b): (Tensor, Tensor)) -> Self {
        Out::Several(vec![a, b])
    }
}

impl From<(Tensor, Tensor, Tensor)> for Out {
    fn from((a, b, c): (Tensor, Tensor, Tensor)) -> Self {
        Out::Several(vec![a, b, c])
    }
}

impl From<Vec<Tensor>> for Out {
    fn from(list: Vec<Tensor>) -> Self {
        Out::List(list)
    }
}

impl From<bool> for Out {
    fn from(truth: bool) -> Self {
        Out::Lua(Value::Boolean(truth))
    }
}

impl From<i64> for Out {
    fn from(number: i64) -> Self {
        Out::Lua(Value::Integer(number))
    }
}

impl From<()> for Out {
    fn from((): ()) -> Self {
        Out::Nothing
    }
}
