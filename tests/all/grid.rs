//! Grids of runs: `compt.ablate` in one process, in several, stopped and gone on with.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// Nothing is trained: a cell notes that it was run, and takes its time.
const COUNTING: &str = r#"
local compt = require "compt"
local runs = compt.ablate {
  grid = { x = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, seed = { 1, 2, 3, 4 } },
  run = function(s)
    local file = assert(io.open("ran.txt", "a"))
    file:write(("%d %d\n"):format(s.x, s.seed))
    file:close()
    local stop = os.clock() + 0.02
    while os.clock() < stop do end
    return { average = s.x + s.seed / 10 }
  end,
}
print(compt.report.table(runs, { rows = "x" }))
"#;

#[test]
fn no_two_of_32_processes_run_the_same_cell() {
    let study = Study::new(&[("study.lua", COUNTING)]);
    let start = || {
        let mut command = compt(&["run", "study.lua"]);
        command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let all: Vec<_> = (0..32).map(|_| start()).collect();
    let told: Vec<_> = all.into_iter().map(|one| read(one.wait_with_output().unwrap())).collect();
    for (code, out, err) in &told {
        assert_eq!(*code, 0, "{err}");
        assert_eq!(*out, told[0].1, "every one waits for the others' runs");
    }
    let ran = study.text("ran.txt");
    let mut lines: Vec<&str> = ran.lines().collect();
    lines.sort();
    assert_eq!(lines.len(), 40);
    lines.dedup();
    assert_eq!(lines.len(), 40, "no cell ran twice");
    assert!(told[0].1.contains("40 runs, 4 seeds (1, 2, 3, 4)"), "{}", told[0].1);
}

const FAILING: &str = r#"
local compt = require "compt"
local runs = compt.ablate {
  settings = { file = "./flag.txt" }, files = { "file" },
  grid = { method = { "a", "b" }, seed = { 1, 2 } },
  derive = function(s) if s.method == "a" then return { file = "none" } end end,
  run = function(s)
    if s.method == "b" and s.seed == 2 then
      if os.getenv "QUIT" then os.exit(3) end
      if not os.getenv "MENDED" then error "no luck" end
    end
    return { average = s.seed }
  end,
}
local t = compt.report.table(runs, { rows = "method", baseline = "a" })
print(t)
t:save "out/table.tex"
"#;

#[test]
fn a_failed_run_is_recorded_and_the_others_go_on() {
    let study = Study::new(&[("study.lua", FAILING), ("flag.txt", "1")]);
    for jobs in ["1", "3"] {
        let (code, out, err) = study.run(&["run", "study.lua", "--jobs", jobs]);
        assert_eq!(code, 1, "{err}");
        assert!(
            err.contains("failed: study.lua:10: no luck") && err.contains("a run failed"),
            "{err}"
        );
        assert!(out.contains("1.0 (n=1)") && out.contains("1 run is missing"), "{out}");
        assert!(out.contains("seed=2 (failed: study.lua:10: no luck)"), "{out}");
    }
    assert!(study.text("out/table.tex").contains("\\toprule"));
    let (code, out, _) = study.run(&["runs", "--state", "failed"]);
    assert!(code == 0 && out.contains("no luck"), "{out}");

    // The others are not run again; the failed one is.
    let modified =
        |name: &str| fs::metadata(study.path(name).join("cell.json")).unwrap().modified().unwrap();
    let cells = finished(&study);
    let before: BTreeMap<_, _> = cells.iter().map(|name| (name.clone(), modified(name))).collect();
    let mended = |name: &str, arguments: &[&str]| {
        let output = compt(arguments).current_dir(study.0.path()).env(name, "1").output();
        read(output.unwrap())
    };
    let (code, _, err) = mended("QUIT", &["run", "study.lua", "--jobs", "2"]);
    assert!(code == 1 && err.contains("its process was killed or crashed"), "{code} {err}");
    let (code, out, err) = mended("MENDED", &["run", "study.lua"]);
    assert!(code == 0 && out.contains("4 runs, 2 seeds"), "{out}{err}");
    assert!(
        cells.iter().all(|name| modified(name) == before[name]),
        "finished ones were run again"
    );

    // Another content of a file that settings name, or another script, is another run.
    let plan = |study: &Study| study.run(&["run", "study.lua", "--dry-run"]).1;
    assert!(
        plan(&study).contains("4 finished, 0 to run: all runs are finished"),
        "{}",
        plan(&study)
    );
    fs::write(study.path("flag.txt"), "2").unwrap();
    assert!(plan(&study).contains("2 finished, 2 to run: about"), "{}", plan(&study));
    fs::write(study.path("study.lua"), FAILING.replace("average = s.seed", "average = 2 * s.seed"))
        .unwrap();
    assert!(plan(&study).contains("0 finished, 4 to run"), "{}", plan(&study));
}

/// The folders of finished cells.
fn finished(study: &Study) -> Vec<String> {
    let (_, out, _) = study.run(&["runs", "--state", "finished", "--json"]);
    let path = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["path"].as_str().unwrap().to_string()
    };
    out.lines().map(path).collect()
}

