//! The program as people run it: exit codes, messages, arguments, seeds, Ctrl-C.

use crate::program::{Study, compt, read};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

fn output(arguments: &[&str]) -> (i32, String, String) {
    read(compt(arguments).output().unwrap())
}

#[test]
fn a_script_sees_its_arguments() {
    let study = Study::new(&[(
        "study.lua",
        "local compt = require 'compt'
        for key, value in sorted_pairs(compt.args) do print(key, value, math.type(value)) end
        print(#arg)",
    )]);
    let set = "--set";
    let (code, out, err) = study.run(&[
        "run",
        "study.lua",
        set,
        "shots=16",
        set,
        "lr=0.5",
        set,
        "a.b=true",
        set,
        "name=t5-base",
    ]);
    assert_eq!((code, err.as_str()), (0, ""));
    let expected = "a.b\ttrue\tnil\nlr\t0.5\tfloat\nname\tt5-base\tnil\nshots\t16\tinteger\n0\n";
    assert_eq!(out, expected);
}

#[test]
fn an_argument_the_script_never_looked_at_is_noted() {
    let code = "print(compt.args.epochs or 3, compt.args.shots)";
    let (status, out, err) = output(&["-e", code, "--set", "epohcs=2", "--set", "shots=4"]);
    assert_eq!((status, out.as_str()), (0, "3\t4\n"));
    let note = "note: --set epohcs: the script never looked at it; did you mean 'epochs'?\n";
    assert_eq!(err, note);
}

#[test]
fn jobs_without_a_grid_are_noted() {
    let study = Study::new(&[("study.lua", "print(1)")]);
    let (status, out, err) = study.run(&["run", "study.lua", "--jobs", "2"]);
    assert_eq!((status, out.as_str()), (0, "1\n"), "{err}");
    assert!(err.contains("note: --jobs has no effect: the script has no grid"), "{err}");
    assert_eq!(study.run(&["run", "study.lua"]).2, "");
}

#[test]
fn values_are_truth_values_numbers_or_text_as_they_were_typed() {
    let code = "for _, name in ipairs { 'a', 'b', 'c', 'd', 'e' } do
        print(compt.args[name], math.type(compt.args[name]) or type(compt.args[name])) end";
    let set = "--set";
    let (status, out, _) = output(&[
        "-e",
        code,
        set,
        "a=False",
        set,
        "b=1e-3",
        set,
        "c=77950e8",
        set,
        "d=\"16\"",
        set,
        "e=007",
    ]);
    let wanted = "false\tboolean\n0.001\tfloat\n77950e8\tstring\n16\tstring\n007\tstring\n";
    assert_eq!((status, out.as_str()), (0, wanted));
    let (status, out, err) = output(&["-e", "print(compt.args.a)", set, "a=1", set, "a=2"]);
    assert_eq!((status, out.as_str()), (0, "2\n"));
    assert!(err.contains("note: --set a is given twice: 2 replaces 1"), "{err}");
}

#[test]
fn a_value_that_is_given_as_an_option_is_answered_with_the_right_form() {
    let study = Study::new(&[("study.lua", "print(1)")]);
    for arguments in [
        &["run", "study.lua", "--epochs", "3"][..],
        &["run", "study.lua", "epochs=3"],
        &["sweep", "plan", "study.lua", "--epochs=3"],
        &["sweep", "submit", "study.lua", "--epochs", "3"],
    ] {
        let (code, out, err) = study.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("a value for the script is given by --set epochs=3"), "{err}");
    }
}

