//! Runs that are stopped, killed, or lose their folder; resumed and replayed.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Tells each step once it is made; `pause` seconds between steps.
const TOLD: &str = r#"
local compt, small = require "compt", require "small"
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3 },
  steps = compt.args.steps or 30, batch_size = 4, progress = false, checkpoint_every = 1,
  evaluate_every = 7, evaluate_limit = 2,
}
while t.steps < t.total_steps do
  t:step()
  io.stdout:write(t.steps, "\n")
  io.stdout:flush()
end
t:run()
print(t:evaluate("test").average)
"#;

fn long_form(name: &str, quick: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(quick)
}

fn spawn(study: &Study, arguments: &[&str]) -> Child {
    let mut command = compt(arguments);
    command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: the child is ours and not waited for yet.
    unsafe { libc::kill(child.id() as i32, signal) };
}

/// The lines of a JSON Lines file without what no two runs share.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("seconds");
    }
    lines
}

/// What a run came to, in plain data.
fn outcome(folder: &Path) -> (Vec<Value>, Vec<Value>, Value, Vec<u8>) {
    let result: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("result.json")).unwrap()).unwrap();
    (
        lines(&folder.join("metrics.jsonl")),
        lines(&folder.join("evaluations.jsonl")),
        result["scores"].clone(),
        fs::read(folder.join("prompts.safetensors")).unwrap(),
    )
}

#[test]
fn signals_end_a_run_after_its_step_and_it_is_resumed_exactly() {
    let study = Study::small(TOLD);
    let (code, whole, err) = study.run(&["run", "study.lua", "--out", "whole", "--seed", "5"]);
    assert_eq!(code, 0, "{err}");
    for (signal_number, wanted) in [(libc::SIGTERM, 143), (libc::SIGINT, 130), (libc::SIGUSR1, 85)]
    {
        let out = format!("out-{wanted}");
        let mut child = spawn(&study, &["run", "study.lua", "--out", &out, "--seed", "5"]);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = told.by_ref().take(wanted as usize % 10 + 2).last().unwrap().unwrap();
        signal(&child, signal_number);
        for line in told {
            last = line.unwrap();
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(wanted), "{status}");
        let steps = lines(&study.path(&out).join("metrics.jsonl")).len();
        let told: usize = last.parse().unwrap();
        assert!(steps < 30 && (steps == told || steps == told + 1), "{steps} steps, {told} told");

        let (code, printed, err) = study.run(&["resume", &out]);
        assert_eq!(code, 0, "{err}");
        assert!(err.contains(&format!("resumes after step {steps}")), "{err}");
        assert_eq!(printed, whole, "the script sees every step again");
        assert_eq!(outcome(&study.path(&out)), outcome(&study.path("whole")));
        let (code, printed, err) = study.run(&["resume", &out]);
        assert_eq!((code, printed.as_str()), (0, whole.as_str()), "resumed once more: {err}");
    }
    let (code, out, err) = study.run(&["replay", "out-85"]);
    assert!(out.ends_with("29\nout-85: 30 steps repeated, every loss identical\n"), "{out}");
    assert_eq!((code, err.lines().count()), (0, 1), "{err}");
    assert!(err.starts_with("note: ") && err.contains("study.lua is run again"), "{err}");
    let (code, out, _) = study.run(&["replay", "out-85", "--to", "4"]);
    assert_eq!((code, out.contains("\nout-85: 4 steps repeated")), (0, true), "{out}");
}

/// `COMPT_KILLS=1000` is the long form.
#[test]
fn kill_9_at_any_moment_loses_no_more_than_the_step_in_flight() {
    let kills = long_form("COMPT_KILLS", 6);
    let steps = kills * 6 + 20;
    let set = format!("steps={steps}");
    let study = Study::small(TOLD);
    assert_eq!(study.run(&["run", "study.lua", "--out", "whole", "--set", &set]).0, 0);
    let mut random = kills as u64;
    let (mut told, mut killed) = (0, 0);
    while killed < kills {
        let resumed = ["resume", "out"];
        let first = ["run", "study.lua", "--out", "out", "--set", &set];
        let begun = study.path("out").join("session.json").exists();
        let mut child = spawn(&study, if begun { &resumed } else { &first });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Somewhere in the first steps that are new, at a random moment of one.
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let until = told + (random >> 33) as usize % 8;
        while told < until {
            match lines.next() {
                Some(line) => told = told.max(line.unwrap().parse().unwrap_or(steps)),
                None => break,
            }
        }
        std::thread::sleep(Duration::from_micros((random >> 40) % 20_000));
        signal(&child, libc::SIGKILL);
        for line in lines {
            told = told.max(line.unwrap().parse().unwrap_or(steps));
        }
        let status = child.wait().unwrap();
        let mut err = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut err).unwrap();
        assert!(!err.contains("warning"), "a checkpoint cannot be read: {err}");
        if status.signal() != Some(libc::SIGKILL) {
            assert_eq!(status.code(), Some(0), "{err}");
            break;
        }
        killed += 1;
        if let Some(step) = newest(&study.path("out")) {
            assert!(step >= told, "step {told} was told, the newest checkpoint is of step {step}");
        } else {
            assert_eq!(told, 0);
        }
    }
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(outcome(&study.path("out")), outcome(&study.path("whole")));
    println!("{killed} kills: no unreadable checkpoint, no step lost, the same end");
}

fn newest(run: &Path) -> Option<usize> {
    let names = fs::read_dir(run.join("checkpoints")).ok()?;
    names
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
        })
        .max()
}

