//! The knobs a control may turn while a run trains: their names and ranges, in one table.

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

/// The settings of one step; a knob that was not set keeps what the trainer was made with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knobs {
    /// Learning rate by parameter group (`router`, `source`, `private` ...).
    pub lr: BTreeMap<String, f64>,
    /// Temperature of a sampling router.
    pub temperature: Option<f64>,
    /// How often each task is drawn, relative to the others; a task not named is not drawn.
    pub task_weights: Option<BTreeMap<String, f64>>,
    /// Largest norm of the gradient.
    pub clip: Option<f64>,
    /// Dropout of the backbone.
    pub dropout: Option<f64>,
    /// Decoupled weight decay of every group.
    pub weight_decay: Option<f64>,
}

/// Where a knob's value goes, which says what shape it has.
pub enum Slot {
    /// One number.
    Number(fn(&mut Knobs) -> &mut Option<f64>),
    /// A number for each parameter group.
    Groups(fn(&mut Knobs) -> &mut BTreeMap<String, f64>),
    /// A number for each task, or none at all.
    Tasks(fn(&mut Knobs) -> &mut Option<BTreeMap<String, f64>>),
}

/// One knob: its name, its range and its place in [`Knobs`].
pub struct Knob {
    pub name: &'static str,
    pub range: (Bound<f64>, Bound<f64>),
    pub slot: Slot,
}

use Bound::{Excluded as Above, Excluded as Below, Included as From, Included as To};

/// Every knob there is.
pub const KNOBS: [Knob; 6] = [
    Knob { name: "lr", range: (From(0.0), To(100.0)), slot: Slot::Groups(|k| &mut k.lr) },
    Knob {
        name: "temperature",
        range: (Above(0.0), To(1e3)),
        slot: Slot::Number(|k| &mut k.temperature),
    },
    Knob {
        name: "task_weights",
        range: (From(0.0), To(1e6)),
        slot: Slot::Tasks(|k| &mut k.task_weights),
    },
    Knob { name: "clip", range: (Above(0.0), To(1e6)), slot: Slot::Number(|k| &mut k.clip) },
    Knob {
        name: "dropout",
        range: (From(0.0), Below(1.0)),
        slot: Slot::Number(|k| &mut k.dropout),
    },
    Knob {
        name: "weight_decay",
        range: (From(0.0), To(1.0)),
        slot: Slot::Number(|k| &mut k.weight_decay),
    },
];

impl Knob {
    /// The knob of that name; the error names the nearest one.
    pub fn named(name: &str) -> Result<&'static Knob> {
        KNOBS
            .iter()
            .find(|knob| knob.name == name)
            .ok_or_else(|| Error::unknown("knob", name, KNOBS.iter().map(|k| k.name)))
    }

    /// A finite value within the range (and whole, where the knob is).
    pub fn check(&self, value: f64) -> Result<f64> {
        if !self.range.contains(&value) {
            return Err(Error::new(format!("{value} is not within {}", self.interval())));
        }
        Ok(value)
    }

    /// The range as mathematicians write it: `(0, 1000]`.
    fn interval(&self) -> String {
        let low = match self.range.0 {
            Bound::Included(low) => format!("[{low}"),
            Bound::Excluded(low) => format!("({low}"),
            Bound::Unbounded => "(-inf".to_string(),
        };
        match self.range.1 {
            Bound::Included(high) => format!("{low}, {high}]"),
            Bound::Excluded(high) => format!("{low}, {high})"),
            Bound::Unbounded => format!("{low}, inf)"),
        }
    }
}

impl Knobs {
    /// The name of the first knob (`temperature`, `lr.router`) in which two answers differ, with
    /// both values.
    pub fn first_difference(&self, other: &Knobs) -> Option<(String, String, String)> {
        let (mine, theirs) = (self.flat(), other.flat());
        let names = mine.keys().chain(theirs.keys());
        let show = |value: Option<&f64>| value.map_or("nil".to_string(), f64::to_string);
        names
            .into_iter()
            .find(|name| mine.get(*name) != theirs.get(*name))
            .map(|name| (name.clone(), show(mine.get(name)), show(theirs.get(name))))
    }

    /// Every number that was set, by its full name.
    fn flat(&self) -> BTreeMap<String, f64> {
        let mut flat = BTreeMap::new();
        let mut copy = self.clone();
        for knob in &KNOBS {
            let named = |map: &BTreeMap<String, f64>| -> Vec<(String, f64)> {
                map.iter().map(|(name, value)| (format!("{}.{name}", knob.name), *value)).collect()
            };
            match knob.slot {
                Slot::Number(at) => flat.extend(at(&mut copy).map(|v| (knob.name.to_string(), v))),
                Slot::Groups(at) => flat.extend(named(at(&mut copy))),
                Slot::Tasks(at) => flat.extend(at(&mut copy).iter().flat_map(named)),
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_range_are_refused() {
        let knob = Knob::named("temperature").unwrap();
        assert_eq!(knob.check(0.001), Ok(0.001));
        assert_eq!(knob.check(0.0).unwrap_err().to_string(), "0 is not within (0, 1000]");
        assert!(knob.check(f64::NAN).is_err());
        assert!(knob.check(f64::INFINITY).is_err());
    }

    #[test]
    fn an_unknown_knob_brings_the_nearest() {
        let text = Knob::named("temprature").err().unwrap().to_string();
        assert!(text.contains("unknown knob 'temprature'"), "{text}");
        assert!(text.contains("did you mean 'temperature'?"), "{text}");
    }

    #[test]
    fn a_difference_is_named_in_full() {
        let mut a = Knobs { temperature: Some(1.0), ..Knobs::default() };
        let mut b = a.clone();
        assert_eq!(a.first_difference(&b), None);
        a.lr.insert("router".into(), 0.1);
        b.lr.insert("router".into(), 0.2);
        let (name, first, second) = a.first_difference(&b).unwrap();
        assert_eq!((name.as_str(), first.as_str(), second.as_str()), ("lr.router", "0.1", "0.2"));
    }
}
