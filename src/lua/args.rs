//! `compt.args`: the values of `--set`, and which of them the script has read.

use compt_error::nearest;
use mlua::{Function, Lua, LuaSerdeExt, MetaMethod, Table, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Stored in the state's app data.
#[derive(Clone, Default)]
struct Looks {
    /// Set by `--set` and not read yet.
    unread: Rc<RefCell<BTreeSet<String>>>,
    /// Read by the script, whether set or not.
    asked: Rc<RefCell<BTreeSet<String>>>,
}

/// The table that a script sees. Indexing and `pairs` find the values; the table itself is empty.
pub fn table(lua: &Lua, args: &serde_json::Map<String, serde_json::Value>) -> mlua::Result<Table> {
    let looks = Looks::default();
    looks.unread.borrow_mut().extend(args.keys().cloned());
    let values = lua.create_table()?;
    for (key, value) in args {
        values.raw_set(key.as_str(), lua.to_value(value)?)?;
    }
    let meta = lua.create_table()?;
    let (seen, all) = (looks.clone(), values.clone());
    let index = move |_: &Lua, (_, key): (Table, Value)| {
        if let Some(key) = key.as_string().map(|key| key.to_string_lossy()) {
            seen.unread.borrow_mut().remove(&key);
            seen.asked.borrow_mut().insert(key);
        }
        all.raw_get::<Value>(key)
    };
    meta.raw_set(MetaMethod::Index.name(), lua.create_function(index)?)?;
    let (seen, all) = (looks.clone(), values.clone());
    let next: Function = lua.globals().get("next")?;
    let pairs = move |_: &Lua, _: Table| {
        seen.unread.borrow_mut().clear();
        Ok((next.clone(), all.clone(), Value::Nil))
    };
    meta.raw_set("__pairs", lua.create_function(pairs)?)?;
    meta.raw_set(MetaMethod::NewIndex.name(), values)?;
    let proxy = lua.create_table()?;
    proxy.set_metatable(Some(meta))?;
    lua.set_app_data(looks);
    Ok(proxy)
}

/// A note for each value of `--set` that the script did not read.
pub fn unread(lua: &Lua) -> Vec<String> {
    let Some(looks) = lua.app_data_ref::<Looks>() else { return Vec::new() };
    let (unread, asked) = (looks.unread.borrow(), looks.asked.borrow());
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let note = |key: &String| match nearest(key, &asked) {
        Some(near) => format!("--set {key}: the script never looked at it; did you mean '{near}'?"),
        None => format!("--set {key}: the script never looked at it"),
    };
    unread.iter().map(note).collect()
}
