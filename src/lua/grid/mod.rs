//! The host's part of `compt.ablate` and `compt.search`: the cells of a grid are planned and run here, by one process or
//! several, or one of them is run again.

mod cell;
mod growing;
mod log;
mod search;
mod settings;
mod spec;
mod work;

use super::failure::Failure;
use super::hook;
use super::paths;
use super::recorded::plain as plain_tables;
use super::session::{Again, Session, Task, Way};
use crate::{Error, Result};
use compt_base::notice;
use compt_base::output;
use compt_core::tensor::device;
use compt_error::Context;
use compt_study::interrupt::{self, Interrupted};
use compt_study::sweep::{Cell, CellState, Jobs, Listing, Plan, Together, now, side_by_side};
use growing::Growing;
use mlua::{Lua, LuaSerdeExt, Table};
use spec::Grid;
use std::rc::Rc;
use work::{Work, began};

/// `ablate { name, cells, run, out, files, args }`: runs all unfinished cells. Returns a row per cell:
/// { path, settings, state, error }.
pub fn ablate(lua: &Lua, spec: Table) -> mlua::Result<Table> {
    let session = lua.app_data_mut::<Session>().map(|mut session| {
        session.grids.seen += 1;
        session.clone()
    });
    let session = session.unwrap_or_default();
    let grid = Grid::new(lua, &spec)?;
    if let Some(plan) = session.plan_of(session.grids.seen) {
        grid.check(plan)?;
        if let Way::Task(task) = &session.grids.way {
            carry_out(lua, &grid, task)?;
            return Err(over(lua));
        }
        let listing = Listing::of(plan);
        // What follows depends on what a search finds.
        if grid.search.is_some() && !grid.is_done(&listing) {
            say_unfinished(&grid, &session, &listing);
            return Err(over(lua));
        }
        return rows(lua, plan, &listing);
    }
    let plan = Rc::new(grid.plan(lua, &session)?);
    if let Some(again) = &session.again
        && let Some(recorded) = &again.cell
    {
        return match cell_like(&grid, &plan, recorded) {
            Some(cell) => {
                run_again(lua, &grid, &cell, again)?;
                Err(over(lua))
            }
            None => rows(lua, &plan, &Listing::of(&plan)),
        };
    }
    let listing = Listing::of(&plan);
    let done = grid.is_done(&listing);
    match session.grids.way {
        Way::Task(_) => rows(lua, &plan, &listing),
        Way::Merge(_) if !done => {
            say_unfinished(&grid, &session, &listing);
            match grid.search {
                Some(_) => Err(over(lua)),
                None => rows(lua, &plan, &listing),
            }
        }
        Way::Merge(_) => rows(lua, &plan, &listing),
        Way::List => {
            output::line(&listing);
            if done { rows(lua, &plan, &listing) } else { Err(over(lua)) }
        }
        Way::Plan => {
            if let Some(mut session) = lua.app_data_mut::<Session>() {
                session.planned = Some(plan.clone());
            }
            if done { rows(lua, &plan, &listing) } else { Err(over(lua)) }
        }
        Way::Run { .. } if listing.open().next().is_none() => rows(lua, &plan, &listing),
        Way::Run { jobs, per_gpu } => {
            if let Some(note) = listing.made_before() {
                notice::say(&format!("note: {note}"));
            }
            let growing = Growing::new(lua, &grid, &session, &plan);
            run(&growing, jobs, per_gpu)?;
            if interrupt::requested() {
                return Err(mlua::Error::external(Interrupted));
            }
            let listing = Listing::of(&plan);
            // The result of a search names its failed trials.
            if grid.search.is_none() {
                note_failed(lua, failed(&listing));
            }
            rows(lua, &plan, &listing)
        }
    }
}

/// Whether the cells of the next grid are already planned.
pub fn is_planned(lua: &Lua, (): ()) -> mlua::Result<bool> {
    let session = lua.app_data_ref::<Session>();
    Ok(session.is_some_and(|session| session.plan_of(session.grids.seen + 1).is_some()))
}

