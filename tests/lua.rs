//! Runs every `tests/lua/**/*_test.lua`. Such a file returns a table: name of a test -> function.

use compt_lua::Runtime;
use std::path::{Path, PathBuf};

fn test_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            test_files(&path, found);
        } else if path.to_string_lossy().ends_with("_test.lua") {
            found.push(path);
        }
    }
}

#[test]
fn lua_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted = std::env::var("LUA_TEST").unwrap_or_default();
    let mut files = Vec::new();
    test_files(&root.join("tests/lua"), &mut files);
    assert!(!files.is_empty(), "no test under tests/lua");
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        if !name.contains(&wanted) {
            continue;
        }
        let runtime = Runtime::new().unwrap();
        let source = std::fs::read_to_string(&file).unwrap();
        let tests: mlua::Table =
            match runtime.lua().load(source).set_name(format!("={name}")).eval() {
                Ok(tests) => tests,
                Err(e) => {
                    failed.push(format!("{name}: {e}"));
                    continue;
                }
            };
        for pair in tests.pairs::<String, mlua::Function>() {
            let (test, body) = pair.unwrap();
            match body.call::<()>(()) {
                Ok(()) => passed += 1,
                Err(e) => failed.push(format!("{name}: {test}: {e}")),
            }
        }
    }
    println!("{passed} Lua tests passed");
    assert!(failed.is_empty(), "{} Lua tests failed:\n{}", failed.len(), failed.join("\n"));
}
