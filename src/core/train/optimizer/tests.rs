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

/// The golden start values.
fn group(golden: &Golden, weight_decay: f64) -> Group {
    let leaf = |name: &&str| (name.to_string(), golden.leaf(&format!("optimizer.start.{name}")));
    Group { name: "all".into(), parameters: NAMES.iter().map(leaf).collect(), weight_decay }
}

/// Updates a group with the golden gradients of a step; `skipped` has no gradient in the third step.
fn update(optimizer: &mut dyn Optimizer, golden: &Golden, group: &Group, step: usize, rate: f64) {
    for (name, leaf) in group.parameters.iter().filter(|(n, _)| (&n[..], step) != ("skipped", 2)) {
        let grad = golden.get(&format!("optimizer.grads.{name}")).get(step as i64);
        (leaf * grad).sum(Kind::Float).backward();
    }
    let mut flats = Flat::of(std::slice::from_ref(group));
    for gradients in Gradients::take(&flats).unwrap() {
        flats[gradients.flat].join().unwrap();
        optimizer.step(&flats[gradients.flat], &gradients, rate, group.weight_decay).unwrap();
    }
}

/// Five steps; after the second one the state is loaded into a new optimizer.
fn check(label: &str, weight_decay: f64, fresh: impl Fn() -> Box<dyn Optimizer>) {
    let golden = Golden::open();
    let group = group(&golden, weight_decay);
    let mut optimizer = fresh();
    for (step, rate) in RATES.into_iter().enumerate() {
        if step == 2 {
            let state = optimizer.state().unwrap();
            optimizer = fresh();
            optimizer.load_state(std::slice::from_ref(&group), &state).unwrap();
        }
        update(&mut *optimizer, &golden, &group, step, rate);
    }
    for (name, value) in &group.parameters {
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
    let mut optimizer = made(json!("adamw")).unwrap();
    let mut group = group(&golden, 0.0);
    update(&mut *optimizer, &golden, &group, 0, 0.1);
    let state = optimizer.state().unwrap();
    for (_, parameter) in &mut group.parameters {
        *parameter = parameter.narrow(0, 0, 2);
    }
    let text = optimizer.load_state(&[group], &state).unwrap_err().to_string();
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
    let flats = Flat::of(&groups);
    let mut taken = Gradients::take(&flats).unwrap();
    let of = |taken: &[Gradients]| {
        let values: Vec<f64> = norms(taken).unwrap().iter().map(|n| n.double_value(&[])).collect();
        Norms::of(&groups, &flats, taken, &values)
    };
    let before = of(&taken);
    golden.assert_close("clip.norm", &Tensor::from(before.joint as f32));
    let squares: f64 = before.groups.values().map(|norm| norm * norm).sum();
    assert!((squares.sqrt() / before.joint - 1.0).abs() < 1e-6);
    assert_eq!(before.groups.len(), 2, "a group without gradients has no norm");
    before.clip(&mut taken, 1.0).unwrap();
    for (name, of) in ["clip.matrix", "clip.vector"].iter().zip(&taken) {
        let part = of.parts(&flats[of.flat]).next().unwrap().unwrap().2;
        golden.assert_close(name, &part);
    }
    assert!((of(&taken).joint - 1.0).abs() < 1e-5);
    assert_eq!(of(&[]).joint, 0.0);
    let _ = taken[0].values.fill_(f64::NAN);
    assert!(of(&taken).joint.is_nan());
}
