//! Runs that are read while they train.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Trains until a file tells it to stop.
const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local t = small.trainer {
  backbone = compt.backbone "micro", steps = 2000000, evaluate_every = 2, evaluate_limit = 4, checkpoint_every = 5,
  name = "live",
}
while not io.open "stop" do t:step() end
"#;

const ENDED: &str = r#"
local compt, small = require "compt", require "small"
for seed = 1, 2 do
  local t = small.trainer { steps = 6, evaluate_every = 3, evaluate_limit = 4, name = "ended" .. seed, seed = seed }
  t:run()
  t:evaluate("test", { limit = 4 })
  t:evaluate "test"
end
"#;

const READ: &str = r#"
local compt = require "compt"
local runs = compt.runs "out"
print(tostring(runs))
local live = runs:where(function(run) return run.name == "live" end)[1]
print(live.state, live.steps > 0, live.average)
local plain = compt.report.table(runs, { rows = "method" })
print(plain)
local newest = runs:newest()
local of_live = newest:where(function(run) return run.name == "live" end)[1]
print(of_live.state, of_live.newest % 2, of_live.average ~= nil)
print(compt.report.table(newest, { rows = "method" }))
print(pcall(compt.report.table, newest, { rows = "method", baseline = "ssum" }))
for _, line in ipairs(compt.figures.curves(runs, { points = 4 }).chart.panels[1].series) do print(line.name, #line.x) end
print(table.concat(compt.figures.lines(newest, { x = "seed" }).chart.notes, " | "))
print(table.concat(compt.figures.lines(runs, { x = "seed" }).chart.notes, " | "))
local run = compt.load_run "out/live"
print(#run.history.loss:tolist() > 0, run.steps % 5, run:predict({ task = "sentiment", text = "a song ." })[1].score ~= 0)
local first, limit = run:trainer().steps, os.time() + 120
while run.steps < first + 5 and os.time() < limit do end
print("later", run:trainer().steps >= first + 5)
"#;

#[test]
fn a_run_is_read_while_it_trains() {
    let study = Study::small(ENDED);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    std::fs::write(study.path("live.lua"), STUDY).unwrap();
    std::fs::write(study.path("read.lua"), READ).unwrap();
    let mut command = compt(&["run", "live.lua", "--out", "out"]);
    command.current_dir(study.0.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let steps = || {
        let metrics = std::fs::read_to_string(study.path("out/live/metrics.jsonl"));
        metrics.unwrap_or_default().lines().count()
    };
    let began = Instant::now();
    while steps() < 12 && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let (code, out, err) = study.run(&["run", "read.lua"]);
    std::fs::write(study.path("stop"), "").unwrap();
    let (ended, _, said) = read(child.wait_with_output().unwrap());
    assert_eq!((code, ended), (0, 0), "{out}{err}{said}");
    let line = |words: &str| assert!(out.contains(words), "{words}: {out}{err}");
    line("3 runs: 2 finished, 1 running");
    line("running\ttrue\tnil");
    // Tables of runs have the test scores of finished ones, and say what is missing.
    line("2 runs, 2 seeds (1, 2)");
    line("1 run is missing: out/live (running)");
    // Those of their newest scores say so.
    line("running\t0\ttrue");
    line("newest validation scores, after steps 6 to ");
    line("; 1 of 3 runs has not finished");
    line("runs:newest() has scores on validation rows");
    line("ended1\t3\nended2\t3\nlive, seed 3, running at step ");
    line("2 runs, 2 seeds; band: one standard deviation over seeds | 1 missing: 1 running");
    line("true\t0\ttrue");
    line("later\ttrue");
    let state = |run: &str| -> Value {
        let (_, out, _) = study.run(&["runs", "out", "--json"]);
        let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = lines.into_iter().find(|line| line["path"].as_str().unwrap().ends_with(run));
        found.unwrap()["state"].clone()
    };
    assert_eq!(state("live"), "unfinished");
}
