//! Records of a run with another content than compt wrote: lists, reports, exports and merged grids name the run and
//! go on with the others, and what needs the run is refused. Each value of each JSON file is replaced, removed, or
//! nested, or the text is cut or changed. COMPT_FUZZ says how many mutations of each file (24; `make figures` takes
//! 10,000), COMPT_FUZZ_SEED where to start; every 100th mutation also goes through the commands themselves.

use crate::program::damage::{mutated, number};
use crate::program::{Study, alone};
use compt_base::notice;
use compt_lua::Runtime;
use compt_lua::reopen::{Aim, Opened, Request, open};
use compt_lua::session::Session;
use compt_run::EvaluationOptions;
use compt_study::records::catalog::{Entry, State, find};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

const RUN: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 3, progress = false, checkpoint_every = 1, control = "control.lua",
  evaluate_every = 2, evaluate_limit = 2,
  tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3" }, shots = 4, seed = 1, max_test = 2 }),
  method = compt.methods.ssum { sources = 2, length = 3 },
}
t:step()
t:set("lr.private", 0.5)
t:run()
t:evaluate("test", { only = "src0" })
t:evaluate "test"
"#;

const GRID: &str = r#"
local compt = require "compt"
local runs = compt.ablate {
  grid = { method = { "a", "b" }, seed = { 1, 2 } },
  run = function(s)
    return { average = s.seed, scores = { rte = { accuracy = 10 * s.seed, f1 = 3 } } }
  end,
}
print(compt.report.table(runs))
"#;

/// A plain run with every kind of record, another beside it, and a grid.
fn study() -> Study {
    let study = Study::new(&[
        ("run.lua", RUN),
        ("grid.lua", GRID),
        ("control.lua", "return { clip = 0.9 }"),
    ]);
    let run = |arguments: &[&str]| {
        let (code, _, err) = study.run(arguments);
        assert_eq!(code, 0, "{err}");
    };
    run(&["run", "run.lua", "--out", "runs/first"]);
    run(&["run", "run.lua", "--out", "runs/second"]);
    run(&["sweep", "plan", "grid.lua", "--out", "runs/grid"]);
    run(&["sweep", "run", "runs/grid/plan.jsonl"]);
    run(&["runs", "tag", "good", "runs/first"]);
    study
}

/// The JSON files below a folder, packed ones too.
fn records(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let is_claim = folder.ends_with("claims");
        if path.is_dir() {
            records(&path, found);
        } else if is_claim || [".json", ".jsonl", ".jsonl.gz"].iter().any(|e| name.ends_with(e)) {
            found.push(path);
        }
    }
    found.sort();
}

/// The number of values in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value with this number, counted from the outside.
fn replace(value: &mut Value, place: &mut usize, with: &Value) {
    if *place == 0 {
        *value = with.clone();
    }
    *place = place.wrapping_sub(1);
    match value {
        _ if *place > isize::MAX as usize => {}
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, place, with)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, place, with)),
        _ => {}
    }
}

/// What takes the place of a value; texts that JSON has no value for stand in quotes.
const PUT: [&str; 22] = [
    "null",
    "true",
    "0",
    "5",
    "-1",
    "0.5",
    "1e308",
    "\"1e999\"",
    "18446744073709551615",
    "\"99999999999999999999999999999\"",
    "\"\"",
    "\"text\"",
    "\"../../..\"",
    "\"\\u0000\\u001b[2J\\n\"",
    "[]",
    "[1]",
    "[null]",
    "[\"a\"]",
    "{}",
    "{\"a\":1}",
    "{\"a\":{\"b\":\"c\"}}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
];

/// The marks in quotes that stand for text that is no JSON.
const MARKS: [(&str, &str); 3] = [
    ("\"1e999\"", "1e999"),
    ("\"99999999999999999999999999999\"", "99999999999999999999999999999"),
    ("\"<deep>\"", "["),
];

const GONE: &str = "<gone>";

