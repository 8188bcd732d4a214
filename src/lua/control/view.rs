//! The view of the run that control functions receive: read-only, and an unknown field is an error.

use crate::Error;
use compt_core::train::control::View;
use compt_core::train::history::Evaluated;
use mlua::{IntoLua, Lua, MetaMethod, Table, UserData, UserDataMethods, Value};

pub struct ReadOnly(pub View);

type Get = fn(&Lua, &View) -> mlua::Result<Value>;

/// All fields; each is computed when it is read.
const FIELDS: [(&str, Get); 18] = [
    ("step", |lua, view| view.step.into_lua(lua)),
    ("total_steps", |lua, view| view.total_steps.into_lua(lua)),
    ("stage", |lua, view| view.stage.clone().into_lua(lua)),
    ("epoch", |lua, view| view.epoch.into_lua(lua)),
    ("progress", |lua, view| view.progress.into_lua(lua)),
    ("task_sizes", |lua, view| view.task_sizes.clone().into_lua(lua)),
    ("loss", |lua, view| view.history.loss.into_lua(lua)),
    ("loss_average", |lua, view| view.history.loss_average.into_lua(lua)),
    ("task_losses", |lua, view| view.history.task_losses.clone().into_lua(lua)),
    ("task_loss_averages", |lua, view| view.history.task_loss_averages.clone().into_lua(lua)),
    ("epoch_losses", |lua, view| view.history.epoch_losses.clone().into_lua(lua)),
    ("grad_norm", |lua, view| view.history.grad_norm.into_lua(lua)),
    ("grad_norms", |lua, view| view.history.grad_norms.clone().into_lua(lua)),
    ("evaluations", |lua, view| evaluations(lua, view)?.into_lua(lua)),
    ("scores", |lua, view| view.history.evaluations.last().map(|e| e.scores.clone()).into_lua(lua)),
    ("score", |lua, view| view.history.evaluations.last().map(|e| e.average).into_lua(lua)),
    ("score_averages", |lua, view| view.history.score_averages.clone().into_lua(lua)),
    ("router_weights", |lua, view| view.router_weights.read()?.into_lua(lua)),
];

fn evaluations(lua: &Lua, view: &View) -> mlua::Result<Vec<Table>> {
    let table = |evaluated: &Evaluated| {
        let table = lua.create_table()?;
        table.set("step", evaluated.step)?;
        table.set("average", evaluated.average)?;
        table.set("scores", evaluated.scores.clone())?;
        Ok(table)
    };
    view.history.evaluations.iter().map(table).collect()
}

impl UserData for ReadOnly {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, field: String| {
            match FIELDS.iter().find(|(name, _)| *name == field) {
                Some((_, get)) => get(lua, &this.0),
                None => {
                    let known = FIELDS.iter().map(|(name, _)| *name);
                    Err(Error::unknown("field", &field, known).at("view").into())
                }
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
