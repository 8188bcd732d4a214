//! The knobs that a control may set during training: their names and ranges, in one table.

use crate::router::Normalisation;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// The value of a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Flag(bool),
    Number(f64),
    Word(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(f, "{flag}"),
            // With the same precision as Lua's schedules.
            Value::Number(x) => f.write_str(&shown(*x)),
            Value::Word(word) => f.write_str(word),
        }
    }
}

/// A number with at most 6 digits.
fn shown(x: f64) -> String {
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    rounded.to_string()
}

/// The valid values of a knob.
pub enum Kind {
    Number(Bound<f64>, Bound<f64>),
    /// An integer from this value to a billion.
    Whole(f64),
    Flag,
    OneOf(&'static [&'static str]),
}

/// Whether a knob has a value per group or task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    Run,
    Group,
    Task,
}

/// One knob.
pub struct Knob {
    pub name: &'static str,
    pub each: Each,
    pub kind: Kind,
}

use Bound::{Excluded as Above, Excluded as Below, Included as From, Included as To};

const fn knob(name: &'static str, each: Each, kind: Kind) -> Knob {
    Knob { name, each, kind }
}

/// All knobs.
pub const KNOBS: [Knob; 12] = [
    knob("lr", Each::Group, Kind::Number(From(0.0), To(100.0))),
    knob("freeze", Each::Group, Kind::Flag),
    knob("temperature", Each::Run, Kind::Number(From(1e-6), To(1e3))),
    knob("task_weights", Each::Task, Kind::Number(From(0.0), To(1e6))),
    knob("top_k", Each::Run, Kind::Whole(1.0)),
    knob("normalise", Each::Run, Kind::OneOf(&Normalisation::NAMES)),
    knob("clip", Each::Run, Kind::Number(Above(0.0), To(1e6))),
    knob("dropout", Each::Run, Kind::Number(From(0.0), Below(1.0))),
    knob("weight_decay", Each::Run, Kind::Number(From(0.0), To(1.0))),
    knob("evaluate_every", Each::Run, Kind::Whole(0.0)),
    knob("checkpoint", Each::Run, Kind::Flag),
    knob("stop", Each::Run, Kind::Flag),
];

/// Settings of a run that cannot change during training, for an error message.
const FIXED: [&str; 18] = [
    "accumulate",
    "alone",
    "batch_size",
    "compose",
    "encoder",
    "epochs",
    "init",
    "length",
    "max_source_length",
    "method",
    "optimizer",
    "placement",
    "prefix",
    "private_length",
    "router",
    "sampler",
    "sources",
    "steps",
];

impl Knob {
    /// The knob with this name; the error names the nearest one.
    pub fn named(name: &str) -> Result<&'static Knob> {
        if FIXED.contains(&name) {
            let error = Error::new(format!("'{name}' cannot change during training"));
            if name == "sampler" {
                return Err(error.hint(
                    "a sampler in a file of its own is used again whenever the file changes: \
                     compt.sampler.define(NAME, FILE)",
                ));
            }
            return Err(error.hint(
                "shapes, groups and batches are fixed when the trainer is created. To change one, \
                 stop the run (`stop = true`), create a new trainer, and load the parameters that \
                 match: t:load(RUN, { only = \"parameters\" })",
            ));
        }
        KNOBS
            .iter()
            .find(|knob| knob.name == name)
            .ok_or_else(|| Error::unknown("knob", name, KNOBS.iter().map(|k| k.name)))
    }

    /// Checks a value for this knob: its type, and that it is finite and within its range. Errors: an
    /// invalid value.
    pub fn check(&self, value: Value) -> Result<Value> {
        let wanted = match (&self.kind, &value) {
            (Kind::Number(low, high), Value::Number(x)) => match (*low, *high).contains(x) {
                true => return Ok(value),
                false => format!("is not within {}", interval(*low, *high)),
            },
            (Kind::Whole(low), Value::Number(x)) => {
                match (*low..=1e9).contains(x) && x.fract() == 0.0 {
                    true => return Ok(value),
                    false => format!("is not a whole number from {low} to 1e9"),
                }
            }
            (Kind::Flag, Value::Flag(_)) => return Ok(value),
            (Kind::OneOf(known), Value::Word(word)) => match known.contains(&word.as_str()) {
                true => return Ok(value),
                false => return Err(Error::unknown(self.name, word, known.iter().copied())),
            },
            (kind, Value::Word(text)) => {
                let error = Error::new(format!("the text \"{text}\" is not {}", kind.noun()));
                return Err(match kind.reads(text) {
                    true => error.hint(format!("write it without quotes: {text}")),
                    false => error,
                });
            }
            (kind, _) => format!("is not {}", kind.noun()),
        };
        Err(Error::new(format!("{value} {wanted}")))
    }
}

impl Kind {
    /// The name of a value of this kind in messages.
    pub fn noun(&self) -> &'static str {
        match self {
            Kind::Number(..) | Kind::Whole(_) => "a number",
            Kind::Flag => "true or false",
            Kind::OneOf(_) => "a name",
        }
    }

    /// Whether a text is a value of this kind.
    fn reads(&self, text: &str) -> bool {
        match self {
            Kind::Number(..) | Kind::Whole(_) => text.trim().parse::<f64>().is_ok(),
            Kind::Flag => ["true", "false"].contains(&text),
            Kind::OneOf(_) => false,
        }
    }
}

/// A range in interval notation: `(0, 1000]`.
fn interval(low: Bound<f64>, high: Bound<f64>) -> String {
    let low = match low {
        Bound::Included(low) => format!("[{low}"),
        Bound::Excluded(low) => format!("({low}"),
        Bound::Unbounded => "(-inf".to_string(),
    };
    match high {
        Bound::Included(high) => format!("{low}, {high}]"),
        Bound::Excluded(high) => format!("{low}, {high})"),
        Bound::Unbounded => format!("{low}, inf)"),
    }
}

