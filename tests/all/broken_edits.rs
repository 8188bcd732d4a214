//! Edits of a control file that break it, in a run that trains on.

use crate::program::steered::{CONTROL, Run, lines, losses, save, study};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::fs;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Edits that must be refused; `n` makes each of them another text.
fn broken(n: usize) -> (String, &'static str) {
    let cases: [(&str, &str); 12] = [
        ("return { temperature = = 1 }", "control.lua:2: unexpected symbol"),
        ("return { temperature = nope.x }", "control.lua:2: 'nope' is not available"),
        ("return { temperature = function() return nil end }", "expected a number, got nil"),
        ("return { temperature = 0/0 }", "NaN is not within"),
        ("return { lr = { router = -1 } }", "-1 is not within [0, 100]"),
        ("while true do end", "it ran for more than"),
        ("local s = require 'compt.schedule'\nreturn { temperature = s.lin", "control.lua:3: "),
        ("return { temperature = #('x'):rep(1e9) }", "could take too long"),
        ("return { temprature = 1 }", "unknown knob 'temprature'"),
        ("return { length = 9 }", "cannot change during training"),
        (
            "local n = 0 return { clip = function() n = n + 1 return n end }",
            "two different values for step",
        ),
        ("return 1", "a control file must return a table of knobs"),
    ];
    let (text, words) = cases[n % cases.len()];
    (format!("-- {n}\n{text}"), words)
}

/// `COMPT_EDITS=10000` is the long form.
#[test]
fn broken_edits_change_nothing_but_the_screen() {
    let edits = number("COMPT_EDITS", 24);
    let study = study();
    let out = study.path("out");
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&out, 3);
    for n in 0..edits {
        let (text, words) = broken(n);
        save(&study, n, "control.lua", &text);
        run.hear("the version of step 1 stays in use");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{n}: {line}");
        if n % 100 == 99 {
            run.all.clear();
        }
    }
    let stop = CONTROL.replace("return {", "return { stop = true,");
    fs::write(study.path("control.lua"), stop).unwrap();
    let (code, said) = run.end();
    assert_eq!(code, 0, "{said}");
    assert_eq!(lines(&out.join("control.jsonl")).len(), 1);
    let edited = losses(&out);

    // The same run, let alone.
    let steps = edited.len();
    let stop = format!("return {{ stop = function(step) return step > {steps} end,");
    fs::write(study.path("control.lua"), CONTROL.replace("return {", &stop)).unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "alone"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(losses(&study.path("alone")), edited, "the losses of a run that nobody touched");
    let median = |run: &str| {
        let metrics = lines(&study.path(run).join("metrics.jsonl"));
        let mut seconds: Vec<f64> =
            metrics.iter().map(|l| l["seconds"].as_f64().unwrap()).collect();
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    println!(
        "{edits} broken edits over {steps} steps: losses identical; median step {:.3} of the \
         unedited run's",
        median("out") / median("alone")
    );
}

/// A control that uses much of what there is.
const RICH: &str = r#"local s = require "compt.schedule"
local c = require "compt.curriculum"
return {
  temperature = s.chain { { 0.5, s.cosine(5, 0.1) }, { 0.5, s.constant(0.1) } },
  lr = {
    router = s.warmup_linear(0.01, { warmup = 0.2 }),
    source = s.on_plateau(0.02, { patience = 5, factor = 0.5 }),
    private = function(step, view) return 0.01 / (1 + view.epoch % 7) end,
  },
  task_weights = c.easy_to_hard { start = 0.5 },
  clip = function(_, view) return view.progress < 0.1 and 0.5 or 1 end,
  dropout = 0.05, weight_decay = s.scale(0.5, 0.02), top_k = 2,
  freeze = { source = function(step) return step % 9 == 0 end },
}
"#;

/// What a slip of the hand puts between.
const SLIPS: [&str; 14] = [
    "nil",
    "0/0",
    "(",
    "}",
    "..",
    "\"",
    "-1",
    "1e300",
    " while true do end ",
    "\0",
    "é",
    ",",
    "--",
    "s",
];

/// `RICH` with one to three slips of the hand; `n` makes it another text.
fn mutated(random: &mut ChaCha8Rng, n: usize) -> String {
    let mut text: Vec<char> = RICH.chars().collect();
    for _ in 0..random.random_range(1..=3) {
        let at = random.random_range(0..text.len());
        let end = (at + random.random_range(1..=8)).min(text.len());
        match random.random_range(0..4) {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, text[at..end].to_vec())),
            2 => drop(text.splice(at..at, SLIPS.choose(random).unwrap().chars())),
            _ => {
                let digits: Vec<usize> =
                    (0..text.len()).filter(|i| text[*i].is_ascii_digit()).collect();
                let digit = *digits.choose(random).unwrap();
                text[digit] = char::from_digit(random.random_range(0..10), 10).unwrap();
            }
        }
    }
    format!("-- {n}\n{}", text.into_iter().collect::<String>())
}

/// Some of them are good: then the run changes, and its replay with it. `COMPT_EDITS=10000` is the
/// long form.
#[test]
fn slips_of_the_hand_never_end_a_run() {
    let edits = number("COMPT_EDITS", 24);
    let mut random = ChaCha8Rng::seed_from_u64(number("COMPT_EDITS_SEED", 1) as u64);
    let study = study();
    let out = study.path("out");
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&out, 3);
    let mut refused = 0;
    for n in 0..edits {
        save(&study, n, "control.lua", &mutated(&mut random, n));
        run.hear_any(&["stays in use", " -> ", " in use; "]);
        refused += usize::from(run.all.lines().last().unwrap().contains("stays in use"));
        if n % 100 == 99 {
            run.all.clear();
        }
    }
    let (code, said) = run.terminate();
    assert_eq!(code, 143, "{said}");
    let steps = losses(&out).len();
    let (code, printed, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(printed, format!("out: {steps} steps repeated, every loss identical\n"));
    println!("{edits} edits, {refused} of them refused, over {steps} steps, replayed identically");
}