const TRAINING: &str = r#"
local compt, small = require "compt", require "small"
local runs = compt.ablate {
  settings = { steps = 40 },
  grid = { method = { "pt", "ssum" }, seed = { 1, 2 } },
  run = function(s)
    local method = s.method == "pt" and compt.methods.pt { alone = false, length = 2 }
      or compt.methods.ssum { sources = 2, length = 2 }
    local t = small.trainer { method = method, steps = s.steps, seed = s.seed, checkpoint_every = 5, progress = false }
    t:run()
    local after = small.trainer { name = "after", method = method, steps = 2, seed = s.seed, progress = false }
    return { average = t:evaluate("test").average, random = math.random(1000000), loss = after:step().loss }
  end,
}
for _, run in ipairs(runs) do print(run.settings.method, run.settings.seed, run.values.random, run.values.loss) end
"#;

/// The losses of all runs of a grid, by their settings.
fn losses(study: &Study) -> BTreeMap<String, Vec<String>> {
    let runs = study.run(&["runs", "grid", "--json"]).1;
    let of = |line: &str| {
        let run: Value = serde_json::from_str(line).unwrap();
        let path = run["path"].as_str().unwrap();
        let lines = study.text(&format!("{path}/metrics.jsonl"));
        let loss = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].to_string();
        (run["settings"].to_string(), lines.lines().map(loss).collect())
    };
    runs.lines().map(of).collect()
}

#[test]
fn a_grid_that_is_stopped_goes_on_as_if_it_had_not_been() {
    let whole = Study::small(TRAINING);
    let (code, wanted, err) = whole.run(&["run", "study.lua", "--out", "grid"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(losses(&whole).len(), 4);

    let study = Study::small(TRAINING);
    let mut command = compt(&["run", "study.lua", "--out", "grid", "--jobs", "2"]);
    command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = || walk(&study).iter().any(|path| path.ends_with("checkpoints"));
    for _ in 0..600 {
        if begun() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // SAFETY: a plain system call on the child's own number.
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    let (code, _, err) = read(child.wait_with_output().unwrap());
    assert!(code == 143 && err.contains("interrupted"), "{code} {err}");
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "grid", "--jobs", "2"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out, wanted);
    let (_, list, _) = study.run(&["runs", "grid"]);
    assert!(list.contains("4 finished"), "{list}");
    assert_eq!(
        losses(&study),
        losses(&whole),
        "losses of a stopped grid are those of an unbroken one"
    );

    // A cell is a run like any other.
    let path =
        study.run(&["runs", "grid", "--where", "method=ssum", "--where", "seed=2", "--json"]).1;
    let cell: Value = serde_json::from_str(path.lines().next().unwrap()).unwrap();
    let path = cell["path"].as_str().unwrap();
    let (code, out, err) = study.run(&["eval", path, "--json"]);
    let again: Value = serde_json::from_str(&out).unwrap_or_default();
    assert!(code == 0 && again["average"] == cell["average"], "{out}{err}");
    let (code, out, err) = study.run(&["replay", path]);
    assert!(code == 0 && out.contains("every loss identical"), "{out}{err}");
    let (code, _, err) = study.run(&["resume", path]);
    assert_eq!(code, 0, "{err}");
}

/// All folders below a study's.
fn walk(study: &Study) -> Vec<String> {
    fn below(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                found.push(entry.path().display().to_string());
                below(&entry.path(), found);
            }
        }
    }
    let mut found = Vec::new();
    below(study.0.path(), &mut found);
    found
}