/// The prefix of the full names of task weights.
const WEIGHTS: &str = "task_weights.";

/// The settings of one step by full names (`temperature`, `lr.router`); a knob that is not
/// set keeps the trainer's setting.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Knobs(BTreeMap<String, Value>);

impl Knobs {
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    pub fn unset(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Number(x)) => Some(*x),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Flag(true))
    }

    pub fn word(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The learning rate of a parameter group; 0 if it is frozen.
    pub fn rate(&self, group: &str) -> Option<f64> {
        let rate = self.number(&format!("lr.{group}"))?;
        Some(if self.flag(&format!("freeze.{group}")) { 0.0 } else { rate })
    }

    /// The relative sampling weight of each task; a task that is not named is not sampled. `None`:
    /// every row once per epoch.
    pub fn task_weights(&self) -> Option<BTreeMap<String, f64>> {
        let weight = |(name, value): (&String, &Value)| match (name.strip_prefix(WEIGHTS), value) {
            (Some(task), Value::Number(x)) => Some((task.to_string(), *x)),
            _ => None,
        };
        let weights: BTreeMap<String, f64> = self.0.iter().filter_map(weight).collect();
        (!weights.is_empty()).then_some(weights)
    }

    /// The settings without their own field in the report of a step: all but learning rates and,
    /// if `has_temperature`, the temperature.
    pub fn others(&self, has_temperature: bool) -> Knobs {
        let has_field =
            |name: &str| name.starts_with("lr.") || has_temperature && name == "temperature";
        let others = self.0.iter().filter(|(name, _)| !has_field(name));
        Knobs(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// These settings, completed by those of `lower`. Task weights are one unit: those of both are
    /// not mixed.
    pub fn over(&self, mut lower: Knobs) -> Knobs {
        if self.0.keys().any(|name| name.starts_with(WEIGHTS)) {
            lower.0.retain(|name, _| !name.starts_with(WEIGHTS));
        }
        lower.0.extend(self.0.clone());
        lower
    }

    /// The names whose settings differ, with both values.
    pub fn differences<'a>(
        &'a self,
        other: &'a Knobs,
    ) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
        let theirs = other.0.keys().filter(|name| !self.0.contains_key(*name));
        let mut names: Vec<&String> = self.0.keys().chain(theirs).collect();
        names.sort();
        names
            .into_iter()
            .map(|name| (name.as_str(), self.get(name), other.get(name)))
            .filter(|(_, mine, theirs)| mine != theirs)
    }
}

/// A value that may be absent, for messages.
pub fn shown_or_nil(value: Option<&Value>) -> String {
    value.map_or("nil".to_string(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_range_are_refused() {
        let check = |name: &str, value| Knob::named(name).unwrap().check(value);
        assert_eq!(check("temperature", Value::Number(0.001)), Ok(Value::Number(0.001)));
        let text = check("temperature", Value::Number(0.0)).unwrap_err().to_string();
        assert_eq!(text, "0 is not within [0.000001, 1000]");
        assert!(check("temperature", Value::Number(f64::NAN)).is_err());
        assert!(check("temperature", Value::Number(f64::INFINITY)).is_err());
        let text = check("top_k", Value::Number(1.5)).unwrap_err().to_string();
        assert_eq!(text, "1.5 is not a whole number from 1 to 1e9");
        assert!(check("top_k", Value::Number(2e300)).is_err());
        let text = check("stop", Value::Number(1.0)).unwrap_err().to_string();
        assert_eq!(text, "1 is not true or false");
        let text = check("normalise", Value::Word("softmx".into())).unwrap_err().to_string();
        assert!(text.contains("did you mean 'softmax'?"), "{text}");
    }

    #[test]
    fn an_unknown_knob_brings_the_nearest_and_a_fixed_setting_the_way_out() {
        let text = Knob::named("temprature").err().unwrap().to_string();
        assert!(text.contains("unknown knob 'temprature'"), "{text}");
        assert!(text.contains("did you mean 'temperature'?"), "{text}");
        let text = Knob::named("length").err().unwrap().to_string();
        assert!(text.contains("cannot change during training"), "{text}");
        assert!(text.contains("t:load(RUN"), "{text}");
    }

    #[test]
    fn upper_settings_win_and_weights_are_not_mixed() {
        let of = |list: &[(&str, f64)]| {
            let mut knobs = Knobs::default();
            list.iter().for_each(|(name, x)| knobs.set(*name, Value::Number(*x)));
            knobs
        };
        let lower = of(&[("lr.a", 1.0), ("lr.b", 2.0), ("task_weights.x", 1.0)]);
        let upper = of(&[("lr.b", 3.0), ("task_weights.y", 2.0)]);
        let both = upper.over(lower.clone());
        assert_eq!(both, of(&[("lr.a", 1.0), ("lr.b", 3.0), ("task_weights.y", 2.0)]));
        let differences: Vec<_> = lower.differences(&both).map(|d| d.0).collect();
        assert_eq!(differences, ["lr.b", "task_weights.x", "task_weights.y"]);
        assert_eq!(of(&[("clip", 1.0)]).over(lower.clone()).task_weights(), lower.task_weights());
    }

    #[test]
    fn numbers_are_shown_short() {
        assert_eq!(Value::Number(0.1 + 0.2).to_string(), "0.3");
        assert_eq!(Value::Number(1e-3).to_string(), "0.001");
        assert_eq!(Value::Number(123_456.7).to_string(), "123457");
    }
}
