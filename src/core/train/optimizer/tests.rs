//! Five steps of each optimizer against golden parameters.

use super::adamw::{AdamW, AdamWOptions, RmsScale};
use super::*;
use crate::golden::Golden;
use serde_json::{Value, json};
use tch::Kind;

fn made(optimizer: Value) -> Result<Box<dyn Optimizer>> {
    make(&Variant::read(&optimizer, "optimizer", None)?)
}

const NAMES: [&str; 3] = ["matrix", "vector", "skipped"];
const RATES: [f64; 5] = [0.05, 0.04, 0.03, 0.02, 0.01];

/// `values` as new leaves on the same storage, with the golden gradients of a step; `skipped`
/// has no gradient in the third step.
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

/// Five steps; after the second one the state is loaded into a new optimizer.
fn check(label: &str, weight_decay: f64, fresh: impl Fn() -> Box<dyn Optimizer>) {
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
    check("adamw", 0.1, || made(json!("adamw")).unwrap());
}

#[test]
fn adam_with_relative_steps_matches_numpy() {
    check("adam_rms", 0.0, || {
        Box::new(AdamW::new(AdamWOptions {
            betas: (0.9, 0.98),
            scale_by_rms: Some(RmsScale { every: 2, ..RmsScale::default() }),
            ..AdamWOptions::default()
        }))
    });
}

#[test]
fn adafactor_matches_transformers() {
    check("adafactor", 0.1, || made(json!("adafactor")).unwrap());
    check("adafactor.scaled", 0.1, || {
        made(json!({ "kind": "adafactor", "scale_parameter": true })).unwrap()
    });
}

#[test]
fn an_optimizer_takes_its_own_options_and_no_others() {
    let refused = |value| made(value).err().unwrap().to_string();
    let text = refused(json!("adafctor"));
    assert!(text.contains("did you mean 'adafactor'?"), "{text}");
    let text = refused(json!({ "kind": "adamw", "momentum": 1 }));
    assert!(text.starts_with("optimizer 'adamw': unknown option 'momentum'"), "{text}");
    let text = refused(json!({ "kind": "adamw", "betas": [0.9] }));
    assert_eq!(text, "optimizer 'adamw': 'betas' must be two numbers");
    let text = refused(json!({ "kind": "adafactor", "decay_rate": "0.8" }));
    assert!(text.contains("option 'decay_rate' must be a number, got a string"), "{text}");
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    let golden = Golden::open();
    let values = NAMES.map(|name| golden.get(&format!("optimizer.start.{name}")));
    let mut optimizer = made(json!("adamw")).unwrap();
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
