//! The settings of a control at every step of a run, without the run.

use crate::Result;
use compt_core::train::control::{Control, RouterWeights, Setting, View};
use compt_core::train::history::{Evaluated, History};
use compt_core::train::knobs::{KNOBS, Knobs, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The maximum number of sampled steps; in longer runs they are evenly spaced.
const MOST: u64 = 2000;

/// The value of each knob over the steps.
pub struct Trace {
    pub total_steps: u64,
    /// The sampled steps.
    pub steps: Vec<u64>,
    /// In the order of the table of knobs.
    pub knobs: Vec<Knob>,
    /// Knobs whose values depend on losses, scores or router weights, which are simulated here.
    pub assumed: BTreeSet<&'static str>,
}

/// One knob over the sampled steps; `None` where the method's own setting is used.
pub struct Knob {
    pub knob: &'static str,
    /// The group or task; empty for a knob of the whole run.
    pub name: String,
    pub values: Vec<Option<Value>>,
}

impl Trace {
    pub fn of(control: &mut dyn Control, setting: &Setting) -> Result<Trace> {
        let steps: Vec<u64> = steps(setting.total_steps).collect();
        let set = steps.iter().map(|step| control.knobs(&setting.trial_view(*step)));
        let set: Vec<Knobs> = set.collect::<Result<_>>()?;
        let assumed = dependent(control, setting);
        let names: BTreeSet<&str> = set.iter().flat_map(|k| k.iter().map(|(n, _)| n)).collect();
        let mut knobs: Vec<Knob> = names.into_iter().map(|n| Knob::of(n, &set)).collect();
        knobs.sort_by_key(|knob| KNOBS.iter().position(|known| known.name == knob.knob));
        Ok(Trace { total_steps: setting.total_steps, steps, knobs, assumed })
    }

    /// The groups and tasks of each knob together.
    pub fn by_knob(&self) -> impl Iterator<Item = &[Knob]> {
        self.knobs.chunk_by(|a, b| a.knob == b.knob)
    }

    /// The steps that a range of sampled ones represents: up to the next sampled step.
    pub fn span(&self, first: usize, last: usize) -> (u64, u64) {
        let to = self.steps.get(last + 1).map_or(self.total_steps, |next| next - 1);
        (self.steps[first], to)
    }

    /// Notes on how to read the values.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.knobs.is_empty() {
            notes.push("no knob is set: every setting is that of the method".to_string());
        }
        if (self.steps.len() as u64) < self.total_steps {
            notes.push(format!(
                "sampled at {} evenly spaced steps: changes between them are not shown",
                self.steps.len()
            ));
        }
        if self.knobs.iter().any(|knob| knob.values.contains(&None)) {
            notes.push("where there is no value, the setting of the method is used".to_string());
        }
        if !self.assumed.is_empty() {
            let names: Vec<&str> = self.assumed.iter().copied().collect();
            notes.push(format!(
                "assuming losses of 1, scores of 50 and even router weights: {}",
                names.join(", ")
            ));
        }
        notes
    }
}

impl Knob {
    fn of(full_name: &str, knobs: &[Knobs]) -> Knob {
        let (knob, name) = full_name.split_once('.').unwrap_or((full_name, ""));
        let value = |knobs: &Knobs| match knobs.get(full_name) {
            // If other tasks have weights, no rows are drawn from a task without one.
            None if knob == "task_weights" && knobs.task_weights().is_some() => {
                Some(Value::Number(0.0))
            }
            value => value.cloned(),
        };
        Knob {
            knob: known(knob),
            name: name.to_string(),
            values: knobs.iter().map(value).collect(),
        }
    }

    /// The name of the knob in a control: `lr.router`.
    pub fn full_name(&self) -> String {
        match self.name.as_str() {
            "" => self.knob.to_string(),
            name => format!("{}.{name}", self.knob),
        }
    }

    /// The values, if all are numbers.
    pub fn numbers(&self) -> Option<Vec<Option<f64>>> {
        let number = |value: &Option<Value>| match value {
            None => Some(None),
            Some(Value::Number(x)) => Some(Some(*x)),
            Some(_) => None,
        };
        self.values.iter().map(number).collect()
    }

