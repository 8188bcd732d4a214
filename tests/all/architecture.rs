//! The rules of the house that the compiler does not keep.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the crates `base`, `core` and `study`, each with those of its own crate that it may look into.
/// Between crates the compiler keeps the arrows.
const ROOMS: [(&str, &[&str]); 36] = [
    ("files", &["memory", "stop"]),
    ("memory", &[]),
    ("guard", &["output"]),
    ("notice", &["output", "shown"]),
    ("output", &["shown"]),
    ("shown", &[]),
    ("stop", &[]),
    ("word", &[]),
    ("names", &[]),
    ("text_table", &[]),
    ("frame", &["names"]),
    ("options", &["word"]),
    ("driver", &[]),
    ("tensor", &["files"]),
    ("nn", &["tensor", "names"]),
    ("t5", &["files", "tensor", "nn", "backbone"]),
    ("prompt", &["tensor", "nn", "options", "data", "backbone"]),
    ("router", &["tensor", "nn", "options", "names"]),
    ("compose", &["tensor", "nn", "prompt", "router"]),
    ("data", &["files", "guard", "memory", "word", "metric", "names", "stop", "text_table"]),
    ("metric", &["word"]),
    ("backbone", &["files", "tensor", "nn", "data"]),
    ("pretrained", &["files", "notice", "tensor", "data", "backbone", "t5"]),
    // What trains is of no particular model.
    (
        "train",
        &[
            "notice", "options", "tensor", "nn", "prompt", "router", "compose", "data", "metric",
            "backbone", "names",
        ],
    ),
    ("interrupt", &[]),
    ("watch", &[]),
    ("plot", &[]),
    ("slurm", &[]),
    ("progress", &[]),
    ("records", &["slurm"]),
    ("tensorboard", &["records"]),
    ("tables", &["records"]),
    ("hub", &["interrupt", "progress", "records"]),
    ("report", &["plot", "records"]),
    ("sweep", &["interrupt", "progress", "records", "slurm"]),
    ("golden", &["tensor"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with this ending below a folder, by its path below it.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    let base = root().join(folder);
    walk(&base, &mut found);
    found.sort();
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| {
            let name = path.strip_prefix(&base).unwrap().display().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The product's Rust files without their tests and comments.
fn sources() -> Vec<(String, String)> {
    let code = |text: String| {
        let product = text.split("#[cfg(test)]\n").next().unwrap();
        let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let files = files("src", "rs").into_iter();
    files.filter(|(n, _)| !n.ends_with("tests.rs")).map(|(n, text)| (n, code(text))).collect()
}

/// The room of `base`, `core` or `study` that a file below `src/` lies in.
fn room(file: &str) -> Option<&str> {
    let (name, below) = file.split_once('/')?;
    let room = below.split('/').next()?.trim_end_matches(".rs");
    (["base", "core", "study"].contains(&name) && room != "lib").then_some(room)
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The rooms that `crate::room` and `crate::{room::..., Item}` name.
fn rooms_named(code: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            named.push(identifier(rest));
            continue;
        };
        let mut depth = 0;
        let mut begin = 0;
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                ',' if depth == 0 => begin = i + 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                c if c.is_alphabetic() && list[begin..i].trim().is_empty() => {
                    named.push(identifier(&list[i..]));
                }
                _ => {}
            }
        }
    }
    // Items such as `Error` are not rooms.
    named.retain(|name| name.starts_with(char::is_lowercase));
    named
}

#[test]
fn every_room_looks_only_where_it_may() {
    let rooms = BTreeMap::from(ROOMS);
    for (file, code) in sources() {
        let Some(room) = room(&file) else { continue };
        let allowed = rooms.get(room).unwrap_or_else(|| panic!("{file}: no room"));
        for named in rooms_named(&code) {
            let known = named == room || allowed.contains(&named);
            assert!(known, "src/{file} names crate::{named}");
        }
    }
}

#[test]
fn the_rooms_named_are_found() {
    let code = "use crate::t5::{T5, layers};\nuse crate::{Error, data::Row, nn};\ncrate::lua::f()";
    assert_eq!(rooms_named(code), ["t5", "data", "nn", "lua"]);
}

#[test]
fn rust_knows_no_method_by_name() {
    for (file, code) in sources() {
        for name in [
            "\"ssum\"",
            "\"msum\"",
            "\"mcat\"",
            "\"pt\"",
            "\"lora\"",
            "\"bitfit\"",
            "\"mpt\"",
            "\"mp2\"",
            "\"spot\"",
            "\"dept\"",
            "\"adapters\"",
            "Ssum",
            "Msum",
            "Mcat",
        ] {
            // PyTorch's mark on a file.
            let mark = file == "run/exchange/peft/mod.rs" && name == "\"pt\"";
            assert!(mark || !code.contains(name), "src/{file} names the method {name}");
        }
    }
}

#[test]
fn the_library_s_modules_keep_their_order() {
    let required = |text: &str| -> Vec<String> {
        let calls = text.match_indices("require").map(|(at, word)| {
            let rest = text[at + word.len()..].trim_start_matches([' ', '(', '"', '\'']);
            identifier(rest.strip_prefix("compt.").unwrap_or_default()).to_string()
        });
        calls.filter(|name| !name.is_empty()).collect()
    };
    for (file, text) in files("stdlib", "lua") {
        let named = required(&text);
        let room = file.split('/').next().unwrap().trim_end_matches(".lua");
        let allowed: &[&str] = match room {
            "init" => &["native", "session", "library", "methods", "schedule"],
            // `micro` has the random numbers that are the same on every machine.
            "methods" => &["arguments", "library", "methods", "micro", "schedule", "torch"],
            "schedule" => &["arguments"],
            "expand" => &["arguments"],
            "grid" => &["arguments", "expand"],
            "history" => &["arguments"],
            "analysis" => &["analysis", "arguments", "library", "statistics"],
            "figures" => &["analysis", "arguments", "figures", "library", "statistics", "torch"],
            "report" => &["analysis", "arguments", "figures", "library", "report", "statistics"],
            "runs" => &["analysis"],
            "statistics" => &["arguments", "micro", "statistics"],
            "check_device" => &["methods", "native", "torch"],
            "rebuild" => &["methods", "native"],
            "ablate" => &["analysis", "arguments", "cell_file", "expand", "library"],
            "search" => &["analysis", "arguments", "cell_file", "library", "micro", "search"],
            "curriculum" => &["arguments", "schedule"],
            "tasks" => &["hub_datasets", "native", "tasks", "micro"],
            "micro" => &["native", "micro"],
            // They only tell of modules.
            "doc" | "meta" => continue,
            _ => &["native", "torch"],
        };
        for name in named {
            assert!(allowed.contains(&name.as_str()), "stdlib/{file} requires compt.{name}");
        }
    }
}

#[test]
fn files_are_short() {
    for folder in ["src", "stdlib", "tests", "examples", "scripts"] {
        for (file, text) in files(folder, "rs").into_iter().chain(files(folder, "lua")) {
            let lines = text.lines().count();
            let generated = text.starts_with("---@meta") || file.starts_with("golden/");
            assert!(lines < 450 || generated, "{folder}/{file} has {lines} lines");
        }
    }
}
