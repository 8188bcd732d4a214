//! A one-line description of what an edit changes.

use crate::Result;
use compt_core::train::control::{Setting, View};
use compt_core::train::knobs::{Knobs, shown_or_nil};
use std::collections::BTreeMap;

/// One version of a control: the text of each knob (`None`: a function), and the settings at
/// the step.
pub struct Side {
    pub texts: BTreeMap<String, Option<String>>,
    pub now: Knobs,
}

impl Side {
    /// The full names of the knobs that differ from `old` and are set by hand.
    pub fn by_hand(&self, old: &Side, by_hand: &Knobs) -> Vec<String> {
        let differs = |name: &str| {
            self.now.get(name) != old.now.get(name) || self.texts.get(name) != old.texts.get(name)
        };
        let names = by_hand.iter().map(|(name, _)| name).filter(|name| differs(name));
        names.map(String::from).collect()
    }
}

/// `temperature: linear(5, 0.001) -> cosine(5, 0.1); lr.router: 0.1 -> 0.05`: texts if both sides
/// are written as values or schedules, else the settings at this step. `None`: no difference
/// at this step.
pub fn changes(old: &Side, new: &Side) -> Option<String> {
    let mut parts = Vec::new();
    let names: BTreeMap<&str, ()> =
        (old.texts.keys().chain(new.texts.keys())).map(|name| (name.as_str(), ())).collect();
    for name in names.into_keys() {
        match (old.texts.get(name), new.texts.get(name)) {
            (Some(Some(a)), Some(Some(b))) if a == b => {}
            (a, b) if a.is_some_and(Option::is_some) || b.is_some_and(Option::is_some) => {
                let shown = |text: Option<&Option<String>>| match text {
                    Some(Some(text)) => text.clone(),
                    Some(None) => "a function".to_string(),
                    None => "the method's own".to_string(),
                };
                parts.push(format!("{name}: {} -> {}", shown(a), shown(b)));
            }
            _ => parts.extend(values(name, old, new)),
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The first step after the view's at which two controls are known to differ, as a step of the run, and
/// how they differ. It is searched among the steps at which controls are tried, with simulated
/// views.
pub fn later(
    old: &mut dyn FnMut(&View) -> Result<Knobs>,
    new: &mut dyn FnMut(&View) -> Result<Knobs>,
    stages: &[Setting],
    view: &View,
) -> Option<(u64, String)> {
    let mut differ = |setting: &Setting, step: u64| {
        let view = setting.trial_view(step);
        let (old, new) = (old(&view).ok()?, new(&view).ok()?);
        let parts: Vec<String> = differences(&old, &new, |_| true);
        (!parts.is_empty()).then(|| parts.join("; "))
    };
    let mut before = 0;
    for setting in stages {
        // They are equal up to the step of the view.
        let mut alike = view.run_step.saturating_sub(before);
        let at = alike;
        for step in setting.sampled_steps().filter(|step| *step > at) {
            let Some(mut how) = differ(setting, step) else {
                alike = step;
                continue;
            };
            // They first differ between two of the sampled steps.
            let mut first = step;
            while first > alike + 1 {
                let middle = alike + (first - alike) / 2;
                match differ(setting, middle) {
                    Some(found) => (first, how) = (middle, found),
                    None => alike = middle,
                }
            }
            return Some((before + first, how));
        }
        before += setting.total_steps;
    }
    None
}

/// The settings of a knob that is computed by a function.
fn values(name: &str, old: &Side, new: &Side) -> Vec<String> {
    let below = format!("{name}.");
    differences(&old.now, &new.now, |full| full == name || full.starts_with(&below))
}

fn differences(old: &Knobs, new: &Knobs, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    old.differences(new)
        .filter(|(full, ..)| wanted(full))
        .map(|(full, a, b)| format!("{full}: {} -> {}", shown_or_nil(a), shown_or_nil(b)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use compt_core::train::knobs::Value;

    fn side(texts: &[(&str, Option<&str>)], now: &[(&str, f64)]) -> Side {
        let mut knobs = Knobs::default();
        now.iter().for_each(|(name, x)| knobs.set(*name, Value::Number(*x)));
        let text = |(name, text): &(&str, Option<&str>)| (name.to_string(), text.map(String::from));
        Side { texts: texts.iter().map(text).collect(), now: knobs }
    }

    #[test]
    fn texts_are_shown_and_values_of_functions() {
        let old = side(
            &[("temperature", Some("linear(5, 1)")), ("clip", None), ("lr.a", Some("1"))],
            &[("temperature", 4.0), ("clip", 1.0), ("lr.a", 1.0)],
        );
        let new = side(
            &[("temperature", Some("cosine(5, 1)")), ("clip", None), ("lr.a", Some("1"))],
            &[("temperature", 4.0), ("clip", 0.5), ("lr.a", 1.0)],
        );
        assert_eq!(
            changes(&old, &new).unwrap(),
            "clip: 1 -> 0.5; temperature: linear(5, 1) -> cosine(5, 1)"
        );
        assert_eq!(changes(&new, &new), None);
        let less = side(&[("clip", Some("2"))], &[("clip", 2.0)]);
        assert_eq!(
            changes(&old, &less).unwrap(),
            "clip: a function -> 2; lr.a: 1 -> the method's own; \
             temperature: linear(5, 1) -> the method's own"
        );
        let weights = side(&[("task_weights", None)], &[("task_weights.x", 1.0)]);
        let others = side(&[("task_weights", None)], &[("task_weights.y", 1.0)]);
        assert_eq!(
            changes(&weights, &others).unwrap(),
            "task_weights.x: 1 -> nil; task_weights.y: nil -> 1"
        );
    }

    #[test]
    fn the_step_is_found_at_which_two_controls_part() {
        let stage = |total_steps| Setting { total_steps, ..Setting::default() };
        let stages = [stage(1000), stage(500)];
        let of = |from: u64, total: u64| {
            move |view: &View| {
                let mut knobs = Knobs::default();
                let high = view.total_steps == total && view.step >= from;
                knobs.set("clip", Value::Number(if high { 2.0 } else { 1.0 }));
                Ok(knobs)
            }
        };
        let at = |run_step| View { run_step, ..View::default() };
        let found = |from, total, run_step| {
            later(&mut of(9000, 0), &mut of(from, total), &stages, &at(run_step))
        };
        assert_eq!(found(700, 1000, 20), Some((700, "clip: 1 -> 2".to_string())));
        assert_eq!(found(40, 500, 20), Some((1040, "clip: 1 -> 2".to_string())));
        assert_eq!(found(40, 500, 1200).unwrap().0, 1201, "the step of the view is alike");
        assert_eq!(found(501, 500, 20), None);
        assert_eq!(found(1, 1000, 1001), None, "what is over is over");
    }
}
