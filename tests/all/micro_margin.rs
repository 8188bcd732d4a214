//! What the built-in backbone and tasks are there to show: with 16 examples a task, prompts that
//! share source prompts beat private ones trained in the same batches.

use crate::program::{Study, compt, read};
use std::process::Stdio;

const SEEDS: u64 = 3;

/// Points of the average over the eight tasks, mean over the seeds.
const MARGIN: f64 = 5.0;

/// Trains one method with the quickstart's settings and prints its test average.
const STUDY: &str = r#"
local compt = require "compt"
local methods = { ssum = compt.methods.ssum {}, pt = compt.methods.pt { alone = false } }
local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 16, seed = compt.seed }),
  method = methods[compt.args.method],
  epochs = 30, batch_size = 16, progress = false,
}
trainer:run()
print(trainer:evaluate("test").average)
"#;

#[test]
fn shared_prompts_beat_private_ones() {
    let study = Study::new(&[("study.lua", STUDY)]);
    let start = |method: &str, seed: u64| {
        let (method, out) = (format!("method={method}"), format!("runs/{method}-{seed}"));
        let seed = seed.to_string();
        let arguments = [
            "run",
            "study.lua",
            "--set",
            &method,
            "--seed",
            &seed,
            "--out",
            &out,
            "--device",
            "cpu",
        ];
        let mut command = compt(&arguments);
        command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut margins = Vec::new();
    for seed in 1..=SEEDS {
        // Two at a time, each on one core.
        let averages = [start("ssum", seed), start("pt", seed)].map(|child| {
            let (code, out, err) = read(child.wait_with_output().unwrap());
            assert_eq!(code, 0, "{err}");
            out.trim().parse::<f64>().unwrap()
        });
        println!("seed {seed}: SSUM {:.1}, mixed PT {:.1}", averages[0], averages[1]);
        margins.push(averages[0] - averages[1]);
    }
    let mean = margins.iter().sum::<f64>() / SEEDS as f64;
    assert!(mean > MARGIN, "SSUM is {mean:.1} points above mixed PT: {margins:.1?}");
}
