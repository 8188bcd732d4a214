//! `compt init`: sets up a folder for editors and type checkers, and an empty one with a first study.

use super::{errors, stubs};
use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::files::json::write_json;
use compt_base::output;
use compt_error::Context;
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The folder of the stubs.
const STUBS: &str = ".compt/stubs";

/// The files of a folder without Lua files. They are typed: an editor checks what is changed in them.
const FIRST: [(&str, &str); 4] = [
    ("study.lua", include_str!("study.lua")),
    ("control.lua", include_str!("control.lua")),
    ("method.lua", include_str!("method.lua")),
    ("operator.lua", include_str!("operator.lua")),
];

/// Writes the stubs and adds them to `.luarc.json`; its other settings are kept.
pub fn init(folder: &Path) -> ExitCode {
    errors::exit(set_up(folder).map(|is_first| {
        output::line(format!("{}: .luarc.json and {STUBS} written", folder.display()));
        if is_first {
            let names: Vec<&str> = FIRST.iter().map(|(name, _)| *name).collect();
            output::line(format!("{}: {} written", folder.display(), names.join(", ")));
        }
        output::line(
            "Editors with a Lua language server now complete and check `compt` and `torch`.",
        );
    }))
}

/// Whether the first files were written, too.
fn set_up(folder: &Path) -> Result<bool> {
    std::fs::create_dir_all(folder).at(folder.display())?;
    stubs::write(&folder.join(STUBS))?;
    let path = folder.join(".luarc.json");
    let settings = match std::fs::read_to_string(&path) {
        Ok(text) => read(&text).map_err(|e| e.at(path.display()))?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Map::new(),
        Err(e) => return Err(Error::from(e).at(path.display())),
    };
    write_json(&path, &with_stubs(settings).into())?;
    let mut entries = std::fs::read_dir(folder).at(folder.display())?.flatten();
    if entries.any(|entry| entry.path().extension().is_some_and(|extension| extension == "lua")) {
        return Ok(false);
    }
    for (name, text) in FIRST {
        write_atomic(&folder.join(name), text.as_bytes())?;
    }
    Ok(true)
}

fn read(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|e| {
        Error::new(e.to_string())
            .hint("repair the file, or move it away and run `compt init` again")
    })
}

/// The settings with the stubs' folder as a library and Lua 5.4 as the version. An element of a list is not taken for
/// nil, and the copies of scripts in the folders of runs are not checked.
fn with_stubs(mut settings: Map<String, Value>) -> Map<String, Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut libraries = list(settings.get("workspace.library"));
    if !libraries.iter().any(|library| library == STUBS) {
        libraries.push(STUBS.into());
    }
    settings.insert("workspace.library".into(), libraries.into());
    settings.entry("runtime.version").or_insert(json!("Lua 5.4"));
    settings.entry("strict.arrayIndex").or_insert(json!(false));
    settings.entry("workspace.ignoreDir").or_insert(json!(["runs"]));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".luarc.json");
        std::fs::write(
            &path,
            "{ \"diagnostics.globals\": [\"vim\"], \"workspace.library\": [\"x\"] }",
        )
        .unwrap();
        set_up(folder.path()).unwrap();
        set_up(folder.path()).unwrap();
        let settings = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(settings["workspace.library"], json!(["x", STUBS]));
        assert_eq!(settings["diagnostics.globals"], json!(["vim"]));
        assert!(folder.path().join(STUBS).join("compt/torch.lua").is_file());
        assert!(folder.path().join("control.lua").is_file());
    }

    #[test]
    fn a_folder_with_lua_files_gets_no_others() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.lua"), "").unwrap();
        assert!(!set_up(folder.path()).unwrap());
        assert!(!folder.path().join("study.lua").exists());
    }

    #[test]
    fn a_broken_file_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".luarc.json");
        for content in [&b"{ // a comment\n}"[..], b"\xff\xfe{}"] {
            std::fs::write(&path, content).unwrap();
            assert!(set_up(folder.path()).unwrap_err().to_string().contains(".luarc.json"));
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
    }
}