#[test]
fn a_folder_that_is_gone_stops_nothing_and_is_told() {
    let study = Study::small(TOLD);
    for comes_back in [false, true] {
        let out = format!("out-{comes_back}");
        let mut child = spawn(&study, &["run", "study.lua", "--out", &out, "--set", "steps=40"]);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        told.by_ref().take(5).for_each(|line| drop(line.unwrap()));
        fs::rename(study.path(&out), study.path("away")).unwrap();
        told.by_ref().take(8).for_each(|line| drop(line.unwrap()));
        if comes_back {
            fs::rename(study.path("away"), study.path(&out)).unwrap();
        }
        assert_eq!(told.count(), 40 - 13 + 1, "every step is made, and the evaluation");
        let status = child.wait().unwrap();
        let mut err = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut err).unwrap();
        assert!(err.contains("training continues"), "{err}");
        if comes_back {
            assert_eq!(status.code(), Some(0), "{err}");
            assert!(err.contains("can be written again"), "{err}");
            assert_eq!(lines(&study.path(&out).join("metrics.jsonl")).len(), 40);
        } else {
            assert_eq!(status.code(), Some(1), "{err}");
            assert!(err.contains("is not completely recorded"), "{err}");
            assert!(!study.path(&out).exists());
            assert!(newest(&study.path("away")).unwrap() >= 5, "the checkpoints are as they were");
            fs::remove_dir_all(study.path("away")).unwrap();
        }
    }
}

#[test]
fn later_edits_of_the_script_and_its_modules_do_not_matter() {
    let study = Study::small(TOLD);
    assert_eq!(study.run(&["run", "study.lua", "--out", "out", "--set", "steps=3"]).0, 0);
    let small = study.text("small.lua").replace("shots = 8", "shots = 7");
    fs::write(study.path("small.lua"), small).unwrap();
    fs::write(study.path("study.lua"), "error 'another script'").unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("note: study.lua and small.lua have changed since"), "{err}");
    fs::remove_file(study.path("small.lua")).unwrap();
    fs::remove_file(study.path("study.lua")).unwrap();
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!((code, out.contains("3 steps repeated, every loss identical")), (0, true), "{err}");
}

#[test]
fn other_data_are_named_before_anything_is_made() {
    let study = Study::small(
        "local compt, small = require 'compt', require 'small'
         local t = compt.trainer {
           backbone = small.backbone(), steps = 3, batch_size = 2, progress = false, checkpoint_every = 1,
           method = compt.methods.pt { alone = false, length = 2 },
           tasks = compt.tasks { mood = { fields = { 'text' }, labels = { 'bad', 'good' },
             files = { train = 'train.jsonl', test = 'test.jsonl' } } },
         }
         t:run()",
    );
    let rows = |texts: [&str; 2]| {
        let [a, b] = texts;
        format!("{{\"text\":\"{a}\",\"label\":0}}\n{{\"text\":\"{b}\",\"label\":1}}\n")
    };
    fs::write(study.path("train.jsonl"), rows(["it is bad", "it is good"])).unwrap();
    fs::write(study.path("test.jsonl"), rows(["so bad", "so good"])).unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    fs::write(study.path("train.jsonl"), rows(["it is bad", "it was good"])).unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("the configuration of the run has changed: tasks.rows.mood"), "{err}");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("note: out: the configuration of the run has changed"), "{err}");
    assert!(out.contains("have another loss; the first is step"), "{out}");
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let study = Study::small(TOLD);
    let (code, _, err) = study.run(&["resume", "nowhere"]);
    assert_eq!((code, err.contains("nowhere: No such file")), (2, true), "{err}");
    fs::create_dir(study.path("empty")).unwrap();
    let (code, _, err) = study.run(&["replay", "empty"]);
    assert_eq!((code, err.contains("there is no run in this folder")), (2, true), "{err}");
    assert_eq!(study.run(&["run", "study.lua", "--out", "out", "--set", "steps=2"]).0, 0);
    let config = study.path("out").join("config.json");
    let lock = fs::File::open(config).unwrap();
    lock.lock().unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!((code, err.contains("another program trains this run now")), (1, true), "{err}");
}

/// The runs of one script: those that are over are taken as they are.
#[test]
fn a_script_of_several_runs_goes_on_where_it_stopped() {
    let script = r#"
local compt, small = require "compt", require "small"
for _, name in ipairs { "first", "second" } do
  local t = compt.trainer {
    name = name, backbone = small.backbone(), tasks = small.tasks(), steps = 12, batch_size = 4,
    method = compt.methods.ssum { sources = 2, length = 3 }, progress = false,
    control = name == "second" and { stop = function(step)
      return step == 5 and os.getenv "STOP" == "1" and os.exit(9) end } or nil,
  }
  t:run()
  print(name, t:evaluate("test").average, math.random())
end
"#;
    let study = Study::small(script);
    let (code, whole, err) = study.run(&["run", "study.lua", "--out", "whole"]);
    assert_eq!(code, 0, "{err}");
    let mut command = compt(&["run", "study.lua", "--out", "out"]);
    let (code, ..) = read(command.env("STOP", "1").current_dir(study.0.path()).output().unwrap());
    assert_eq!(code, 9);
    let started = Instant::now();
    let (code, resumed, err) = study.run(&["resume", "out"]);
    assert_eq!((code, &resumed), (0, &whole), "{err} ({:?})", started.elapsed());
    assert_eq!(outcome(&study.path("out/second")), outcome(&study.path("whole/second")));
    assert!(!study.path("out/first-2").exists());
}
