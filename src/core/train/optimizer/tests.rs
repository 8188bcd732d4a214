//! Five steps of each optimizer against golden parameters.

use super::*;
use crate::golden::Golden;
use tch::Kind;

const NAMES: [&str; 3] = ["matrix", "vector", "skipped"];
const RATES: [f64; 5] = [0.05, 0.04, 0.03, 0.02, 0.01];

/// `values` as fresh leaves on the same storage, with the golden gradients of a step; `skipped`
/// has none in the third.
fn group(golden: &Golden, values: &[Tensor], step: usize, weight_decay: f64) -> Group {
    let parameters = NAMES.iter().zip(values).map(|(name, value)| {
        let leaf = value.detach().set_requires_grad(true);
        if (*name, step) != ("skipped", 2) {
            let grad = golden.get(&format!("optimizer.grads.{name}")).get(step as i64);
            (&leaf * grad).sum(Kind::Float).backward();
        }
        (name.to_string(), leaf)
    });
    Group { name: "all".into(), parameters: parameters.collect(), weight_decay }
}

/// Five steps; after the second the state moves into a fresh optimizer.
fn check<O: Optimizer>(label: &str, weight_decay: f64, fresh: impl Fn() -> O) {
    let golden = Golden::open();
    let start = |name| golden.get(&format!("optimizer.start.{name}"));
    let values = NAMES.map(start);
    let mut optimizer = fresh();
    for (step, rate) in RATES.into_iter().enumerate() {
        let group = group(&golden, &values, step, weight_decay);
        if step == 2 {
            let state = optimizer.state().unwrap();
            optimizer = fresh();
            optimizer.load_state(std::slice::from_ref(&group), &state).unwrap();
        }
        optimizer.step(&group, rate, group.weight_decay).unwrap();
    }
    for (name, value) in NAMES.iter().zip(&values) {
        golden.assert_close(&format!("optimizer.{label}.{name}"), value);
    }
}

#[test]
fn adamw_matches_torch() {
    check("adamw", 0.1, || AdamW::new(AdamWOptions::default()));
}

#[test]
fn adam_with_relative_steps_matches_numpy() {
    check("adam_rms", 0.0, || {
        AdamW::new(AdamWOptions {
            betas: (0.9, 0.98),
            scale_by_rms: Some(RmsScale { every: 2, ..RmsScale::default() }),
            ..AdamWOptions::default()
        })
    });
}

#[test]
fn adafactor_matches_transformers() {
    check("adafactor", 0.1, || Adafactor::new(AdafactorOptions::default()));
    check("adafactor.scaled", 0.1, || {
        Adafactor::new(AdafactorOptions { scale_parameter: true, ..Default::default() })
    });
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    let golden = Golden::open();
    let values = NAMES.map(|name| golden.get(&format!("optimizer.start.{name}")));
    let mut optimizer = AdamW::new(AdamWOptions::default());
    optimizer.step(&group(&golden, &values, 0, 0.0), 0.1, 0.0).unwrap();
    let state = optimizer.state().unwrap();
    let other = values.map(|value| value.narrow(0, 0, 2));
    let leaves = NAMES.iter().map(|name| name.to_string()).zip(other).collect();
    let other = Group { name: "all".into(), parameters: leaves, weight_decay: 0.0 };
    let text = optimizer.load_state(&[other], &state).unwrap_err().to_string();
    assert!(text.contains("[4, 6] where [2, 6]"), "{text}");
}

#[test]
fn clipping_matches_torch() {
    let golden = Golden::open();
    let mut groups: Vec<Group> = Vec::new();
    for name in NAMES {
        let leaf = golden.leaf(&format!("optimizer.start.{name}"));
        if name != "skipped" {
            let grad = golden.get(&format!("optimizer.grads.{name}")).get(0) * 2;
            (&leaf * grad).sum(Kind::Float).backward();
        }
        let parameters = vec![(name.to_string(), leaf)];
        groups.push(Group { name: name.into(), parameters, weight_decay: 0.0 });
    }
    let norms = clip_grad_norm(&groups, 1.0).unwrap();
    golden.assert_close("clip.norm", &Tensor::from(norms.joint as f32));
    let squares: f64 = norms.groups.values().map(|norm| norm * norm).sum();
    assert!((squares.sqrt() / norms.joint - 1.0).abs() < 1e-6);
    assert_eq!(norms.groups.len(), 2, "a group without gradients has no norm");
    golden.assert_close("clip.matrix", &groups[0].parameters[0].1.grad());
    golden.assert_close("clip.vector", &groups[1].parameters[0].1.grad());
    assert!(!groups[2].parameters[0].1.grad().defined());
    let unchanged = clip_grad_norm(&groups, 1.0).unwrap().joint;
    assert!((unchanged - 1.0).abs() < 1e-5);
    assert_eq!(clip_grad_norm(&[], 1.0).unwrap().joint, 0.0);
    let _ = groups[0].parameters[0].1.grad().fill_(f64::NAN);
    assert!(clip_grad_norm(&groups, 1.0).unwrap().joint.is_nan());
}
