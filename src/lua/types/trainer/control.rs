//! The steering of a trainer: the method's own control, and a control file or table of the user above it.

use super::CALL;
use crate::Error;
use crate::control::{ControlFile, TableControl};
use crate::options::kind;
use crate::session::Session;
use compt_core::train::control::Setting;
use compt_run::Earlier;
use compt_run::spec::ControlSpec;
use compt_run::steering::{Origin, Steering};
use mlua::debug::Debug;
use mlua::{Function, Lua, Table, Value};
use std::path::Path;

/// `own` is the method and the learning rates of its stages; `given` is nil, the path of a control file, or
/// a table of knobs. A run of an earlier process starts with the version of the file that it started with.
pub fn steering(
    lua: &Lua,
    given: &Value,
    own: (&Table, Table),
    stages: Vec<Setting>,
    earlier: Option<&Earlier>,
) -> mlua::Result<Steering> {
    let lower = own_control(lua, own, &stages)?;
    let strict = lua.app_data_ref::<Session>().is_some_and(|session| session.strict);
    let mut steering = Steering::new(Box::new(lower), ControlFile::load, stages.clone(), strict);
    match given {
        Value::Nil => {}
        Value::String(path) => {
            let origin = match earlier.and_then(Earlier::first_version) {
                Some(sources) => Origin::Recorded(sources.to_vec()),
                None => Origin::Disk,
            };
            let path = path.to_str()?.to_string();
            steering.use_file(ControlFile::load(Path::new(&path), origin, &stages).program?);
        }
        Value::Table(table) => {
            let control = TableControl::new(lua, table, &stages)?;
            let record = control.record(lua, caller(lua));
            steering.use_table(Box::new(control), record);
        }
        other => {
            return Err(Error::new(format!(
                "'control' must be a file or a table of knobs, not a {}",
                kind(other)
            ))
            .at(CALL)
            .into());
        }
    }
    Ok(steering)
}

/// The control of the user, for the specification.
pub fn spec(lua: &Lua, given: &Value) -> mlua::Result<Option<ControlSpec>> {
    match given {
        Value::String(path) => Ok(Some(ControlSpec::File(path.to_str()?.to_string()))),
        Value::Table(_) => {
            let (chunk, line) = caller(lua);
            Ok(Some(ControlSpec::Table(format!("{chunk}:{line}"))))
        }
        _ => Ok(None),
    }
}

/// The chunk and the line that this function was called from.
fn caller(lua: &Lua) -> (String, usize) {
    let place = |debug: &Debug| {
        let source = debug.source().source?.into_owned();
        let name = source.strip_prefix(['@', '=']).unwrap_or(&source).to_string();
        Some((name, debug.current_line()?))
    };
    let levels = (0..16).map_while(|level| lua.inspect_stack(level, |debug| place(debug)));
    let of_script =
        |(name, _): &(String, usize)| !["stdlib/", "__mlua"].iter().any(|of| name.starts_with(of));
    levels.flatten().find(of_script).unwrap_or(("the script".into(), 0))
}

/// The control of a method (`stdlib/methods/control.lua`).
fn own_control(
    lua: &Lua,
    (method, rates): (&Table, Table),
    stages: &[Setting],
) -> mlua::Result<TableControl> {
    let require: Function = lua.globals().get("require")?;
    let make: Function = require.call("compt.methods.control")?;
    let table: Table = make.call((method, stages[0].groups.to_vec(), rates))?;
    Ok(TableControl::new(lua, &table, stages)?)
}
