//! How the trainer asks for the settings of a step, whoever answers.

use super::knobs::Knobs;
use crate::run::source::Source;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What a control sees of the run: plain values, taken before the step is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// The step about to be made, from 1.
    pub step: u64,
    pub total_steps: u64,
    /// The pass over the data this step belongs to, from 1.
    pub epoch: u64,
    /// The share of the steps made before this one, in [0, 1).
    pub progress: f64,
    /// Loss of the step before; none at the first.
    pub loss: Option<f64>,
    /// The latest loss of each task seen so far.
    pub task_losses: BTreeMap<String, f64>,
}

/// What a control is for: the run's length, and the names it may use.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    pub total_steps: u64,
    pub steps_per_epoch: u64,
    /// Parameter groups with a learning rate of their own.
    pub groups: Vec<String>,
    pub tasks: Vec<String>,
    /// Seeds `math.random` in control functions, together with the step.
    pub seed: u64,
}

impl Setting {
    /// The view of a step, without losses.
    pub fn view(&self, step: u64) -> View {
        View {
            step,
            total_steps: self.total_steps,
            epoch: (step - 1) / self.steps_per_epoch.max(1) + 1,
            progress: (step - 1) as f64 / self.total_steps.max(1) as f64,
            loss: None,
            task_losses: BTreeMap::new(),
        }
    }

    /// At most 64 steps spread evenly over the run, the first and the last among them.
    fn sampled_steps(&self) -> impl DoubleEndedIterator<Item = u64> + use<> {
        let last = self.total_steps.max(1) - 1;
        let samples = last.min(63);
        (0..=samples).map(move |i| (last * i).checked_div(samples).unwrap_or(0) + 1)
    }
}

/// Answers with the settings of each step: a pure function of the view.
pub trait Control {
    /// The settings for the step about to be made. They are finite and within their ranges.
    fn knobs(&mut self, view: &View) -> Result<Knobs>;

    /// The files this control was read from, the control file itself first.
    fn sources(&self) -> &[Source] {
        &[]
    }

    /// Where a knob (`temperature`, `lr.router`) is set, for messages.
    fn place(&self, knob: &str) -> String {
        knob.to_string()
    }
}

/// One control over another: what the upper one does not set, the lower one answers.
pub struct Layered {
    pub upper: Box<dyn Control>,
    pub lower: Box<dyn Control>,
}

impl Control for Layered {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        let upper = self.upper.knobs(view)?;
        let mut lower = self.lower.knobs(view)?;
        lower.lr.extend(upper.lr);
        Ok(Knobs {
            lr: lower.lr,
            temperature: upper.temperature.or(lower.temperature),
            task_weights: upper.task_weights.or(lower.task_weights),
            clip: upper.clip.or(lower.clip),
            dropout: upper.dropout.or(lower.dropout),
            weight_decay: upper.weight_decay.or(lower.weight_decay),
        })
    }

    fn sources(&self) -> &[Source] {
        match self.upper.sources() {
            [] => self.lower.sources(),
            sources => sources,
        }
    }

    fn place(&self, knob: &str) -> String {
        self.upper.place(knob)
    }
}

/// Tries a control out before it is used: at sampled steps of the run every answer is valid, and
/// asked again, in the opposite order, the same.
pub fn try_out(control: &mut dyn Control, setting: &Setting) -> Result<()> {
    let views: Vec<View> = setting.sampled_steps().map(|step| trial_view(setting, step)).collect();
    let first: Vec<Knobs> = views.iter().map(|view| control.knobs(view)).collect::<Result<_>>()?;
    for (view, before) in views.iter().zip(first).rev() {
        if let Some((knob, a, b)) = before.first_difference(&control.knobs(view)?) {
            return Err(Error::new(format!("two answers for step {}: {a} and {b}", view.step))
                .at(control.place(&knob))
                .hint(
                    "a control is a pure function of (step, view): it keeps nothing between calls",
                ));
        }
    }
    Ok(())
}

/// Made-up losses of 1 after the first step.
fn trial_view(setting: &Setting, step: u64) -> View {
    let mut view = setting.view(step);
    if step > 1 {
        view.loss = Some(1.0);
        view.task_losses = setting.tasks.iter().map(|task| (task.clone(), 1.0)).collect();
    }
    view
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_control_that_counts_its_calls_is_refused() {
        struct Counter(f64);
        impl Control for Counter {
            fn knobs(&mut self, _: &View) -> Result<Knobs> {
                self.0 += 1.0;
                Ok(Knobs { temperature: Some(self.0), ..Knobs::default() })
            }
        }
        let setting = Setting { total_steps: 3, ..Setting::default() };
        let text = try_out(&mut Counter(0.0), &setting).unwrap_err().to_string();
        assert!(text.contains("temperature: two answers for step 3: 3 and 4"), "{text}");
    }
}
