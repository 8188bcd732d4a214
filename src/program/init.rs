//! `compt init`: sets up a folder for editors and type checkers.

use super::{errors, stubs};
use crate::{Error, Result};
use compt_base::files::json::write_json;
use compt_base::output;
use compt_error::Context;
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The folder of the stubs.
const STUBS: &str = ".compt/stubs";

/// Writes the stubs and adds them to `.luarc.json`; its other settings are kept.
pub fn init(folder: &Path) -> ExitCode {
    errors::exit(set_up(folder).map(|()| {
        output::line(format!("{}: .luarc.json and {STUBS} written", folder.display()));
        output::line(
            "Editors with a Lua language server now complete and check `compt` and `torch`.",
        );
    }))
}

fn set_up(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).at(folder.display())?;
    stubs::write(&folder.join(STUBS))?;
    let path = folder.join(".luarc.json");
    let settings = match std::fs::read_to_string(&path) {
        Ok(text) => read(&text).map_err(|e| e.at(path.display()))?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Map::new(),
        Err(e) => return Err(Error::from(e).at(path.display())),
    };
    write_json(&path, &with_stubs(settings).into())
}

fn read(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|e| {
        Error::new(e.to_string())
            .hint("repair the file, or move it away and run `compt init` again")
    })
}

/// The settings with the stubs' folder as a library and Lua 5.4 as the version.
fn with_stubs(mut settings: Map<String, Value>) -> Map<String, Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut libraries = list(settings.get("workspace.library"));
    if !libraries.iter().any(|library| library == STUBS) {
        libraries.push(STUBS.into());
    }
    settings.insert("workspace.library".into(), libraries.into());
    settings.entry("runtime.version").or_insert(json!("Lua 5.4"));
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