/// Removes the values that were replaced by [`GONE`].
fn remove(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.retain(|value| value != GONE);
            list.iter_mut().for_each(remove);
        }
        Value::Object(map) => {
            map.retain(|_, value| value != GONE);
            map.values_mut().for_each(remove);
        }
        _ => {}
    }
}

/// A record with one value replaced or removed, or with other bytes.
fn damaged(random: &mut ChaCha8Rng, whole: &[u8]) -> Vec<u8> {
    if random.random_bool(0.2) {
        return mutated(random, whole);
    }
    let text = String::from_utf8(whole.to_vec()).unwrap();
    let is_one = serde_json::from_str::<Value>(&text).is_ok();
    let mut lines: Vec<String> = match is_one {
        true => vec![text],
        false => text.lines().map(String::from).collect(),
    };
    let Some(line) = lines.choose_mut(random) else {
        return PUT.choose(random).unwrap().as_bytes().into();
    };
    let mut value: Value = serde_json::from_str(line).unwrap();
    let mut place = random.random_range(0..count(&value));
    if random.random_bool(0.1) {
        replace(&mut value, &mut place, &json!(GONE));
        remove(&mut value);
    } else if random.random_bool(0.05) {
        replace(&mut value, &mut place, &json!("<deep>"));
    } else {
        let with: Value = serde_json::from_str(PUT.choose(random).unwrap()).unwrap();
        replace(&mut value, &mut place, &with);
    }
    *line = value.to_string();
    for (mark, text) in MARKS {
        let deep = if mark == "\"<deep>\"" { text.repeat(3000) } else { text.to_string() };
        *line = line.replace(mark, &deep);
    }
    let end = if is_one { "" } else { "\n" };
    (lines.join("\n") + end).into_bytes()
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut whole = Vec::new();
        GzDecoder::new(&bytes[..]).read_to_end(&mut whole).unwrap();
        bytes = whole;
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    let is_packed = path.extension().is_some_and(|ending| ending == "gz");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(path, if is_packed { &packed } else { bytes }).unwrap();
}

/// The run or cell that a record belongs to.
fn run_of(record: &Path) -> PathBuf {
    let is_run = |path: &&Path| path.join("cell.json").exists() || path.join("script.lua").exists();
    record.ancestors().skip(1).find(is_run).unwrap().to_path_buf()
}

/// The library's functions behind the lists, the report and the evaluation.
fn through_functions(study: &Study, run: &Path, all: &[(PathBuf, State)], evaluates: bool) {
    let entries = find(&[study.path("runs")]).unwrap();
    let states: Vec<(PathBuf, State)> =
        entries.iter().map(|entry| (entry.path.clone(), entry.state)).collect();
    for other in all.iter().filter(|(path, _)| path != run) {
        assert!(states.contains(other), "{other:?} is not in {states:?}");
    }
    assert!(states.iter().any(|(path, _)| path == run) || !run.join("result.json").exists());
    for entry in &entries {
        let _ = (entry.summary().to_string(), entry.all_settings(), entry.scores());
        let _ = (entry.metrics(), entry.evaluations(), entry.config());
    }
    let page = study.path("page.html");
    let _ = fs::remove_file(&page);
    let runtime = Runtime::with_session(Session::default()).unwrap();
    let written = runtime.report(&[study.path("runs")], &page, None);
    written.unwrap_or_else(|failure| panic!("the report ends: {failure}"));
    let text = fs::read_to_string(&page).unwrap();
    for (other, _) in all.iter().filter(|(path, _)| path != run) {
        let named = format!("\"path\":\"{}\"", other.display());
        assert!(text.contains(&named), "{named} is not in the report");
    }
    let damage = Entry::read(run).filter(|entry| entry.damage().is_some());
    if damage.is_some() {
        assert!(!text.contains(&format!("\"path\":\"{}\"", run.display())), "it is left out");
    }
    if evaluates {
        evaluate(run);
    }
}

