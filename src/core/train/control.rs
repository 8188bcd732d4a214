//! The interface of controls, which set the knobs of each step, and the view they receive.

use super::history::History;
use super::knobs::{Knobs, shown_or_nil};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The router's weights at inference by task, `[S]` each; empty without a router.
#[derive(Clone, Default)]
pub enum RouterWeights {
    #[default]
    None,
    Known(BTreeMap<String, Vec<f64>>),
    /// Computed when they are read: their values are on the device.
    Computed(Rc<dyn Fn() -> Result<BTreeMap<String, Vec<f64>>>>),
}

impl RouterWeights {
    /// The weights by task. Errors: those of their computation.
    pub fn read(&self) -> Result<BTreeMap<String, Vec<f64>>> {
        match self {
            RouterWeights::None => Ok(BTreeMap::new()),
            RouterWeights::Known(weights) => Ok(weights.clone()),
            RouterWeights::Computed(weights) => weights(),
        }
    }
}

/// The view of the run that a control receives: values before the step is made.
#[derive(Clone, Default)]
pub struct View {
    /// The next step of the stage, from 1.
    pub step: u64,
    /// The number of steps of the stage.
    pub total_steps: u64,
    /// The name of the stage; empty if there is only one.
    pub stage: String,
    /// The epoch that this step belongs to, from 1.
    pub epoch: u64,
    /// The fraction of the stage's steps made before this one, in [0, 1).
    pub progress: f64,
    /// The step of the whole run, from 1.
    pub run_step: u64,
    /// The number of attempted steps of the whole run, including this one: more than `run_step`
    /// after rollbacks.
    pub attempt: u64,
    /// The number of training rows of each task.
    pub task_sizes: BTreeMap<String, u64>,
    /// The losses and scores of earlier steps.
    pub history: Rc<History>,
    pub router_weights: RouterWeights,
}

/// What a control is checked against: a stage's length, and the valid names.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Empty if there is only one stage.
    pub stage: String,
    pub total_steps: u64,
    pub steps_per_epoch: u64,
    /// Parameter groups with a learning rate. If empty, any name is valid.
    pub groups: Vec<String>,
    /// Tasks with their numbers of training rows. If empty, any name is valid.
    pub tasks: BTreeMap<String, u64>,
    /// The number of source prompts.
    pub sources: usize,
    /// The seed of `math.random` in control functions, together with the step.
    pub seed: u64,
    /// Whether a sampler over rows chooses the batches, so that task weights cannot.
    pub by_row: bool,
}

impl Setting {
    /// The view of a step, without a history.
    pub fn view(&self, step: u64) -> View {
        View {
            step,
            total_steps: self.total_steps,
            stage: self.stage.clone(),
            epoch: (step - 1) / self.steps_per_epoch.max(1) + 1,
            progress: (step - 1) as f64 / self.total_steps.max(1) as f64,
            run_step: step,
            attempt: step,
            task_sizes: self.tasks.clone(),
            ..View::default()
        }
    }

    /// At most 64 steps, evenly spaced over the stage, including the first and the last.
    pub fn sampled_steps(&self) -> impl DoubleEndedIterator<Item = u64> + use<> {
        let last = self.total_steps.max(1) - 1;
        let samples = last.min(63);
        (0..=samples).map(move |i| (last * i).checked_div(samples).unwrap_or(0) + 1)
    }

    /// A view for trying a control: losses of 1, uniform weights.
    pub fn trial_view(&self, step: u64) -> View {
        let mut view = self.view(step);
        if step > 1 {
            let names: Vec<&str> = self.tasks.keys().map(String::as_str).collect();
            view.history =
                Rc::new(History::supposed(&names, &self.groups, step - 1, self.steps_per_epoch));
        }
        if self.sources > 0 {
            let even = vec![1.0 / self.sources as f64; self.sources];
            let weights = self.tasks.keys().map(|t| (t.clone(), even.clone())).collect();
            view.router_weights = RouterWeights::Known(weights);
        }
        view
    }
}

