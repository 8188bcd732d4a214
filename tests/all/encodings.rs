//! Lua files as editors of other systems write them: byte order marks, CRLF, UTF-16, Latin-1.

use crate::program::{Study, compt};
use std::fs;
use std::io::Write;
use std::process::Stdio;

const MARK: &str = "\u{feff}";

/// A study that reads a file of each kind, all with a byte order mark.
const STUDY: &str = r#"#!/usr/bin/env compt
local compt, small = require "compt", require "small"
print(require("beside").word)
compt.compose.define("own", "own.lua")
local t = small.trainer {
  method = compt.methods.ssum { sources = 2, length = 2, compose = "own" }, control = "control.lua", steps = 2,
}
t:run()
"#;

fn study() -> Study {
    let study = Study::small("");
    let write =
        |name: &str, text: &str| fs::write(study.path(name), format!("{MARK}{text}")).unwrap();
    write("study.lua", &STUDY.replace('\n', "\r\n"));
    write("beside.lua", "#!x\r\nreturn { word = 'read' }\r\n");
    write("control.lua", "return { clip = require('rates').clip }");
    write("rates.lua", "return { clip = 0.25 }");
    let mixed = "require('compt.torch').einsum('bs,smd->bmd', weights, sources)";
    write(
        "own.lua",
        &format!("return function(private, sources, weights) return private + {mixed} end"),
    );
    study
}

#[test]
fn a_byte_order_mark_is_passed_over_in_every_file_of_lua() {
    let study = study();
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "read\n", ""));
    assert!(study.text("out/metrics.jsonl").contains("\"clip\":0.25"));
    // What was recorded is what was read.
    assert!(study.text("out/script.lua").starts_with(MARK));
    let (code, out, err) = study.run(&["replay", "out"]);
    assert!(code == 0 && out.contains("every loss identical"), "{out}{err}");
    let (code, _, err) =
        study.run(&["plot-control", "control.lua", "--steps", "3", "--out", "a.svg"]);
    assert_eq!(code, 0, "{err}");
    // Where something is wrong, lines are counted from the first.
    fs::write(study.path("wrong.lua"), format!("{MARK}#!x\r\nlocal a = nope.x\r\n")).unwrap();
    let (_, _, err) = study.run(&["run", "wrong.lua"]);
    assert!(err.starts_with("wrong.lua:2: ") && err.contains("   2 | local a = nope.x"), "{err}");
}

#[test]
fn at_the_prompt_and_in_a_profile_it_is_passed_over_too() {
    let study = study();
    fs::write(study.path("tools.lua"), format!("{MARK}#!x\nlocal five = 5\n")).unwrap();
    let mut command = compt(&["repl"]);
    command.current_dir(study.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input = format!("{MARK}:load tools.lua\nfive + 1\n");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "6\n");

    let grid = "require('compt').ablate { grid = { x = { 1 } }, run = function(s) return { v = s.x } end }";
    fs::write(study.path("grid.lua"), grid).unwrap();
    fs::write(study.path("slurm.lua"), format!("{MARK}return {{ partition = 'gpu' }}")).unwrap();
    let (code, out, err) = study.run(&["sweep", "submit", "grid.lua", "--dry-run"]);
    assert!(code == 0 && out.contains("--partition=\"gpu\""), "{out}{err}");
}

#[test]
fn another_encoding_is_refused_by_name() {
    let study = Study::small("");
    let wide = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    fs::write(study.path("wide.lua"), wide("print 'x'\n")).unwrap();
    fs::write(study.path("latin.lua"), b"-- a\nprint 'caf\xe9'\n").unwrap();
    fs::write(study.path("asks.lua"), "require 'latin'").unwrap();
    let cases = [
        (&["run", "wide.lua"][..], "wide.lua: it is in UTF-16LE"),
        (&["run", "latin.lua"], "latin.lua: line 2 is not UTF-8: its byte 0xE9"),
        (&["run", "asks.lua"], "latin.lua: line 2 is not UTF-8"),
        (&["plot-control", "wide.lua", "--steps", "3"], "wide.lua: it is in UTF-16LE"),
        (&["sweep", "plan", "wide.lua"], "iconv -f UTF-16LE -t UTF-8 wide.lua"),
    ];
    for (arguments, words) in cases {
        let (code, _, err) = study.run(arguments);
        assert!(code != 0 && err.contains(words), "{arguments:?}: {err}");
    }
}