fn evaluate(run: &Path) {
    let options = EvaluationOptions { limit: Some(1), ..EvaluationOptions::default() };
    let aim = Aim::Evaluate(Box::new(options));
    let Aim::Evaluate(options) = &aim else { unreachable!() };
    let request = Request { run, aim: aim.clone(), device: None, backbone: None };
    match open(&request) {
        Ok(Opened::Rebuilt(rebuilt)) => drop(rebuilt.with(|run| {
            run.begin()?;
            run.evaluate(options)
        })),
        Ok(Opened::Script(_)) => {}
        Err(e) => assert!(!e.to_string().is_empty() && e.to_string().len() < 4000, "{e}"),
    }
}

/// The commands, from outside.
fn through_commands(study: &Study, run: &Path, all: &[(PathBuf, State)]) {
    let name = |path: &Path| path.strip_prefix(study.0.path()).unwrap().display().to_string();
    let damaged = Entry::read(run).filter(|e| e.damage().is_some()).is_some();
    let (run, other) =
        (name(run), if run.ends_with("first") { "runs/second" } else { "runs/first" });
    let plan = "runs/grid/plan.jsonl";
    let commands: [(&[&str], &[i32]); 9] = [
        (&["runs"], &[0]),
        (&["runs", "--json"], &[0]),
        (&["runs", "--where", "method=ssum"], &[0]),
        (&["runs", "compare", &run, other], &[0, 2]),
        (&["runs", "export", "runs", "--jsonl"], &[0]),
        (&["report", "runs"], &[0]),
        (&["eval", &run, "--limit", "1"], &[0, 1, 2]),
        (&["sweep", "status", plan], &[0]),
        (&["sweep", "merge", plan], &[0, 1]),
    ];
    for (arguments, codes) in commands {
        let (code, out, err) = study.run(arguments);
        assert!(codes.contains(&code), "{arguments:?}: {code}: {err}");
        assert!(
            !err.contains("internal error") && !err.contains("panicked"),
            "{arguments:?}: {err}"
        );
        let listed = match arguments {
            ["runs"] | ["runs", "--json"] => out,
            ["report", _] => study.text("report.html"),
            _ => continue,
        };
        for (path, _) in all.iter().filter(|(path, _)| name(path) != run) {
            assert!(listed.contains(&name(path)), "{arguments:?} lacks {}", path.display());
        }
        if damaged && arguments[0] == "report" {
            let named = err.lines().filter(|line| line.contains(&run)).count();
            assert_eq!(named, 1, "{run} is named once: {err}");
        }
    }
}

#[test]
fn a_damaged_record_ends_no_list() {
    alone(|| {
        let mut random = ChaCha8Rng::seed_from_u64(number("COMPT_FUZZ_SEED", 1));
        let mutations = number("COMPT_FUZZ", 24);
        let study = study();
        let all: Vec<(PathBuf, State)> =
            find(&[study.path("runs")]).unwrap().into_iter().map(|e| (e.path, e.state)).collect();
        assert!(all.len() == 6 && all.iter().all(|run| run.1 == State::Finished), "{all:?}");
        let mut files = Vec::new();
        records(&study.path("runs/first"), &mut files);
        let cell = all.iter().find(|run| run.0.starts_with(study.path("runs/grid"))).unwrap();
        records(&cell.0, &mut files);
        assert!(files.len() >= 12, "{files:?}");
        // Their texts are looked at in the commands' output.
        notice::divert(Some(Box::new(|_| {})));
        for file in &files {
            let (whole, run) = (unpacked(file), run_of(file));
            for i in 0..mutations {
                let bytes = damaged(&mut random, &whole);
                write(file, &bytes);
                let is_plain = run.ends_with("first");
                let done = catch_unwind(AssertUnwindSafe(|| {
                    through_functions(&study, &run, &all, is_plain && i % 8 == 0);
                    if i % 100 == 7 {
                        through_commands(&study, &run, &all);
                    }
                }));
                let kept = std::env::temp_dir().join("compt-damaged");
                if done.is_err() {
                    fs::write(&kept, &bytes).unwrap();
                    panic!("{}, number {i}, kept as {}", file.display(), kept.display());
                }
            }
            write(file, &whole);
            println!(
                "{}: {mutations} mutations",
                file.strip_prefix(study.0.path()).unwrap().display()
            );
        }
    });
}
