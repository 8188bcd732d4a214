use super::*;
use compt_core::train::control::{Control, Setting};
use compt_run::steering::{Origin, Program};
use mlua::Table;
use std::fs;
use std::path::Path;

pub(super) fn setting() -> Setting {
    let names = |list: &[&str]| list.iter().map(|s| s.to_string()).collect();
    Setting {
        total_steps: 100,
        steps_per_epoch: 10,
        groups: names(&["router", "source", "private"]),
        tasks: names(&["nli", "sentiment"]).into_iter().zip([10, 20]).collect(),
        seed: 1,
        ..Setting::default()
    }
}

/// A control file beside `extra.lua`, loaded.
pub(super) fn load(text: &str, extra: &str) -> Result<Box<dyn Program>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("extra.lua"), extra).unwrap();
    let path = folder.path().join("control.lua");
    fs::write(&path, text).unwrap();
    ControlFile::load(&path, Origin::Disk, &[setting()]).program
}

/// The error, without the folder's name.
pub(super) fn refused(text: &str) -> String {
    let error = load(text, "return {}").err().expect("the control must be refused").to_string();
    match error.find("control.lua") {
        Some(start) => error[start..].to_string(),
        None => error,
    }
}

#[test]
fn schedules_numbers_and_functions_turn_the_knobs() {
    let mut control = load(
        r#"local s = require "compt.schedule"
        return {
          temperature = s.linear(5, 1),
          clip = 1,
          lr = { router = 0.1, source = s.warmup_linear(1, { warmup = 0.2 }),
                 private = function(step, view) return view.epoch / 100 end },
          task_weights = function(step, view)
            return view.progress < 0.3 and { nli = 2, sentiment = 1 } or nil
          end,
        }"#,
        "",
    )
    .unwrap();
    let first = control.knobs(&setting().view(1)).unwrap();
    assert_eq!((first.number("temperature"), first.number("clip")), (Some(5.0), Some(1.0)));
    assert_eq!(first.rate("source"), Some(0.0));
    assert_eq!(first.task_weights().unwrap()["nli"], 2.0);
    assert_eq!((first.get("dropout"), first.get("weight_decay")), (None, None));
    let later = control.knobs(&setting().view(61)).unwrap();
    let rates = ["router", "source", "private"].map(|group| later.rate(group).unwrap());
    assert_eq!(rates, [0.1, 0.5, 0.07]);
    assert_eq!(later.task_weights(), None);
}

#[test]
fn every_file_read_is_a_source() {
    let control =
        load("return { temperature = require('extra').warm }", "return { warm = 2 }").unwrap();
    let names: Vec<_> =
        control.sources().iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["control.lua", "extra.lua"]);
    assert_eq!(
        control.sources()[1].sha256,
        compt_base::files::source::sha256(b"return { warm = 2 }")
    );
}

#[test]
fn mistakes_are_named_with_their_line() {
    let text = refused("return {\n  temprature = 1,\n}");
    assert!(text.starts_with("control.lua:2: temprature: unknown knob 'temprature'"), "{text}");
    assert!(text.contains("did you mean 'temperature'?"), "{text}");

    let text = refused("-- dropout = 2\nreturn {\n  dropout = 2 }");
    assert!(text.starts_with("control.lua:3: dropout"), "{text}");

    let text = refused("return {\n  lr = {\n    routr = 1 } }");
    assert!(text.starts_with("control.lua:3: lr.routr: unknown group 'routr'"), "{text}");

    let text =
        refused("local s = require 'compt.schedule'\nreturn {\n  dropout = s.linear(0, 2) }");
    assert!(text.starts_with("control.lua:3: dropout = linear(0, 2) at step "), "{text}");
    assert!(
        text.ends_with("is not within [0, 1)\n     3 |   dropout = s.linear(0, 2) }"),
        "{text}"
    );

    let text = refused("return {\n  clip = function(step)\n return step > 50 and 0/0 or 1 end }");
    assert!(text.starts_with("control.lua:2: clip at step 51: NaN is not within"), "{text}");

    let text = refused("return { clip = function(step)\n  return step .. nope.x end }");
    assert!(text.contains("control.lua:2: 'nope' is not available in a control file"), "{text}");

    let text = refused("return { lr = 0.1 }");
    assert!(text.contains("control.lua:1: lr: expected one value for each group"), "{text}");
    assert!(text.contains("for example lr = { router = ... }"), "{text}");

    let text = refused("return { clip = function() end }");
    assert!(text.contains("clip at step 1: expected a number, got nil"), "{text}");

    let text = refused("return { task_weights = { nli = 0 } }");
    assert!(text.contains("no task has a weight above 0"), "{text}");

    let text = refused("return { task_weights = function() return { nil_ = 1 } end }");
    assert!(text.contains("unknown task 'nil_'"), "{text}");

    let text = refused("return 3");
    assert!(text.contains("a control file must return a table of knobs"), "{text}");

    let text = refused("return {\n  clip = = 3 }");
    assert!(text.starts_with("control.lua:2: unexpected symbol near '='"), "{text}");
}

