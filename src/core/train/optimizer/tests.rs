//! Five steps of each optimizer against golden parameters.

use super::adamw::{AdamW, AdamWOptions, RmsScale};
use super::*;
use crate::golden::Golden;
use serde_json::{Value, json};
use std::rc::Rc;
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
fn try_update(
    optimizer: &mut dyn Optimizer,
    golden: &Golden,
    group: &Group,
    step: usize,
    rate: f64,
) -> Result<()> {
    for (name, leaf) in group.parameters.iter().filter(|(n, _)| (&n[..], step) != ("skipped", 2)) {
        let grad = golden.get(&format!("optimizer.grads.{name}")).get(step as i64);
        (leaf * grad).sum(Kind::Float).backward();
    }
    let mut flats = Flat::of(std::slice::from_ref(group));
    let taken = Gradients::take(&flats).unwrap();
    update(optimizer, &mut flats, &taken, |_| (rate, group.weight_decay), &mut Vec::new())
}

fn update_with(
    optimizer: &mut dyn Optimizer,
    golden: &Golden,
    group: &Group,
    step: usize,
    rate: f64,
) {
    try_update(optimizer, golden, group, step, rate).unwrap();
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
        update_with(&mut *optimizer, &golden, &group, step, rate);
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
    update_with(&mut *optimizer, &golden, &group, 0, 0.1);
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

/// Momentum, which fails at an update of its own.
struct Heavy {
    state: [(String, Kept); 1],
    elementwise: bool,
    fails_at: std::cell::Cell<usize>,
}

impl Heavy {
    fn new(elementwise: bool) -> Rc<Heavy> {
        let fails_at = std::cell::Cell::new(usize::MAX);
        Rc::new(Heavy { state: [("velocity".into(), Kept::Like)], elementwise, fails_at })
    }
}

impl Rule for Heavy {
    fn state(&self) -> &[(String, Kept)] {
        &self.state
    }

    fn is_elementwise(&self) -> bool {
        self.elementwise
    }

    fn update(&self, update: &Update) -> Result<()> {
        let mut velocity = update.state[0].1.shallow_clone();
        let _ = velocity.f_mul_scalar_(0.9)?.f_add_(&update.gradient)?;
        let _ = update.values.shallow_clone().f_sub_(&velocity.f_mul_scalar(update.lr)?)?;
        self.fails_at.set(self.fails_at.get() - 1);
        match self.fails_at.get() {
            0 => Err(crate::Error::new("late")),
            _ => Ok(()),
        }
    }
}

/// The values and the state after a step, as text.
fn after(group: &Group, optimizer: &dyn Optimizer) -> Vec<(String, Vec<f64>)> {
    let flat = |(name, t): &(String, Tensor)| {
        (
            name.clone(),
            Vec::<f64>::try_from(t.detach().flatten(0, -1).to_kind(Kind::Double)).unwrap(),
        )
    };
    group.parameters.iter().map(flat).chain(optimizer.state().unwrap().iter().map(flat)).collect()
}

#[test]
fn a_rule_updates_tensors_together_as_each_alone() {
    let golden = Golden::open();
    let results = [false, true].map(|elementwise| {
        let group = group(&golden, 0.0);
        let mut optimizer = of_rule(Heavy::new(elementwise));
        for (step, rate) in RATES.into_iter().enumerate() {
            update_with(&mut *optimizer, &golden, &group, step, rate);
            if step == 2 {
                let state = optimizer.state().unwrap();
                optimizer = of_rule(Heavy::new(elementwise));
                optimizer.load_state(std::slice::from_ref(&group), &state).unwrap();
            }
        }
        after(&group, &*optimizer)
    });
    assert_eq!(results[0].len(), 9, "values, velocity and step of three parameters");
    for ((name, a), (_, b)) in results[0].iter().zip(&results[1]) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "{name}");
    }
    let steps = results[0].iter().find(|(name, _)| name == "skipped.step").unwrap();
    assert_eq!(steps.1, [4.0]);
}

#[test]
fn a_step_that_fails_half_way_changes_nothing() {
    let golden = Golden::open();
    for (elementwise, late) in [(false, 3), (true, 1)] {
        let group = group(&golden, 0.0);
        let rule = Heavy::new(elementwise);
        let mut optimizer = of_rule(rule.clone());
        for step in 0..2 {
            let before = after(&group, &*optimizer);
            rule.fails_at.set(late);
            let failed = try_update(&mut *optimizer, &golden, &group, step, 0.1);
            assert_eq!(failed.unwrap_err().to_string(), "late");
            assert_eq!(after(&group, &*optimizer), before, "elementwise: {elementwise}");
            rule.fails_at.set(usize::MAX);
            update_with(&mut *optimizer, &golden, &group, step, 0.1);
            assert_ne!(after(&group, &*optimizer), before);
        }
    }
}
