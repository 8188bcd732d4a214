//! Files that are seen while they are being saved, and what is said of them.

use crate::program::Study;
use crate::program::steered::{CONTROL, Run, STUDY, lines, study};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;

fn control(rate: &str) -> String {
    CONTROL.replace("source = 0.01", &format!("source = {rate}"))
}

fn pause() {
    std::thread::sleep(Duration::from_millis(300));
}

/// Empties a file in place, and writes it in two parts, a while after another.
fn slowly(study: &Study, name: &str, text: &str) {
    let mut file = File::create(study.path(name)).unwrap();
    pause();
    let (first, rest) = text.split_at(text.len() / 2);
    for part in [first, rest] {
        file.write_all(part.as_bytes()).unwrap();
        file.sync_all().unwrap();
        pause();
    }
}

#[test]
fn a_strict_run_waits_for_a_file_to_be_whole() {
    let study = study();
    let parts = "return { source = 0.02 }";
    fs::write(study.path("rates.lua"), parts).unwrap();
    let requires = control("require('rates').source");
    fs::write(study.path("control.lua"), &requires).unwrap();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out", "--strict"]);
    run.wait_for_steps(&study.path("out"), 2);
    slowly(&study, "control.lua", &requires.replace("router = 0.01", "router = 0.03"));
    run.hear("lr.router: 0.01 -> 0.03");
    slowly(&study, "rates.lua", &parts.replace("0.02", "0.04"));
    run.hear("lr.source: 0.02 -> 0.04");
    // As vim does with a backup; as rsync does; as `git checkout` does.
    fs::rename(study.path("rates.lua"), study.path("rates.lua~")).unwrap();
    pause();
    fs::write(study.path("rates.lua"), parts.replace("0.02", "0.05")).unwrap();
    run.hear("lr.source: 0.04 -> 0.05");
    fs::write(study.path(".rates.lua.Xy"), parts.replace("0.02", "0.06")).unwrap();
    fs::rename(study.path(".rates.lua.Xy"), study.path("rates.lua")).unwrap();
    run.hear("lr.source: 0.05 -> 0.06");
    symlink("me@host.1:1", study.path(".#control.lua")).unwrap();
    fs::remove_file(study.path("rates.lua")).unwrap();
    pause();
    fs::write(study.path("rates.lua"), parts).unwrap();
    run.hear("lr.source: 0.06 -> 0.02");
    assert_eq!(run.terminate().0, 143);
    assert_eq!(lines(&study.path("out/control.jsonl")).len(), 6, "each version once");
}

#[test]
fn a_file_that_stays_cut_off_or_away_is_told_and_so_is_its_return() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    let stays = "the version of step 1 stays in use: control.lua";
    let whole = "control.lua: complete again: the version of step 1 stays in use";
    for broken in ["", "\n\n", "local s = require 'compt.schedule'\nreturn { clip = s.lin"] {
        fs::write(study.path("control.lua"), broken).unwrap();
        run.hear(stays);
        fs::write(study.path("control.lua"), CONTROL).unwrap();
        run.hear(whole);
    }
    fs::remove_file(study.path("control.lua")).unwrap();
    run.hear("control.lua: No such file");
    fs::write(study.path("control.lua"), CONTROL).unwrap();
    run.hear(whole);
    assert_eq!(run.terminate().0, 143);
    assert_eq!(lines(&study.path("out/control.jsonl")).len(), 1);
}

#[test]
fn an_edit_that_changes_nothing_yet_is_in_use_and_says_when_it_will() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    let later = "clip = function(step) return step > 1500000 and 0.5 or 1 end,";
    let now = "clip = function() return 1 end,";
    fs::write(study.path("control.lua"), CONTROL.replace("return {", &format!("return {{ {now}")))
        .unwrap();
    run.hear("control.lua: clip: nil -> 1");
    fs::write(
        study.path("control.lua"),
        CONTROL.replace("return {", &format!("return {{ {later}")),
    )
    .unwrap();
    run.hear("control.lua: in use; it differs from step 1500001 on: clip: 1 -> 0.5");
    let comment = CONTROL.replace("return {", &format!("-- a word\nreturn {{ {later}"));
    fs::write(study.path("control.lua"), comment).unwrap();
    run.hear("control.lua: in use; it gives the same settings at every sampled step");
    assert_eq!(run.terminate().0, 143);
}