/// Runs all unfinished cells, in this process or in others.
fn run(growing: &Growing, jobs: usize, per_gpu: Option<usize>) -> Result<()> {
    let Growing { lua, grid, plan, .. } = growing;
    let longer = || growing.longer();
    if jobs <= 1 {
        return Work::alone(grid).through(lua, plan, grid.grow.is_some().then_some(&longer as _));
    }
    // The folder that the processes run from is removed when all have ended.
    std::fs::create_dir_all(&plan.head.out).at(plan.head.out.display())?;
    let file =
        tempfile::Builder::new().prefix(".plan-").suffix(".jsonl").tempfile_in(&plan.head.out);
    let file = file.at(plan.head.out.display())?;
    plan.write(file.path())?;
    let usable = device::cuda_ready().is_ok();
    let jobs = Jobs::new(jobs, per_gpu, &plan.head.launch.device, usable);
    let together = Together {
        path: file.path(),
        arguments: Vec::new(),
        jobs: &jobs,
        waits: true,
        began: if grid.search.is_some() { began() } else { now() },
        longer: &longer,
    };
    side_by_side(plan, together)
}

/// Runs some cells of a plan.
fn carry_out(lua: &Lua, grid: &Grid, task: &Task) -> Result<()> {
    let work = Work {
        name: &grid.name,
        run: &grid.run,
        search: grid.search.as_ref(),
        began: task.began,
        alone: false,
        silent: task.is_watched,
        output: task.output.as_deref(),
    };
    // The process that watches writes the file again when the plan is longer.
    let count = std::cell::Cell::new(task.plan.cells.len());
    let longer = || {
        let plan = Plan::read(&task.path, None).ok().filter(|plan| plan.cells.len() > count.get());
        Ok(plan.inspect(|plan| count.set(plan.cells.len())))
    };
    let grows = grid.grow.is_some() && task.is_watched;
    work.through(lua, &task.plan, grows.then_some(&longer as _))?;
    if task.is_watched {
        return Ok(());
    }
    note_failed(lua, failed(&Listing::of(&task.plan)));
    Ok(())
}

fn run_again(lua: &Lua, grid: &Grid, cell: &Cell, again: &Rc<Again>) -> Result<()> {
    if !Work::alone(grid).again(lua, cell, again)? {
        note_failed(lua, vec![cell.folder.display().to_string()]);
    }
    Ok(())
}

/// The cell with this record: by its id, or, if code or program have changed, by its
/// settings. The first rung of a search has all its trials.
fn cell_like(grid: &Grid, plan: &Plan, recorded: &serde_json::Value) -> Option<Cell> {
    let by_id = plan.cells.iter().find(|cell| recorded["id"] == cell.id.as_str());
    by_id.cloned().or_else(|| {
        let settings = recorded["settings"].as_object()?;
        let by_settings = plan.cells.iter().find(|cell| cell.basis.settings == *settings);
        let search = grid.search.as_ref();
        by_settings.cloned().or_else(|| search?.part_like(plan, settings, &grid.name))
    })
}

/// The errors of failed cells, one per line.
fn failed(listing: &Listing) -> Vec<String> {
    let failed = listing.open().filter_map(|(cell, state)| match state {
        CellState::Failed(error, _) => {
            let first = error.lines().next().unwrap_or_default();
            Some(format!("{}: {first}", cell.folder.display()))
        }
        _ => None,
    });
    failed.collect()
}

fn note_failed(lua: &Lua, failed: Vec<String>) {
    if let Some(mut session) = lua.app_data_mut::<Session>() {
        session.failed.extend(failed);
    }
}

fn say_unfinished(grid: &Grid, session: &Session, listing: &Listing) {
    let (seen, open) = (session.grids.seen, listing.open().count());
    notice::say(&format!(
        "{}, the script's grid {seen}: {open} runs are not finished; compt sweep submit again",
        grid.name
    ));
}

/// `{ path, settings, state, error }` for each cell.
fn rows(lua: &Lua, plan: &Plan, listing: &Listing) -> mlua::Result<Table> {
    let rows = lua.create_table_with_capacity(plan.cells.len(), 0)?;
    for (cell, state) in listing.cells() {
        let row = lua.create_table()?;
        row.set("path", paths::to_lua(lua, &cell.folder)?)?;
        row.set("settings", lua.to_value_with(&cell.basis.settings, plain_tables())?)?;
        row.set("state", state.name())?;
        if let CellState::Failed(error, _) = state {
            row.set("error", error.as_str())?;
        }
        rows.raw_push(row)?;
    }
    Ok(rows)
}

/// The error that ends the script when no work remains.
fn over(lua: &Lua) -> mlua::Error {
    if let Some(mut session) = lua.app_data_mut::<Session>() {
        session.over = true;
    }
    hook::stop(lua)
}

/// An error of the call.
fn refuse(what: impl Into<String>) -> Error {
    Error::new(what).at("compt.ablate")
}

/// Converts a Lua error to a compt error.
fn told(lua: &Lua, error: &mlua::Error) -> Error {
    Error::new(Failure::in_state(lua, error).to_string())
}