    /// Runs of equal values, with the indices of the first and the last of each. False values are omitted
    /// if any is true.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, &Value)> {
        let flag = self.values.contains(&Some(Value::Flag(true)));
        let mut start = 0;
        let runs = self.values.chunk_by(|a, b| a == b).map(move |run| {
            start += run.len();
            (start - run.len(), start - 1, run[0].as_ref())
        });
        let runs = runs.filter_map(|(first, last, value)| Some((first, last, value?)));
        runs.filter(move |(.., value)| !(flag && **value == Value::Flag(false)))
    }
}

fn known(knob: &str) -> &'static str {
    KNOBS.iter().find(|known| known.name == knob).map_or("", |known| known.name)
}

/// The sampled steps of a run, including the first and the last.
fn steps(total: u64) -> impl Iterator<Item = u64> {
    let last = total - 1;
    let samples = last.min(MOST - 1);
    (0..=samples).map(move |i| (last * i).checked_div(samples).unwrap_or(0) + 1)
}

/// The knobs whose values change if the run progresses better or worse than simulated, or if nothing is
/// known of it.
fn dependent(control: &mut dyn Control, setting: &Setting) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for step in setting.sampled_steps() {
        let assumed = setting.trial_view(step);
        let Ok(before) = control.knobs(&assumed) else { continue };
        let unknown = View { history: Rc::default(), ..assumed.clone() };
        for other in [other_course(&assumed, true), other_course(&assumed, false), unknown] {
            // The control may fail for simulated progress that no run shows.
            let Ok(after) = control.knobs(&other) else { continue };
            let names = before.differences(&after).map(|(name, ..)| name);
            found.extend(names.map(|name| known(name.split('.').next().unwrap_or(name))));
        }
    }
    found
}

/// The view of a run that progresses better or worse, differently for each task.
fn other_course(view: &View, better: bool) -> View {
    let mut view = view.clone();
    let sign = if better { 1.0 } else { -1.0 };
    // For `by` = 1 the final loss differs by a factor of 1000, and the scores are 100 or 0.
    let loss = |by: f64| 1000f64.powf(-sign * by);
    let score = |by: f64| 50.0 + 50.0 * sign * by;
    let by = view.progress;
    let History { loss: last, loss_average, grad_norm, .. } = Rc::make_mut(&mut view.history);
    [last, loss_average, grad_norm].into_iter().flatten().for_each(|x| *x = loss(by));
    let history = Rc::make_mut(&mut view.history);
    spread(&mut history.task_losses, |share| loss(by * share));
    spread(&mut history.task_loss_averages, |share| loss(by * share));
    spread(&mut history.score_averages, |share| score(by * share));
    let epochs = history.epoch_losses.len() as f64;
    let epoch_losses = history.epoch_losses.iter_mut().enumerate();
    epoch_losses.for_each(|(i, x)| *x = loss((i + 1) as f64 / epochs * by));
    for Evaluated { average, scores, .. } in &mut history.evaluations {
        *average = score(by);
        spread(scores, |share| score(by * share));
    }
    if let RouterWeights::Known(by_task) = &mut view.router_weights {
        for weights in by_task.values_mut() {
            weights.iter_mut().enumerate().for_each(|(i, w)| *w = f64::from(u8::from(i == 0)));
        }
    }
    view
}