#[test]
fn a_switched_folder_of_controls_is_seen() {
    let study = study();
    let then = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (folder, rate) in [("1", "0.02"), ("2", "0.03")] {
        fs::create_dir_all(study.path("releases").join(folder)).unwrap();
        let path = study.path("releases").join(folder).join("control.lua");
        fs::write(&path, control(rate)).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
    }
    symlink("1", study.path("releases/current")).unwrap();
    let script = STUDY.replace("\"control.lua\"", "\"releases/current/control.lua\"");
    fs::write(study.path("study.lua"), script).unwrap();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    symlink("2", study.path("releases/next")).unwrap();
    fs::rename(study.path("releases/next"), study.path("releases/current")).unwrap();
    run.hear("lr.source: 0.02 -> 0.03");
    assert_eq!(run.terminate().0, 143);
}

#[test]
fn an_operator_s_file_has_its_time_too() {
    let gated = |factor: &str| {
        format!(
            "local torch = require 'compt.torch'\nreturn function(private, sources, weights)\n  \
             return private * {factor} + torch.einsum('bs,smd->bmd', weights, sources)\nend\n"
        )
    };
    let study = study();
    let script =
        STUDY.replace("local t =", "compt.compose.define('gated', 'gated.lua')\nlocal t =");
    fs::write(study.path("study.lua"), script).unwrap();
    fs::write(study.path("gated.lua"), gated("1")).unwrap();
    let arguments = ["run", "study.lua", "--out", "out", "--set", "compose=gated"];
    let mut run = Run::start(&study, &[&arguments[..], &["--strict"]].concat());
    run.wait_for_steps(&study.path("out"), 3);
    slowly(&study, "gated.lua", &gated("0.5"));
    run.hear("composition 'gated' is a new version");
    fs::write(study.path("gated.lua"), "").unwrap();
    let (code, said) = run.end();
    assert!(code == 1 && said.contains("ends a --strict run"), "{said}");

    fs::write(study.path("gated.lua"), gated("1")).unwrap();
    let arguments = ["run", "study.lua", "--out", "other", "--set", "compose=gated"];
    let mut run = Run::start(&study, &arguments);
    run.wait_for_steps(&study.path("other"), 3);
    fs::remove_file(study.path("gated.lua")).unwrap();
    run.hear("'gated' stays as it was: gated.lua: No such file");
    fs::write(study.path("gated.lua"), gated("1")).unwrap();
    run.hear("gated.lua: complete again: 'gated' stays as it is");
    assert_eq!(run.terminate().0, 143);
}

#[test]
fn a_control_may_print() {
    let study = study();
    let prints = "print('loaded')\nreturn { clip = function(step, view)\n  \
                  for i = 1, 9 do print('at', step, i) end return 1 end }\n";
    fs::write(study.path("control.lua"), prints).unwrap();
    fs::write(study.path("study.lua"), STUDY.replace("2000000", "40")).unwrap();
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(
        err.starts_with("step 1: control.lua: loaded\nstep 1: control.lua: at\t1\t1\n"),
        "{err}"
    );
    assert!(!err.contains("\t1\t6\n") && !err.contains("at\t40\t9"), "{err}");
    assert_eq!(err.matches("note: control.lua prints more than").count(), 1, "{err}");
    // A table's functions are the script's, and so is their print.
    let table = STUDY
        .replace("2000000", "2")
        .replace("\"control.lua\"", "{ clip = function(step) print('asked', step) return 1 end }");
    fs::write(study.path("study.lua"), format!("print 'begins'\n{table}\nprint 'over'")).unwrap();
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "table"]);
    assert_eq!((code, out.as_str()), (0, "begins\nover\n"), "{err}");
    assert_eq!(err, "step 1: control: asked\t1\nstep 2: control: asked\t2\n");
}
