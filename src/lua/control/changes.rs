//! What an edit changes, in a line.

use crate::train::knobs::{Knobs, shown_or_nil};
use std::collections::BTreeMap;

/// One version of a control: each knob as it was written (None: a function), and the settings of
/// the step.
pub struct Side {
    pub texts: BTreeMap<String, Option<String>>,
    pub now: Knobs,
}

/// `temperature: linear(5, 0.001) -> cosine(5, 0.1); lr.router: 0.1 -> 0.05`: texts where both
/// sides are written as values or schedules, else the settings of this step.
pub fn changes(old: &Side, new: &Side) -> String {
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
    match parts.is_empty() {
        true => "nothing differs at this step".to_string(),
        false => parts.join("; "),
    }
}

/// The settings of a knob that a function decides.
fn values(name: &str, old: &Side, new: &Side) -> Vec<String> {
    let below = format!("{name}.");
    let differs = old.now.differences(&new.now);
    differs
        .filter(|(full, ..)| *full == name || full.starts_with(&below))
        .map(|(full, a, b)| format!("{full}: {} -> {}", shown_or_nil(a), shown_or_nil(b)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::knobs::Value;

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
            changes(&old, &new),
            "clip: 1 -> 0.5; temperature: linear(5, 1) -> cosine(5, 1)"
        );
        assert_eq!(changes(&new, &new), "nothing differs at this step");
        let less = side(&[("clip", Some("2"))], &[("clip", 2.0)]);
        assert_eq!(
            changes(&old, &less),
            "clip: a function -> 2; lr.a: 1 -> the method's own; \
             temperature: linear(5, 1) -> the method's own"
        );
        let weights = side(&[("task_weights", None)], &[("task_weights.x", 1.0)]);
        let others = side(&[("task_weights", None)], &[("task_weights.y", 1.0)]);
        assert_eq!(
            changes(&weights, &others),
            "task_weights.x: 1 -> nil; task_weights.y: nil -> 1"
        );
    }
}
