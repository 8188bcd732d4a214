//! Examples and library pass a type checker over the stubs, and wrong usage is found. It needs
//! `emmylua_check` (`cargo install --locked emmylua_check --version 0.25.1`, some minutes) and is
//! skipped aloud where that is absent.

use crate::program::pages::pages;
use crate::program::{apart, compt, root, skipped};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The diagnostics of a folder: file name, code, and line from 1. None without a checker.
fn check(folder: &Path) -> Option<Vec<(String, String, u64)>> {
    let output = apart("emmylua_check").args(["-f", "json"]).arg(folder).output();
    let Ok(output) = output else {
        skipped("no emmylua_check; the types of the stubs are not checked");
        return None;
    };
    let files: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let mut found = Vec::new();
    for file in files.as_array().into_iter().flatten() {
        let name = file["file"].as_str().unwrap().rsplit('/').next().unwrap().to_string();
        for diagnostic in file["diagnostics"].as_array().into_iter().flatten() {
            let line = diagnostic["range"]["start"]["line"].as_u64().unwrap() + 1;
            found.push((name.clone(), diagnostic["code"].as_str().unwrap_or("?").into(), line));
        }
    }
    Some(found)
}

fn copy(from: &Path, to: &Path, leave_out: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if leave_out.contains(&name.as_str()) {
            continue;
        }
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(name), leave_out),
            false if name.ends_with(".lua") => drop(fs::copy(entry.path(), to.join(name)).unwrap()),
            false => {}
        }
    }
}

fn init(folder: &Path) {
    assert!(compt(&["init"]).arg(folder).output().unwrap().status.success());
}

#[test]
fn examples_and_scripts_have_no_diagnostics() {
    let folder = TempDir::new().unwrap();
    copy(&root().join("examples"), folder.path(), &[]);
    copy(&root().join("scripts"), &folder.path().join("scripts"), &[]);
    copy(&root().join("stdlib/micro"), &folder.path().join("compt/micro"), &[]);
    init(folder.path());
    if let Some(found) = check(folder.path()) {
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// What people write: the first files of `compt init`, and values of a study that may be nil elsewhere.
#[test]
fn right_usage_has_no_diagnostics() {
    let folder = TempDir::new().unwrap();
    init(folder.path());
    assert!(folder.path().join("control.lua").is_file());
    copy(&root().join("tests/typing/right"), folder.path(), &[]);
    if let Some(found) = check(folder.path()) {
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// The scripts of README and docs/, where names that a page does not use again are none of its faults.
#[test]
fn the_pages_have_no_diagnostics() {
    let folder = TempDir::new().unwrap();
    let mut count = 0;
    for page in pages() {
        // Its examples are lines by themselves.
        let is_reference = page.name == "docs/reference.md";
        for script in page.scripts().into_iter().filter(|_| !is_reference) {
            count += 1;
            let name = page.name.replace('/', "_");
            fs::write(folder.path().join(format!("{name}_{count}.lua")), script).unwrap();
        }
    }
    assert!(count > 20, "{count} scripts");
    init(folder.path());
    if let Some(mut found) = check(folder.path()) {
        found.retain(|(_, code, _)| code != "unused");
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn the_library_has_no_diagnostics() {
    let folder = TempDir::new().unwrap();
    copy(&root().join("stdlib"), &folder.path().join("compt"), &["meta", "doc"]);
    let stubs = folder.path().join("stubs");
    copy(&root().join("tests/typing/internal"), &stubs, &[]);
    // The library is its own `compt.schedule`; of the stubs only the types are needed.
    for (from, to) in [
        ("compt.lua", "runtime.lua"),
        ("compt/torch.lua", "compt/torch.lua"),
        ("compt/schedule.lua", "schedule.lua"),
        ("compt/figures.lua", "figures.lua"),
        ("compt/report.lua", "report.lua"),
        ("compt/statistics.lua", "statistics.lua"),
    ] {
        let text = fs::read_to_string(root().join("stdlib/meta").join(from)).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        let head = if from == to { head } else { "---@meta" };
        fs::write(stubs.join(to), format!("{head}\n{rest}")).unwrap();
    }
    let settings = r#"{ "workspace.library": ["stubs"], "runtime.version": "Lua 5.4" }"#;
    fs::write(folder.path().join(".luarc.json"), settings).unwrap();
    if let Some(found) = check(folder.path()) {
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn wrong_usage_gives_the_expected_diagnostics() {
    let folder = TempDir::new().unwrap();
    let wrong = root().join("tests/typing/wrong");
    copy(&wrong, folder.path(), &[]);
    init(folder.path());
    let Some(found) = check(folder.path()) else { return };
    let mut count = 0;
    for entry in fs::read_dir(&wrong).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("-- expect: ").expect("a head");
        let expected: BTreeSet<&str> = expected.split(' ').collect();
        let last = text.lines().count() as u64;
        let own = found.iter().filter(|(file, ..)| *file == name);
        let codes: BTreeSet<&str> = own.clone().map(|(_, code, _)| code.as_str()).collect();
        assert_eq!(codes, expected, "{name}");
        assert!(own.clone().all(|(.., line)| *line == last), "{name}: not in its last line");
        count += 1;
    }
    assert!(count >= 50, "{count} files");
}
