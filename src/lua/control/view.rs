//! What control functions see of the run: read only, and a misspelt field is an error.

use crate::Error;
use crate::train::control::View;
use mlua::{IntoLua, MetaMethod, UserData, UserDataMethods, Value};

const FIELDS: [&str; 6] = ["step", "total_steps", "epoch", "progress", "loss", "task_losses"];

pub struct ReadOnly(pub View);

impl UserData for ReadOnly {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, field: String| {
            let view = &this.0;
            match field.as_str() {
                "step" => view.step.into_lua(lua),
                "total_steps" => view.total_steps.into_lua(lua),
                "epoch" => view.epoch.into_lua(lua),
                "progress" => view.progress.into_lua(lua),
                "loss" => view.loss.into_lua(lua),
                "task_losses" => view.task_losses.clone().into_lua(lua),
                other => Err(Error::unknown("field", other, FIELDS).at("view").into()),
            }
        });
        methods.add_meta_method(
            MetaMethod::NewIndex,
            |_, _, _: (Value, Value)| -> mlua::Result<()> {
                Err(Error::new("it can only be read").at("view").into())
            },
        );
    }
}
