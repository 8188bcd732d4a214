//! The tensor's metatable: methods from the operation tables, operators, fields.

use super::handle::{self, Handle, LuaTensor};
use super::leaves;
use super::op::Op;
use super::{BOTH, METHODS, autograd, index, no_such, print};
use crate::Error;
use crate::call;
use crate::object::{self, Members, Object};
use compt_core::tensor::{device, dtype};
use mlua::{Lua, MetaMethod, MultiValue, UserData, UserDataFields, UserDataMethods, Value};

/// Each metamethod and its operation. `==` is identity in Lua; `eq` compares elements.
const OPERATORS: [(MetaMethod, &str); 8] = [
    (MetaMethod::Add, "add"),
    (MetaMethod::Sub, "sub"),
    (MetaMethod::Mul, "mul"),
    (MetaMethod::Div, "div"),
    (MetaMethod::IDiv, "floor_divide"),
    (MetaMethod::Mod, "remainder"),
    (MetaMethod::Pow, "pow"),
    (MetaMethod::Unm, "neg"),
];

fn ops() -> impl Iterator<Item = &'static Op> {
    BOTH.iter().chain(METHODS).copied().flatten()
}

impl Object for Handle {
    const NAME: &'static str = "tensor";
    const CLASS: &'static str = "torch.Tensor";
    const MADE_BY: &'static str = "torch.tensor(...)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(print::show(&self.tensor()?)?)
    }

    fn html(&self) -> mlua::Result<Option<String>> {
        Ok(print::html(&self.tensor()?)?)
    }
}

impl UserData for Handle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("shape", |_, this| Ok(this.tensor()?.size()));
        fields.add_field_method_get("ndim", |_, this| Ok(this.tensor()?.dim()));
        fields.add_field_method_get("dtype", |_, this| {
            Ok(dtype::name(this.tensor()?.f_kind().map_err(Error::from)?))
        });
        fields.add_field_method_get("device", |_, this| Ok(device::name(this.tensor()?.device())));
        fields.add_field_method_get("requires_grad", |_, this| Ok(this.tensor()?.requires_grad()));
        fields.add_field_method_set("requires_grad", |lua, this, value: Value| {
            let on = call::truth("tensor.requires_grad", value)?;
            let _ = this.tensor()?.f_requires_grad_(on).map_err(Error::from)?;
            if on {
                leaves::made(lua, this.slot());
            }
            Ok(())
        });
        fields.add_field_method_get("is_leaf", |_, this| {
            Ok(this.tensor()?.f_is_leaf().map_err(Error::from)?)
        });
        fields.add_field_method_get("grad", |_, this| {
            Ok(autograd::grad_of(&this.tensor()?)?.map(LuaTensor::new))
        });
        fields.add_field_method_set("grad", |lua, this, value: Value| {
            let grad: Option<LuaTensor> = call::field(lua, "tensor.grad", value)?;
            Ok(autograd::set_grad(&this.tensor()?, grad.map(|g| g.get()).transpose()?)?)
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        for op in ops() {
            methods
                .add_function(op.name, move |lua, values: MultiValue| op.run_method(lua, values));
        }
        for (meta, name) in OPERATORS {
            let op = ops().find(|op| op.name == name).expect("an operator names an operation");
            methods.add_meta_function(meta, move |lua, (left, right): (Value, Value)| {
                let mut values = vec![left];
                if name != "neg" {
                    values.push(right);
                }
                op.run(lua, MultiValue::from_vec(values))
            });
        }
        methods.add_meta_method(MetaMethod::Len, |_, this, ()| {
            let shape = this.tensor()?.size();
            shape.first().copied().ok_or_else(|| {
                Error::new("a 0-dimensional tensor has no length").hint("`:numel()` counts").into()
            })
        });
        object::printable(methods);
        methods.add_meta_function(
            MetaMethod::Index,
            |_, (this, key): (LuaTensor, Value)| match key {
                Value::String(name) => Err(no_member(&name.to_string_lossy()).into()),
                key => Ok(LuaTensor::new(index::get(&this.get()?, &key)?)),
            },
        );
        methods.add_meta_function(
            MetaMethod::NewIndex,
            |_, (this, key, value): (LuaTensor, Value, Value)| match key {
                Value::String(name) => Err(Error::new(format!(
                    "a tensor's field '{}' cannot be set",
                    name.to_string_lossy()
                ))
                .hint("'requires_grad' and 'grad' can, and elements by index")
                .into()),
                key => Ok(index::set(&this.get()?, &key, &value)?),
            },
        );
        methods.add_meta_function(MetaMethod::Close, |lua, (this, _): (LuaTensor, Value)| {
            handle::free(lua, &this, "<close> at the end of its block");
            Ok(())
        });
        methods.add_function("destroy", |lua, this: Value| destroy(lua, &this));
    }
}

/// `t:destroy()`: frees the memory now; using the tensor afterwards is an error.
fn destroy(lua: &Lua, this: &Value) -> mlua::Result<()> {
    let tensor =
        handle::of(this).ok_or_else(|| Error::new("torch.destroy: argument 1 must be a tensor"))?;
    handle::free(lua, &tensor, "destroy()");
    Ok(())
}

fn no_member(name: &str) -> Error {
    let members = Members::of::<Handle>();
    let known: Vec<&str> =
        members.fields.iter().chain(&members.methods).map(String::as_str).collect();
    no_such("tensor has no method", name, &known)
}