#[test]
fn an_error_that_is_a_table_is_shown_with_its_content() {
    for (script, wanted) in [
        (
            "local x = 1\nerror({ code = 2, why = 'no rows' })",
            "study.lua:2: error value { code = 2, why = \"no rows\" }\n",
        ),
        (
            "local t = { 'a', { deep = { deeper = { 1 } } } }\nt.self = t\nassert(false, t)",
            "study.lua:3: error value { \"a\", { deep = { deeper = {...} } }, self = ",
        ),
        (
            "error(setmetatable({}, { __tostring = function() return 'my own' end }))",
            "study.lua:1: my own\n",
        ),
        ("error('as ever')", "study.lua:1: as ever\n"),
        ("local function f() error('of the caller', 2) end\n\nf()", "study.lua:3: of the caller\n"),
        ("error('no place', 0)", "study.lua:1: no place\n"),
        ("\nreturn error('in a tail call')", "study.lua:2: in a tail call\n"),
        ("\nassert(nil, 'asserted')", "study.lua:2: asserted\n"),
    ] {
        let study = Study::new(&[("study.lua", script)]);
        let (code, _, err) = study.run(&["run", "study.lua"]);
        assert_eq!(code, 1);
        assert!(err.starts_with(wanted), "{script}: {err}");
    }
    let caught =
        "local e = { code = 2 } local ok, got = pcall(error, e) print(rawequal(e, got), got.code)
        print(select('#', assert(1, nil, 3)), pcall(assert, nil))";
    let (code, out, _) = output(&["-e", caught]);
    assert_eq!((code, out.as_str()), (0, "true\t2\n3\tfalse\tassertion failed!\n"));
}

#[test]
fn a_script_requires_its_neighbours_from_any_folder() {
    let study = Study::new(&[
        ("below/study.lua", "print(require('helper').answer)"),
        ("below/helper.lua", "return { answer = 42 }"),
    ]);
    assert_eq!(study.run(&["run", "below/study.lua"]), (0, "42\n".into(), "".into()));
}

#[test]
fn an_error_shows_its_line_and_the_calls() {
    let study = Study::new(&[
        (
            "study.lua",
            "#!/usr/bin/env compt\nlocal h = require 'helper'\nlocal x = h.go()\nprint(x)",
        ),
        ("helper.lua", "local h = {}\nfunction h.go()\n  return missing.field + 1\nend\nreturn h"),
    ]);
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "helper.lua:3: attempt to index a nil value (global 'missing')\n     3 |   return \
         missing.field + 1\n  calls, the innermost first:\n    helper.lua:3: in function \
         'helper.go'\n    study.lua:3: in main chunk\n"
    );
}

#[test]
fn an_error_with_one_frame_has_no_list_of_calls() {
    let (code, _, err) = output(&["-e", "local a = 1\nerror('no luck')"]);
    assert_eq!((code, err.as_str()), (1, "-e:2: no luck\n     2 | error('no luck')\n"));
}

#[test]
fn an_error_of_the_library_keeps_its_help() {
    let code = "local s = require 'compt.schedule'\n\
                local _ = require 'compt.no_such_module'";
    let (code, _, err) = output(&["-e", code]);
    assert_eq!(code, 1);
    assert!(err.starts_with("-e:2: unknown module 'compt.no_such_module'"), "{err}");
    let (_, _, err) = output(&["-e", "math.random(3, 1)"]);
    assert_eq!(
        err,
        "-e:1: math.random: the interval [3, 1] is empty\n     1 | math.random(3, 1)\n"
    );
}

#[test]
fn a_syntax_error_in_a_required_file_is_placed_there() {
    let study =
        Study::new(&[("study.lua", "require 'helper'"), ("helper.lua", "local x = 1\nx = = 2")]);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 1);
    assert!(
        err.starts_with("helper.lua:2: unexpected symbol near '='\n     2 | x = = 2\n"),
        "{err}"
    );
}

#[test]
fn a_long_path_still_finds_its_line() {
    let long = "a_folder_with_a_rather_long_name/and_another_folder_within_it/study.lua";
    let study = Study::new(&[(long, "local x = 1\nerror('here')")]);
    let (_, _, err) = study.run(&["run", long]);
    assert!(err.contains("study.lua:2: here\n     2 | error('here')"), "{err}");
}

