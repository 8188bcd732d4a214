//! `compt plot-control`: what a control file sets, drawn without training.

use crate::program::Study;

const CONTROL: &str = "\
local s = require 'compt.schedule'
return {
  temperature = s.exponential(5, 1e-3),
  lr = { router = s.warmup_linear(0.1, { warmup = 0.2 }), source = 0.05 },
  freeze = { source = function(step) return step <= 50 end },
  normalise = function(step) return step <= 100 and 'softmax' or 'sum' end,
  task_weights = { [\"a<b&'c'\"] = s.linear(2, 1), nli3 = 1 },
}
";

/// The names of the elements of an XML text, which is checked as it is read.
fn elements(xml: &str) -> Vec<&str> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    let mut parts = xml.split('<');
    assert_eq!(parts.next(), Some(""));
    for part in parts {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("open tag: {part}"));
        for entity in tag.split('&').skip(1).chain(text.split('&').skip(1)) {
            let name = entity.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "&{entity}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            let name = tag.split([' ', '/']).next().unwrap();
            found.push(name);
            let attributes = tag[name.len()..].trim_end_matches('/');
            assert_eq!(attributes.matches('"').count() % 2, 0, "{tag}");
            let quoted = attributes.split('"').step_by(2);
            let outside = quoted.filter(|part| !part.trim().is_empty());
            assert!(outside.clone().all(|p| p.starts_with(' ') && p.ends_with('=')), "{tag}");
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(!open.is_empty() || text.trim().is_empty(), "text behind the end: {text}");
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn every_knob_is_drawn_as_text_and_svg() {
    let study = Study::new(&[("below/control.lua", CONTROL)]);
    let arguments = ["plot-control", "below/control.lua", "--steps", "240", "--width", "90"];
    let (code, out, err) = study.run(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("control.lua over 240 steps, 8 an epoch\n"), "{out}");
    assert!(out.ends_with("\ncontrol.svg written\n"), "{out}");
    let row = |name: &str| {
        let found = out.lines().find(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("no {name} in {out}")).split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("temperature")[1..5], ["5", "0.001", "0.001", "5"]);
    let blocks = row("temperature")[5];
    assert!(blocks.starts_with('▇') && blocks.ends_with('▁'), "{blocks}");
    assert_eq!(row("lr.source")[1..5], ["0.05"; 4]);
    assert_eq!(row("normalise")[1..], ["softmax", "1-100,", "sum", "101-240"]);
    assert_eq!(row("freeze.source")[1..], ["true", "1-50"]);
    assert_eq!(row("task_weights.nli3")[1..5], ["1"; 4]);

    assert_eq!(study.names(), ["below", "control.svg"]);
    let svg = study.text("control.svg");
    let elements = elements(&svg);
    assert_eq!(elements[0], "svg");
    for name in ["title", "rect", "line", "path", "text"] {
        assert!(elements.contains(&name), "no {name} in {elements:?}");
    }
    for text in ["lr", "temperature (logarithmic)", "freeze", "normalise"] {
        assert!(svg.contains(&format!(">{text}</text>")), "no {text} in {svg}");
    }
    for text in ["router", "softmax", "a&lt;b&amp;&#39;c&#39;", "step"] {
        assert!(svg.contains(&format!(">{text}</text>")), "no {text} in {svg}");
    }
    assert_eq!(study.run(&[&arguments[..], &["--out", "-"]].concat()), (0, svg, "".into()));
}

#[test]
fn what_depends_on_the_run_is_said() {
    let control = "\
return {
  clip = function(_, view) return view.loss_average and view.loss_average > 2 and 0.5 or 1 end,
  task_weights = require('compt.curriculum').easy_to_hard(),
  temperature = function(_, view) return view.epoch end,
}";
    let study = Study::new(&[("control.lua", control)]);
    let run = ["plot-control", "control.lua", "--steps", "40", "--epochs", "4"];
    let (code, out, err) = study.run(&run);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("help: a curriculum needs names of tasks"), "{err}");
    let (code, out, err) = study.run(&[&run[..], &["--tasks", "a,b,c,d"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    let assumed = "assuming losses of 1, scores of 50 and even router weights: clip, \
                    task_weights\n";
    assert!(out.replace("\n", " ").contains(assumed.trim_end()), "{out}");
    let epochs = out.lines().find(|line| line.starts_with("temperature")).unwrap();
    assert_eq!(epochs.split_whitespace().collect::<Vec<_>>()[1..5], ["1", "4", "1", "4"]);
    let weights = out.lines().filter(|line| line.starts_with("task_weights."));
    assert_eq!(weights.count(), 4, "{out}");
}

#[test]
fn an_error_names_its_line_and_nothing_is_written() {
    let study = Study::new(&[
        ("misspelt.lua", "return {\n  temprature = 1,\n}"),
        ("range.lua", "return {\n  dropout = function(step) return step / 200 end,\n}"),
        ("late.lua", "return {\n  clip = function(step) return step == 142 and -1 or 1 end,\n}"),
        ("syntax.lua", "return {\n  clip = = 1,\n}"),
        ("group.lua", "return { lr = { routr = 1 } }"),
        ("task.lua", "return { task_weights = { b = 1 } }"),
    ]);
    let before = study.names();
    for (arguments, expected) in [
        (&["misspelt.lua"][..], "misspelt.lua:2: temprature: unknown knob 'temprature'"),
        (&["misspelt.lua"], "did you mean 'temperature'?"),
        (&["range.lua"], "range.lua:2: dropout at step"),
        (&["late.lua"], "late.lua:2: clip at step 142: -1 is not within"),
        (&["late.lua"], "\n     2 |   clip = function(step)"),
        (&["syntax.lua"], "\n     2 |   clip = = 1,"),
        (&["group.lua"], "unknown group 'routr'"),
        (&["task.lua", "--tasks", "a"], "unknown task 'b'"),
        (&["none.lua"], "none.lua: No such file"),
        (&["task.lua", "--out", "none/x.svg"], "none/x.svg: No such file"),
        (&["task.lua", "--out", "task.lua"], "the SVG would replace the control file"),
        (&["task.lua", "--steps", "0"], "--steps"),
        (&["task.lua", "--epochs", "2", "--steps-per-epoch", "3"], "--steps-per-epoch"),
        (&["task.lua", "--tasks", "a,,b"], "--tasks"),
    ] {
        let (code, out, err) = study.run(&[&["plot-control"], arguments].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
    assert_eq!(study.names(), before);
}

#[test]
fn runs_of_any_length_can_be_drawn() {
    let control = "return { clip = function(step) return step / 1e3 end }";
    let study = Study::new(&[("control.lua", control), ("empty.lua", "return {}")]);
    for (steps, last) in [("1", "0.001"), ("2", "0.002"), ("1000000000", "1e6")] {
        let run = ["plot-control", "control.lua", "--steps", steps];
        let (code, out, err) = study.run(&run);
        assert_eq!((code, err.as_str()), (0, ""));
        let row: Vec<&str> =
            out.lines().find(|l| l.starts_with("clip")).unwrap().split("  ").collect();
        assert!(row.contains(&last), "{out}");
        assert_eq!(out.contains("sampled at 2000 evenly spaced steps"), steps.len() > 4, "{out}");
        elements(&study.text("control.svg"));
    }
    let (code, out, _) = study.run(&["plot-control", "empty.lua"]);
    assert_eq!(code, 0);
    assert!(out.contains("no knob is set"), "{out}");
    elements(&study.text("empty.svg"));
}

#[test]
fn help_has_examples() {
    let (code, out, _) = Study::new(&[]).run(&["plot-control", "--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("Examples:\n  compt plot-control "), "{out}");
}
