//! The house rules that can be read off the sources: who may look into whom, and where each crate
//! is at home.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src/` and those it may look into, itself included.
const ROOMS: [(&str, &[&str]); 26] = [
    ("atomic", &["error"]),
    ("error", &[]),
    ("exchange", &["atomic", "error", "intact", "notice", "run", "tensor"]),
    ("guard", &["error"]),
    ("hub", &["atomic", "error", "interrupt", "notice", "run"]),
    ("intact", &["error"]),
    ("interrupt", &[]),
    ("notice", &[]),
    ("plot", &[]),
    ("watch", &["error", "run"]),
    ("tensor", &["atomic", "error"]),
    ("nn", &["error", "tensor"]),
    ("t5", &["error", "intact", "tensor", "nn"]),
    ("prompt", &["error", "tensor", "nn"]),
    ("router", &["error", "tensor", "nn"]),
    ("compose", &["error", "tensor", "nn", "prompt", "router"]),
    ("data", &["atomic", "error", "guard", "intact", "metric"]),
    ("metric", &["error", "data"]),
    ("run", &["atomic", "error", "notice", "slurm", "tensor"]),
    ("report", &["data", "run"]),
    ("slurm", &["error"]),
    ("sweep", &["atomic", "error", "interrupt", "notice", "run", "slurm"]),
    ("backbone", &["error", "intact", "notice", "tensor", "data", "t5", "run"]),
    (
        "train",
        &[
            "error", "tensor", "nn", "t5", "prompt", "router", "compose", "data", "metric", "run",
            "backbone",
        ],
    ),
    (
        "lua",
        &[
            "atomic",
            "error",
            "guard",
            "hub",
            "exchange",
            "intact",
            "interrupt",
            "notice",
            "watch",
            "tensor",
            "nn",
            "t5",
            "prompt",
            "router",
            "compose",
            "data",
            "metric",
            "plot",
            "report",
            "run",
            "slurm",
            "sweep",
            "backbone",
            "train",
        ],
    ),
    (
        "cli",
        &[
            "atomic",
            "backbone",
            "data",
            "error",
            "exchange",
            "guard",
            "hub",
            "interrupt",
            "notice",
            "plot",
            "tensor",
            "run",
            "slurm",
            "sweep",
            "watch",
            "train",
            "lua",
        ],
    ),
];

/// Where a crate is used, and nowhere else.
const HOMES: [(&str, &str); 18] = [
    ("clap", "cli"),
    ("crc32c", "exchange/tensorboard.rs"),
    ("dejavu", "plot/png.rs"),
    ("flate2", "data"),
    ("hf_hub", "hub"),
    ("indicatif", "run"),
    ("memmap2", "t5"),
    ("mlua", "lua"),
    ("notify", "watch.rs"),
    ("parquet", "data"),
    ("resvg", "plot/png.rs"),
    ("rust_embed", "lua/stdlib.rs"),
    ("rustyline", "cli/repl/editor.rs"),
    ("sha1", "hub"),
    ("signal_hook", "interrupt.rs"),
    ("strsim", "error.rs"),
    ("tokenizers", "data"),
    ("ureq", "hub"),
];

/// Crates of tensors, of numbers and of plain data, at home everywhere.
const COMMON: [&str; 10] = [
    "comfy_table",
    "libc",
    "rand",
    "rand_chacha",
    "safetensors",
    "serde",
    "serde_json",
    "sha2",
    "tempfile",
    "tch",
];

/// Named by build.rs only, or below `tensor`.
const BINDINGS: [(&str, &str); 1] = [("torch_sys", "tensor")];

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
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let files = files("src", "rs").into_iter();
    files.filter(|(n, _)| !n.ends_with("tests.rs")).map(|(n, text)| (n, code(text))).collect()
}

/// The room a file below `src/` lies in; main.rs and lib.rs lie in none.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
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

/// Whether code uses a crate: `name::` that is no part of a longer path.
fn uses(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::"))
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn every_room_looks_only_where_it_may() {
    let rooms = BTreeMap::from(ROOMS);
    for (file, code) in sources() {
        let Some(allowed) = rooms.get(room(&file)) else {
            assert!(["main.rs", "lib.rs", "golden.rs"].contains(&file.as_str()), "{file}: no room");
            continue;
        };
        for named in rooms_named(&code) {
            let known = named == room(&file) || allowed.contains(&named);
            assert!(known, "src/{file} names crate::{named}");
        }
    }
}

#[test]
fn the_rooms_named_are_found() {
    let code = "use crate::t5::{T5, layers};\nuse crate::{Error, data::Row, nn};\ncrate::lua::f()";
    assert_eq!(rooms_named(code), ["t5", "data", "nn", "lua"]);
    assert!(uses("let x = csv::Reader::new()", "csv"));
    assert!(!uses("use crate::csv::x; my_csv::y", "csv"));
}

#[test]
fn every_crate_is_at_home() {
    let code = sources();
    for (name, home) in HOMES.into_iter().chain(BINDINGS) {
        let used: Vec<&String> =
            code.iter().filter(|(_, c)| uses(c, name)).map(|(file, _)| file).collect();
        assert!(!used.is_empty(), "nothing uses {name}");
        for file in used {
            let inside = file == home || room(file) == home;
            // main.rs calls the parser it is given.
            assert!(inside || file == "main.rs" && name == "clap", "src/{file} uses {name}");
        }
    }
}

#[test]
fn every_dependency_is_placed() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]\n").nth(1).unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap().lines();
    let placed: Vec<&str> =
        HOMES.into_iter().chain(BINDINGS).map(|(name, _)| name).chain(COMMON).collect();
    for line in dependencies.filter(|line| !line.starts_with('#') && line.contains('=')) {
        let name = line.split([' ', '=']).next().unwrap().replace('-', "_");
        assert!(
            placed.contains(&name.as_str()),
            "say in tests/all/architecture.rs where {name} is used"
        );
    }
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
            let mark = file == "exchange/peft/mod.rs" && name == "\"pt\"";
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
            "methods" => &["arguments", "library", "methods", "schedule", "torch"],
            "schedule" => &["arguments"],
            "expand" => &["arguments"],
            "grid" => &["arguments", "expand"],
            "analysis" => &["analysis", "arguments", "library", "statistics"],
            "figures" => &["analysis", "arguments", "library", "statistics"],
            "report" => &["analysis", "arguments", "figures", "library", "report"],
            "runs" => &["analysis"],
            "ablate" => &["analysis", "arguments", "expand", "library"],
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
            let generated = text.starts_with("---@meta");
            assert!(lines < 450 || generated, "{folder}/{file} has {lines} lines");
        }
    }
}
