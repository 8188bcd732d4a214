//! The host's part of `compt.ablate`: the cells of a grid are run here, by processes side by side,
//! or one of them is run again.

mod plan;
mod side_by_side;
mod work;

use super::session::Session;
use crate::interrupt::{self, Interrupted};
use crate::notice;
use crate::{Error, Result};
use mlua::{Lua, Table};
use plan::Plan;

/// `ablate { name, cells, run, out, files, args }`: runs what is not finished. Gives a row a cell:
/// { path, settings, state, error }.
pub fn ablate(lua: &Lua, spec: Table) -> mlua::Result<Table> {
    let plan = Plan::new(lua, &spec)?;
    let session = lua.app_data_mut::<Session>().map(|mut session| {
        session.grid.seen += 1;
        session.clone()
    });
    let session = session.unwrap_or_default();
    let number = session.grid.seen;
    if let Some((again, cell)) = session.again.as_ref().and_then(|a| Some((a, a.cell.as_ref()?))) {
        return match plan.cell_like(cell) {
            Some(cell) => {
                if !work::again(lua, &plan, cell, again)?
                    && let Some(mut session) = lua.app_data_mut::<Session>()
                {
                    session.failed.push(cell.folder.display().to_string());
                }
                Err(over(lua))
            }
            None => plan.rows(lua),
        };
    }
    match session.grid.worker {
        Some(worker) if worker.grid == number => {
            work::work(lua, &plan, worker.began, true)?;
            return Err(over(lua));
        }
        Some(_) => return plan.rows(lua),
        None => {}
    }
    if session.grid.dry_run {
        plan.print(session.grid.jobs);
    }
    if plan.open().is_empty() {
        return plan.rows(lua);
    }
    if session.grid.dry_run {
        return Err(over(lua));
    }
    if let Some(note) = plan.made_before() {
        notice::say(&format!("note: {note}"));
    }
    match session.grid.jobs {
        0 | 1 => work::work(lua, &plan, crate::sweep::now(), false)?,
        jobs => side_by_side::run(&session, &plan, jobs)?,
    }
    if interrupt::requested() {
        return Err(mlua::Error::external(Interrupted));
    }
    let failed = plan.failed();
    if let Some(mut session) = lua.app_data_mut::<Session>() {
        session.failed.extend(failed);
    }
    plan.rows(lua)
}

/// What ends the script where nothing is left to do.
fn over(lua: &Lua) -> mlua::Error {
    if let Some(mut session) = lua.app_data_mut::<Session>() {
        session.over = true;
    }
    // As Ctrl-C does, so that no `pcall` goes on.
    interrupt::request();
    mlua::Error::external(Interrupted)
}

/// An error of the call.
fn refuse(what: impl Into<String>) -> Error {
    Error::new(what).at("compt.ablate")
}

type Done = Result<()>;