/// Computes the settings of each step, as a pure function of the view.
pub trait Control {
    /// The settings of the next step. They are finite and within their ranges.
    ///
    /// # Errors
    ///
    /// A value is out of range, or a user-defined control fails.
    fn knobs(&mut self, view: &View) -> Result<Knobs>;

    /// The location where a knob (`temperature`, `lr.router`) is set, for messages.
    fn place(&self, knob: &str) -> String {
        knob.to_string()
    }
}

/// Tries a control before it is used: at sampled steps of each stage, in both directions.
///
/// # Errors
///
/// A step has invalid settings, or different ones the second time.
pub fn try_out(control: &mut dyn Control, stages: &[Setting]) -> Result<()> {
    let mut tried: Vec<(&str, u64, u64)> = Vec::new();
    for setting in stages {
        let length = (&setting.stage[..], setting.total_steps, setting.steps_per_epoch);
        if !tried.contains(&length) {
            tried.push(length);
            try_stage(control, setting)?;
        }
    }
    Ok(())
}

fn try_stage(control: &mut dyn Control, setting: &Setting) -> Result<()> {
    let views: Vec<View> = setting.sampled_steps().map(|step| setting.trial_view(step)).collect();
    let first: Vec<Knobs> = views.iter().map(|view| control.knobs(view)).collect::<Result<_>>()?;
    for (view, before) in views.iter().zip(first).rev() {
        let again = control.knobs(view)?;
        if let Some((knob, a, b)) = before.differences(&again).next() {
            let (a, b) = (shown_or_nil(a), shown_or_nil(b));
            let what = format!("two different values for step {}: {a} and {b}", view.step);
            return Err(Error::new(what).at(control.place(knob)).hint(
                "a control is a pure function of (step, view): it must not keep state between \
                 calls",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::knobs::Value;
    use super::*;

    #[test]
    fn sampled_steps_hold_the_first_and_the_last() {
        for total in [1, 2, 63, 64, 65, 1000] {
            let setting = Setting { total_steps: total, ..Setting::default() };
            let steps: Vec<u64> = setting.sampled_steps().collect();
            assert_eq!(steps.len() as u64, total.min(64));
            assert_eq!((steps[0], steps[steps.len() - 1]), (1, total));
            assert!(steps.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_view_counts_epochs_from_one() {
        let setting = Setting { total_steps: 20, steps_per_epoch: 10, ..Setting::default() };
        assert_eq!((setting.view(10).epoch, setting.view(11).epoch), (1, 2));
        assert_eq!((setting.view(1).progress, setting.view(11).progress), (0.0, 0.5));
    }

    /// Calls `answer` with the number of its calls so far and the view.
    struct Counting<F>(u64, F);
    impl<F: Fn(u64, &View) -> f64> Control for Counting<F> {
        fn knobs(&mut self, view: &View) -> Result<Knobs> {
            self.0 += 1;
            let mut knobs = Knobs::default();
            knobs.set("temperature", Value::Number((self.1)(self.0, view)));
            Ok(knobs)
        }
    }

    #[test]
    fn a_control_that_counts_its_calls_is_refused() {
        let setting = Setting { total_steps: 3, ..Setting::default() };
        let mut counting = Counting(0, |calls, _: &View| calls as f64);
        let text = try_out(&mut counting, &[setting]).unwrap_err().to_string();
        assert!(text.contains("temperature: two different values for step 3: 3 and 4"), "{text}");
    }

    #[test]
    fn every_length_of_a_stage_is_tried_once() {
        let stage = |total_steps| Setting { total_steps, ..Setting::default() };
        let seen = std::cell::RefCell::new(Vec::new());
        let mut control = Counting(0, |_, view: &View| {
            seen.borrow_mut().push(view.total_steps);
            1.0
        });
        try_out(&mut control, &[stage(1), stage(2), stage(1)]).unwrap();
        assert_eq!(seen.into_inner(), [1, 1, 2, 2, 2, 2]);
    }
}
