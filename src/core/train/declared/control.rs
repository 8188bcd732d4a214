//! The default control of a declared method; `stdlib/methods/control.lua` is the same for
//! methods whose stages have their own rates.

use super::Declared;
use crate::train::control::{Control, View};
use crate::train::knobs::{Knob, Knobs, Value};
use crate::{Error, Result};

/// Rates with linear warm-up and decay; a temperature that changes linearly from its first to its last value.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodControl {
    /// The peak rate of each parameter group.
    peaks: Vec<(String, f64)>,
    warmup: f64,
    temperature: Option<[f64; 2]>,
    top_k: Option<usize>,
}

impl MethodControl {
    /// An operator's parameters use the rate of the private prompts by default.
    pub(super) fn new(method: &Declared, groups: &[String]) -> Self {
        let rate = |group: &String| {
            let other = (group == "operator").then_some("private");
            let names = [Some(group.as_str()), other];
            let rate = names.into_iter().flatten().find_map(|name| method.lr.get(name))?;
            Some((group.clone(), *rate))
        };
        MethodControl {
            peaks: groups.iter().filter_map(rate).collect(),
            warmup: method.warmup,
            temperature: method.temperature,
            top_k: method.top_k,
        }
    }
}

impl Control for MethodControl {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        let mut knobs = Knobs::default();
        let mut set = |knob: &str, name: String, value: f64| {
            let value = Knob::named(knob)?.check(Value::Number(value));
            let value = value.map_err(|e| e.at(format!("{name} at step {}", view.step)))?;
            knobs.set(name, value);
            Ok::<_, Error>(())
        };
        for (group, peak) in &self.peaks {
            let rate = warmup_linear(*peak, self.warmup, view.step, view.total_steps);
            set("lr", format!("lr.{group}"), rate)?;
        }
        if let Some([first, last]) = self.temperature {
            let heat = linear(first, last, view.step, view.total_steps);
            set("temperature", "temperature".into(), heat)?;
        }
        if let Some(k) = self.top_k {
            set("top_k", "top_k".into(), k as f64)?;
        }
        Ok(knobs)
    }
}

/// Linear from 0 to `peak` over the fraction `warmup` of the steps, then linear to 0 after the last step:
/// `get_linear_schedule_with_warmup` of `transformers`, with the warm-up of its `get_warmup_steps`.
/// `step` counts from 1. The order of operations is that of `stdlib/schedule.lua`.
fn warmup_linear(peak: f64, warmup: f64, step: u64, total: u64) -> f64 {
    let (i, rise) = ((step - 1) as f64, (warmup * total as f64).ceil());
    if i < rise {
        return peak * i / rise;
    }
    peak * (1.0 - ((i - rise) / (total as f64 - rise).max(1.0)).min(1.0))
}

/// Linear from `first` at step 1 to `last` at step `total`.
fn linear(first: f64, last: f64, step: u64, total: u64) -> f64 {
    let x = match total {
        0 | 1 => 0.0,
        _ => ((step - 1) as f64 / (total - 1) as f64).clamp(0.0, 1.0),
    };
    first * (1.0 - x) + last * x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_and_fall() {
        let rates: Vec<f64> = (1..=10).map(|step| warmup_linear(1.0, 0.2, step, 10)).collect();
        assert_eq!(rates, [0.0, 0.5, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
        assert_eq!(warmup_linear(2.0, 0.0, 1, 1), 2.0);
        assert_eq!([1, 3, 5].map(|step| linear(5.0, 1.0, step, 5)), [5.0, 3.0, 1.0]);
        assert_eq!(linear(5.0, 1.0, 1, 1), 5.0);
    }

    #[test]
    fn a_rate_out_of_range_names_its_group() {
        let map = serde_json::json!({ "compose": "private", "lr": { "private": 200 } });
        let method = Declared::read(map.as_object().unwrap()).unwrap();
        let groups = ["private".to_string(), "operator".into(), "router".into()];
        let mut control = method.control(&groups);
        assert_eq!(control.peaks, [("private".into(), 200.0), ("operator".into(), 200.0)]);
        let view = View { step: 1, total_steps: 2, ..View::default() };
        let text = control.knobs(&view).unwrap_err().to_string();
        assert_eq!(text, "lr.private at step 1: 200 is not within [0, 100]");
    }
}