const FAMILY: &str = r#"
local compt = require "compt"
local shared = require "shared"
local cell = require "cell"
local runs = compt.ablate { grid = { data = { "rows" }, seed = { 1, 2 } }, run = cell }
print(runs, shared.x, runs[1].values, compt.report.table(runs, { rows = "data", value = function(run) return run.values end }))
"#;

#[test]
fn what_decides_a_cell_s_numbers_makes_it_another() {
    let study = Study::new(&[
        ("study.lua", FAMILY),
        (
            "cell.lua",
            "local shared = require 'shared'\nreturn function(s) require 'late'; return shared.x + s.seed end",
        ),
        ("shared.lua", "return { x = 1 }"),
        ("late.lua", "return 1"),
        ("rows/train.csv", "1"),
    ]);
    let left = |arguments: &[&str]| {
        let (_, out, _) = study.run(&[&["run", "study.lua", "--dry-run"], arguments].concat());
        out.split(" finished, ").nth(1).unwrap().split(" to run").next().unwrap().to_string()
    };
    assert_eq!(left(&[]), "2");
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert!(code == 0 && out.starts_with("2 runs: 2 finished\t1\t2"), "{out}{err}");
    assert!(out.contains("2.5 ± 0.7"), "{out}");
    assert_eq!(left(&[]), "0");
    assert_eq!((left(&["--set", "k=2"]), left(&["--device", "cpu"])), ("2".into(), "2".into()));
    assert_eq!(left(&["--seed", "3"]), "0", "the cells have seeds of their own");
    // Required by a file that was loaded before, when it runs, and data named without a slash.
    for (name, other) in
        [("shared.lua", "return { x = 2 }"), ("late.lua", "return 2"), ("rows/train.csv", "2")]
    {
        let before = study.text(name);
        fs::write(study.path(name), other).unwrap();
        assert_eq!(left(&[]), "2", "{name}");
        let (_, out, _) = study.run(&["run", "study.lua", "--dry-run"]);
        assert!(out.contains("2 of the 2 runs to make were made before"), "{out}");
        fs::write(study.path(name), before).unwrap();
        assert_eq!(left(&[]), "0", "{name}");
    }
    // What only the script itself says is no part of them.
    fs::write(study.path("study.lua"), format!("{FAMILY}print 'more'")).unwrap();
    assert_eq!(left(&[]), "0");
    let trains = "local small = require 'small'\nsmall.trainer({ steps = 2 }):run()";
    let plain = Study::small(trains);
    let (code, _, err) = plain.run(&["run", "study.lua", "--dry-run"]);
    assert!(code == 1 && err.contains("trains outside of a grid"), "{err}");
}

/// `args = false`: the cells read their settings only, so a stopped one goes on with other values of `--set`.
#[test]
fn a_stopped_cell_goes_on_with_other_arguments_where_they_do_not_count() {
    const SCRIPT: &str = r#"
local compt = require "compt"
local runs = compt.ablate {
  grid = { seed = { 1 } }, args = ARGS,
  run = function(s)
    local t = compt.trainer {
      backbone = compt.backbone "micro", tasks = compt.tasks("micro", { shots = 4, max_test = 2, tasks = { "nli2", "nli3" } }),
      method = compt.methods.pt { length = 2 }, steps = 4, batch_size = 2, seed = s.seed,
    }
    t:step()
    if os.getenv "QUIT" then os.exit(3) end
    t:run()
    return t:evaluate "test"
  end,
}
print(compt.args.title, runs[1].state)
"#;
    // Where arguments count, other ones make another cell.
    for (args, cells) in [("false", 1), ("true", 2)] {
        let study = Study::new(&[("study.lua", &SCRIPT.replace("ARGS", args))]);
        let run = |title: &str, quit: bool| {
            let mut command = compt(&["run", "study.lua", "--set", title]);
            command.current_dir(study.0.path());
            if quit {
                command.env("QUIT", "1");
            }
            read(command.output().unwrap())
        };
        assert_eq!(run("title=a", true).0, 3);
        let (code, out, err) = run("title=b", false);
        assert!(code == 0 && out.contains("finished"), "{args}: {out}{err}");
        let folders = fs::read_dir(study.path("runs/study")).unwrap().count();
        assert_eq!(folders, cells, "{out}{err}");
    }
}

