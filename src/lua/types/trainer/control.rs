//! Who answers for the settings of each step: the method, under a control of the user's own.

use super::CALL;
use super::earlier::Earlier;
use crate::Error;
use crate::control::{ControlFile, Live, Origin, TableControl};
use crate::options::kind;
use crate::session::Session;
use compt_core::train::control::Setting;
use mlua::debug::Debug;
use mlua::{Function, Lua, Table, Value};
use std::path::Path;

/// `own` is the method and the learning rates of its stages; `given` is nil, the path of a control file, or a table of knobs. A run that was made before
/// begins with the version of the file it began with.
pub fn control(
    lua: &Lua,
    given: &Value,
    own: (&Table, Table),
    stages: Vec<Setting>,
    earlier: Option<&Earlier>,
) -> mlua::Result<Live> {
    let lower = own_control(lua, own, &stages)?;
    let strict = lua.app_data_ref::<Session>().is_some_and(|session| session.strict);
    let mut live = Live::new(lower, stages.clone(), strict);
    match given {
        Value::Nil => {}
        Value::String(path) => {
            let origin = match earlier.and_then(Earlier::first_version) {
                Some(sources) => Origin::Recorded(sources.to_vec()),
                None => Origin::Disk,
            };
            let path = path.to_str()?.to_string();
            live.use_file(ControlFile::load(Path::new(&path), origin, &stages)?);
        }
        Value::Table(table) => {
            let control = TableControl::new(lua, table, &stages)?;
            let record = control.record(lua, caller(lua));
            live.use_table(control, record);
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
    Ok(live)
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

/// The control a method brings along (`stdlib/methods/control.lua`).
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
