//! Signals while something else than a step is at work, and scripts that do not let a step end.

use crate::program::{Study, compt, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::Duration;

const TRAINED: &str = r#"
local compt, small = require "compt", require "small"
local calls = 0
local trainer = compt.trainer {
  backbone = small.backbone(), tasks = small.tasks(), steps = 1000000, batch_size = 4,
  checkpoint_every = 5,
  method = compt.methods.ssum { sources = 2, length = 3, compose = function(p, s, w)
    calls = calls + 1
    if calls > 60 then STUCK end
    return p
  end },
}
trainer:run()
"#;

fn start(study: &Study, arguments: &[&str]) -> Child {
    let mut command = compt(arguments);
    command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: a signal to our own child.
    unsafe { libc::kill(child.id() as i32, signal) };
}

/// Waits until the run has made steps.
fn wait_for_steps(study: &Study, child: &mut Child, steps: usize) {
    let made = || std::fs::read_to_string(study.path("out/metrics.jsonl")).unwrap_or_default();
    while made().lines().count() < steps {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before step {steps}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until two seconds pass without a step.
fn wait_until_it_hangs(study: &Study) {
    let made = || study.text("out/metrics.jsonl").lines().count();
    let mut before = 0;
    while made() > before {
        before = made();
        std::thread::sleep(Duration::from_secs(2));
    }
}

#[test]
fn a_hangup_ends_a_run_with_a_checkpoint() {
    let study = Study::small(&TRAINED.replace("STUCK", ""));
    let mut child = start(&study, &["run", "study.lua", "--out", "out"]);
    wait_for_steps(&study, &mut child, 3);
    signal(&child, libc::SIGHUP);
    // What it would say is read only afterwards.
    assert_eq!(child.wait().unwrap().code(), Some(129));
    let steps = study.json("out/result.json")["steps"].as_u64().unwrap();
    assert!(study.path(&format!("out/checkpoints/step-{steps:09}.safetensors")).is_file());
    assert_eq!(study.json("out/result.json")["interrupted"], true);
}

#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let study = Study::small("print(1) io.stdout:flush() io.read() print(2)");
    let mut command = compt(&["run", "study.lua"]);
    command.current_dir(study.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    // SAFETY: signal is async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    signal(&child, libc::SIGHUP);
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    out.read_to_string(&mut line).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*line), (Some(0), "1\n2\n"));
}

#[test]
fn a_script_that_does_not_let_a_step_end_is_stopped() {
    let hang = "(('a'):rep(100000)):find(('.-'):rep(8) .. 'b')";
    let kinds = [
        ("while true do end", "broken off"),
        ("while true do torch = torch or require 'compt.torch' torch.ones(2) end", "broken off"),
        (hang, "did not react to the signal for 8 s; `compt resume out` continues after"),
    ];
    let mut runs = kinds.map(|(stuck, words)| {
        let study = Study::small(&TRAINED.replace("STUCK", stuck));
        let child = start(&study, &["run", "study.lua", "--out", "out"]);
        (study, child, words)
    });
    for (study, child, _) in &mut runs {
        wait_for_steps(study, child, 5);
        wait_until_it_hangs(study);
        signal(child, libc::SIGTERM);
    }
    for (study, child, words) in runs {
        let (code, _, err) = read(child.wait_with_output().unwrap());
        assert!(code == 143 && err.contains(words), "{code}: {err}");
        let names = std::fs::read_dir(study.path("out/checkpoints")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.is_empty());
        let made = study.text("out/metrics.jsonl").lines().count();
        if words == "broken off" {
            let last = format!("step-{made:09}.safetensors");
            assert!(names.iter().any(|name| *name == *last), "{names:?}: {last}");
            assert_eq!(study.json("out/result.json")["interrupted"], true);
        }
    }
}

#[test]
fn a_signal_ends_the_reading_of_rows() {
    let study = Study::small(
        "local compt = require 'compt'
         print 'reads' io.stdout:flush()
         compt.tasks { long = { fields = { 'text' }, labels = { 'a', 'b' },
           files = { train = 'long.csv.gz', test = 'long.csv.gz' } } }",
    );
    let mut file =
        GzEncoder::new(File::create(study.path("long.csv.gz")).unwrap(), Compression::fast());
    file.write_all(b"text,label\n").unwrap();
    let part = b"some text,a\n".repeat(100_000);
    (0..300).for_each(|_| file.write_all(&part).unwrap());
    file.finish().unwrap();
    for (sent, code) in [(libc::SIGTERM, 143), (libc::SIGINT, 130), (libc::SIGHUP, 129)] {
        let mut child = start(&study, &["run", "study.lua"]);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        signal(&child, sent);
        let (found, _, err) = read(child.wait_with_output().unwrap());
        assert_eq!(found, code, "{err}");
        assert!(err.contains("interrupted") && !err.contains("did not react"), "{err}");
    }
}