#[test]
fn wrong_grids_are_refused() {
    for (options, why) in [
        ("grid = { x = { 1 } }", "run must be a function"),
        ("run = print, grid = { x = {} }", "grid.x: expected a list"),
        ("run = print, zip = { x = { 1, 2 }, y = { 1 } }", "lengths must be equal"),
        ("run = print, gird = { x = { 1 } }", "unknown option 'gird'"),
        ("run = print, name = '../x', list = { {} }", "'name' is a name, not a path"),
        ("run = print, settings = { x = 1 / 0 }", "a number must be finite"),
        ("run = print, where = function() return false end", "no cell is left"),
        ("run = print, settings = { m = print }", "'m' is or contains a function"),
        ("run = print, files = { 'none.csv' }", "there is no such file"),
    ] {
        let study = Study::new(&[]);
        let code = format!("compt.ablate {{ {options} }}");
        let (code, _, err) = study.run(&["-e", &code]);
        assert!(code == 1 && err.contains(why), "{options}: {err}");
    }
    let script = "local compt, torch = require 'compt', require 'compt.torch'
        compt.ablate { run = function() return { t = torch.ones(2) } end, list = { { a = 1 } } }";
    let study = Study::new(&[("study.lua", script)]);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert!(code == 1 && err.contains("tensor:tolist()"), "{err}");
}

#[test]
fn a_text_that_names_a_folder_by_chance_is_told_and_not_read() {
    let script = r#"
        local runs = require("compt").ablate {
          settings = { answer = "yes", here = ".", rows = "yes" }, files = { "rows" },
          grid = { separator = { " | ", "/", "/tmp" }, seed = { 1, 2 } },
          run = function(s) return { average = #s.separator } end,
        }
        print(#runs:finished())"#;
    let study = Study::new(&[("study.lua", script), ("yes/a.txt", "1")]);
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert_eq!((code, out.as_str()), (0, "6\n"), "{err}");
    for name in ["answer", "here", "separator"] {
        let told = format!("note: compt.ablate: the setting {name} = ");
        assert_eq!(err.matches(&told).count(), 1, "{name}: {err}");
    }
    assert!(!err.contains("the setting rows") && !err.contains("the setting seed"), "{err}");
    // What was said to be a path counts.
    fs::write(study.path("yes/a.txt"), "2").unwrap();
    let (_, listed, err) = study.run(&["run", "study.lua", "--dry-run"]);
    assert!(listed.contains("0 finished, 6 to run"), "{listed}{err}");
}

#[test]
fn reading_much_data_is_shown_and_stops_at_a_signal() {
    use std::io::{BufRead, BufReader};
    let script = r#"require("compt").ablate { grid = { data = { "rows" } }, run = function() return 1 end }"#;
    let study = Study::new(&[("study.lua", script)]);
    fs::create_dir(study.path("rows")).unwrap();
    // They take no room, and their time to be read.
    for i in 0..2000 {
        fs::File::create(study.path(&format!("rows/{i}"))).unwrap().set_len(64 << 20).unwrap();
    }
    for (signal, code) in [(libc::SIGTERM, 143), (libc::SIGINT, 130)] {
        let mut command = compt(&["run", "study.lua"]);
        command.current_dir(study.0.path()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        assert!(
            first.starts_with("rows: reading file ") && first.contains(" of 2000, "),
            "{first}"
        );
        // SAFETY: a signal to our own child.
        unsafe { libc::kill(child.id() as i32, signal) };
        let rest: Vec<String> = lines.collect();
        assert!(rest.last().unwrap().starts_with("interrupted"), "{rest:?}");
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(!study.path("runs").exists());
    }
}