#[test]
fn a_missing_file_is_named() {
    let error = ControlFile::load(Path::new("no/such/control.lua"), Origin::Disk, &[setting()])
        .program
        .err()
        .unwrap();
    assert!(error.to_string().starts_with("no/such/control.lua: No such file"), "{error}");
}

#[test]
fn state_kept_between_calls_is_found_out() {
    let text = refused("local n = 0\nreturn { clip = function() n = n + 1; return n end }");
    assert!(text.starts_with("control.lua:2: clip: two different values for step 100: "), "{text}");
}

#[test]
fn random_numbers_depend_on_the_step_alone() {
    let text = "return { clip = function() return 1 + math.random() end }";
    let mut control = load(text, "").unwrap();
    let mut at = |step| control.knobs(&setting().view(step)).unwrap().number("clip").unwrap();
    let (one, two) = (at(1), at(2));
    assert_ne!(one, two);
    assert_eq!(one, at(1));
}

#[test]
fn the_sandbox_has_no_way_out() {
    for name in ["io", "os", "debug", "package", "load", "dofile", "loadfile", "pcall", "coroutine"]
    {
        let text = refused(&format!("{name}.x = 1\nreturn {{}}"));
        assert!(text.contains(&format!("'{name}' is not available in a control file")), "{text}");
    }
    assert!(refused("return { clip = string.dump(print) }").contains("control.lua:1"));
    let text = refused("setmetatable({}, { __gc = function() end }) return {}");
    assert!(text.contains("'__gc' cannot be set here"), "{text}");
    let text = refused("require '../secret' return {}");
    assert!(text.contains("'../secret' is not the name of a module"), "{text}");
    let text = refused("require 'compt.torch' return {}");
    assert!(text.contains("control.lua:1:"), "{text}");
    let text = refused("require 'compt.sorted_pairs' return {}");
    assert!(text.contains("is not for control files"), "{text}");
    let text = load("require 'extra' return {}", "require 'extra'").err().unwrap().to_string();
    assert!(text.contains("module 'extra' requires itself"), "{text}");
}

#[test]
fn endless_loops_and_hoarding_end_in_an_error() {
    let text = refused("while true do end");
    assert!(text.contains("control.lua:1: it ran for more than"), "{text}");
    let text = refused("return { clip = function() while true do end end }");
    assert!(text.contains("clip at step 1: "), "{text}");
    let text = refused("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end");
    assert!(text.contains("memory"), "{text}");
}

#[test]
fn a_table_in_the_script_is_checked_alike() {
    let runtime = crate::Runtime::new().unwrap();
    let lua = runtime.lua();
    let read = |text: &str| {
        let table: Table = lua.load(text).set_name("@study.lua").eval().unwrap();
        TableControl::new(lua, &table, &[setting()])
    };
    let mut control =
        read("return { temperature = require('compt.schedule').cosine(4, 2) }").unwrap();
    assert_eq!(control.knobs(&setting().view(100)).unwrap().number("temperature"), Some(2.0));

    let text = read("return {\n  clip = function() return -1 end }").err().unwrap().to_string();
    assert!(text.starts_with("study.lua:2: clip at step 1: -1 is not within"), "{text}");
    let text = read("return { wieght_decay = 1 }").err().unwrap().to_string();
    assert!(text.contains("control: wieght_decay: unknown knob"), "{text}");
    let text = read("return { clip = function(s, v) return v.los end }").err().unwrap().to_string();
    assert!(text.contains("unknown field 'los'"), "{text}");
    assert!(read("return { clip = function(s, v) v.step = 2 end }").is_err());
}
