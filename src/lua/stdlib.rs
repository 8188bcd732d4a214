//! The library's Lua files: embedded in the binary, or read from the folder `$COMPT_STDLIB` if it is
//! set, for work on the library itself.

use crate::Error;
use mlua::{FromLuaMulti, Lua};
use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../stdlib"]
struct Files;

/// A file of the standard library, by its path below `stdlib/`.
pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    match std::env::var_os("COMPT_STDLIB") {
        Some(folder) => {
            std::fs::read(std::path::Path::new(&folder).join(path)).ok().map(Cow::Owned)
        }
        None => Files::get(path).map(|file| file.data),
    }
}

/// The path of a module: `compt` is `init.lua`, `compt.a.b` is `a/b.lua` or `a/b/init.lua`.
pub fn module(name: &str) -> Option<(String, Cow<'static, [u8]>)> {
    let stem = match name.strip_prefix("compt") {
        Some("") => "init".to_string(),
        Some(rest) => rest.strip_prefix('.')?.replace('.', "/"),
        None => return None,
    };
    [format!("{stem}.lua"), format!("{stem}/init.lua")]
        .into_iter()
        .find_map(|path| file(&path).map(|bytes| (path, bytes)))
}

/// Runs a file of the standard library and returns its results.
pub fn load<T: FromLuaMulti>(lua: &Lua, path: &str) -> mlua::Result<T> {
    let source = file(path).ok_or_else(|| Error::new(format!("no file stdlib/{path} in compt")))?;
    lua.load(&source[..]).set_name(format!("=stdlib/{path}")).eval()
}

/// The public modules, sorted; the others are internal.
pub const MODULES: [&str; 8] = [
    "compt",
    "compt.curriculum",
    "compt.figures",
    "compt.methods",
    "compt.report",
    "compt.schedule",
    "compt.statistics",
    "compt.torch",
];

/// The names of the modules directly below a folder, sorted: `glue` for `tasks/glue.lua`.
pub fn modules_in(folder: &str) -> Vec<String> {
    let name = |path: &str| {
        let name = path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".lua")?;
        (!name.contains('/')).then(|| name.to_string())
    };
    let mut names: Vec<String> = match std::env::var_os("COMPT_STDLIB") {
        Some(root) => std::fs::read_dir(std::path::Path::new(&root).join(folder))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| name(&format!("{folder}/{}", entry.file_name().to_str()?)))
            .collect(),
        None => Files::iter().filter_map(|path| name(&path)).collect(),
    };
    names.sort();
    names
}