/// Distributes the values of the tasks, from the first to the last.
fn spread(values: &mut BTreeMap<String, f64>, value: impl Fn(f64) -> f64) {
    let count = values.len() as f64;
    values.values_mut().enumerate().for_each(|(i, x)| *x = value(1.0 - i as f64 / count));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct By<F>(F);
    impl<F: Fn(&View) -> Vec<(&'static str, Value)>> Control for By<F> {
        fn knobs(&mut self, view: &View) -> Result<Knobs> {
            let mut knobs = Knobs::default();
            (self.0)(view).into_iter().for_each(|(name, value)| knobs.set(name, value));
            Ok(knobs)
        }
    }

    fn traced(total_steps: u64, f: impl Fn(&View) -> Vec<(&'static str, Value)>) -> Trace {
        let tasks = ["x", "y"].map(|task| (task.to_string(), ROWS)).into();
        let groups = vec!["g".to_string()];
        let setting =
            Setting { total_steps, steps_per_epoch: 1, tasks, groups, ..Setting::default() };
        Trace::of(&mut By(f), &setting).unwrap()
    }
    const ROWS: u64 = 16;

    #[test]
    fn at_most_2000_steps_are_sampled_the_ends_among_them() {
        assert_eq!(steps(1).collect::<Vec<_>>(), [1]);
        assert_eq!(steps(2000).collect::<Vec<_>>(), (1..=2000).collect::<Vec<_>>());
        for total in [2001, 123_456, 1_000_000_000] {
            let steps: Vec<u64> = steps(total).collect();
            assert_eq!((steps.len(), steps[0], steps[1999]), (2000, 1, total));
            assert!(steps.is_sorted_by(|a, b| a < b));
            let knobs = Vec::new();
            let next = steps[8] - 1;
            let all = Trace { total_steps: total, steps, knobs, assumed: BTreeSet::new() };
            assert_eq!((all.span(0, 7), all.span(0, 1999)), ((1, next), (1, total)));
        }
    }

    #[test]
    fn knobs_come_in_their_order_with_gaps_and_runs() {
        let trace = traced(4, |view| {
            let mut set = vec![("clip", Value::Number(1.0)), ("lr.a", Value::Number(0.1))];
            if view.step > 1 {
                set.push(("stop", Value::Flag(view.step == 3)));
            }
            match view.step {
                1 => set.push(("task_weights.x", Value::Number(2.0))),
                2 => set.push(("task_weights.y", Value::Number(1.0))),
                _ => {}
            }
            set
        });
        let names: Vec<String> = trace.knobs.iter().map(Knob::full_name).collect();
        assert_eq!(names, ["lr.a", "task_weights.x", "task_weights.y", "clip", "stop"]);
        let x = trace.knobs[1].numbers().unwrap();
        assert_eq!(x, [Some(2.0), Some(0.0), None, None]);
        let stop = &trace.knobs[4];
        assert_eq!(stop.numbers(), None);
        assert_eq!(stop.runs().collect::<Vec<_>>(), [(2, 2, &Value::Flag(true))]);
        let never = Knob {
            values: vec![None, Some(Value::Flag(false))],
            knob: "stop",
            name: String::new(),
        };
        assert_eq!(never.runs().collect::<Vec<_>>(), [(1, 1, &Value::Flag(false))]);
        assert!(trace.assumed.is_empty());
        assert_eq!(trace.notes(), ["where there is no value, the setting of the method is used"]);
    }

    #[test]
    fn what_depends_on_the_run_is_found() {
        let trace = traced(50, |view| {
            let number = |x: f64| Value::Number(x);
            let losses = &view.history.task_losses;
            let harder = losses.get("x") > losses.get("y");
            let score = view.history.evaluations.last().map_or(0.0, |e| e.average);
            let known = view.history.grad_norms.contains_key("g");
            vec![
                ("weight_decay", number(if known { 0.1 } else { 0.0 })),
                ("lr.a", number(if view.history.loss < Some(0.5) { 1.0 } else { 2.0 })),
                ("clip", number(if view.history.grad_norm > Some(5.0) { 1.0 } else { 2.0 })),
                ("task_weights.x", number(if harder { 1.0 } else { 2.0 })),
                ("temperature", number(view.step as f64)),
                ("stop", Value::Flag(score > 90.0)),
            ]
        });
        let found: Vec<&str> = trace.assumed.iter().copied().collect();
        assert_eq!(found, ["clip", "lr", "stop", "task_weights", "weight_decay"]);
        let note = "assuming losses of 1, scores of 50 and even router weights: clip, lr, stop, \
                    task_weights, weight_decay";
        assert_eq!(trace.notes(), [note]);
    }
}