#[test]
fn what_cannot_be_carried_out_is_usage() {
    let study = Study::new(&[("study.lua", "print 'ran'"), ("file", "")]);
    for (arguments, expected) in [
        (&["run", "no.lua"][..], "no.lua: No such file"),
        (&["run", "study.lua", "--out", "file/run"], "file: it is a file, not a folder"),
        (&["run", "study.lua", "--device", "gpu"], "unknown device 'gpu'"),
        (&["run", "study.lua", "--set", "shots"], "expected key=value, got 'shots'"),
        (&["run", "study.lua", "--sede", "1"], "--seed"),
        (&["run"], "<FILE>"),
        (&["rnu", "study.lua"], "unrecognized subcommand 'rnu'"),
    ] {
        let (code, out, err) = study.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}

#[test]
fn the_seed_decides_the_random_numbers() {
    let draw = |seed: &str| {
        let code = "print(math.random(), math.random(100), math.random(5, 9))";
        let (status, out, _) = output(&["-e", code, "--seed", seed]);
        assert_eq!(status, 0);
        out
    };
    assert_eq!(draw("3"), draw("3"));
    assert_ne!(draw("3"), draw("4"));
    let again = "local a = math.random() math.randomseed() assert(a == math.random())
        math.randomseed(7) local b = math.random(0) math.randomseed(7) assert(b == math.random(0))
        for _ = 1, 1000 do local x = math.random(3) assert(x >= 1 and x <= 3) end";
    assert_eq!(output(&["-e", again]), (0, "".into(), "".into()));
}

#[test]
fn help_and_version_are_there() {
    for arguments in [&[][..], &["--help"], &["run", "--help"], &["doctor", "--help"]] {
        let (code, out, _) = output(arguments);
        assert_eq!(code, 0);
        assert!(out.contains("Examples:\n  compt "), "{out}");
    }
    assert_eq!(output(&["--version"]).1, format!("compt {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn doctor_finds_the_essentials() {
    let (code, out, _) = output(&["doctor"]);
    assert_eq!(code, 0, "{out}");
    for what in ["compt ", "libtorch ", "processor ", "threads ", "memory ", "cuda ", "Everything"]
    {
        assert!(out.contains(what), "no '{what}' in {out}");
    }
}

#[test]
fn doctor_without_libtorch_prints_what_it_knows() {
    let output = compt(&["doctor"]).env("LIBTORCH", "/nowhere").output().unwrap();
    let (code, out, err) = read(output);
    assert_eq!((code, &err[..]), (1, ""), "{out}");
    for what in [
        "libtorch    not found",
        "processor ",
        "memory ",
        "cuda ",
        "cache ",
        "pip install 'torch==2.11.",
    ] {
        assert!(out.contains(what), "no '{what}' in {out}");
    }
    assert!(out.contains("Missing: LIBTORCH=/nowhere: libtorch 2.11 is not found"), "{out}");
}

/// Starts a script that prints a line, then sends Ctrl-C as often as told.
#[cfg(unix)]
fn interrupted(code: &str, times: u32) -> (i32, String) {
    let mut child =
        compt(&["-e", code]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    for _ in 0..times {
        // SAFETY: a signal to our own child.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
        sleep(Duration::from_millis(100));
    }
    let (code, _, err) = read(child.wait_with_output().unwrap());
    (code, err)
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_a_script() {
    let (code, err) = interrupted("print 'ready'\nwhile true do end", 1);
    assert_eq!((code, err.as_str()), (130, "interrupted at -e:2\n"));
}

#[test]
#[cfg(unix)]
fn a_pcall_cannot_swallow_ctrl_c() {
    let pcalls = "print 'ready'\nwhile true do pcall(function() while true do end end) end";
    assert_eq!(interrupted(pcalls, 1).0, 130);
    let coroutines = "print 'ready'
        while true do pcall(coroutine.wrap(function() while true do end end)) end";
    assert_eq!(interrupted(coroutines, 1).0, 130);
}

#[test]
#[cfg(unix)]
fn a_second_ctrl_c_ends_what_cannot_be_interrupted() {
    let stuck = "print 'ready'\nlocal n = 40\n\
                 string.find(('a'):rep(n), ('a?'):rep(n) .. ('a'):rep(n))";
    assert_eq!(interrupted(stuck, 2).0, 130);
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_ends_the_program_quietly() {
    let mut child = compt(&["-e", "while true do print('x') end"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    child.wait().unwrap();
    assert_eq!(err, "");
}

#[test]
fn nothing_is_left_of_a_run_that_was_refused() {
    let study = Study::new(&[("study.lua", "")]);
    study.run(&["run", "study.lua", "--out", "study.lua/run"]);
    study.run(&["run", "no.lua", "--out", "runs/a"]);
    let left = fs::read_dir(study.0.path()).unwrap().count();
    assert_eq!(left, 1);
}
