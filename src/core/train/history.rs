//! The history of a run: losses, gradient norms and scores, the latest ones and moving averages.

use super::report::StepReport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The decay of a moving average: a new value has a weight of 0.1.
const KEEP: f64 = 0.9;

/// Plain values for controls and checkpoints, determined by the steps alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The loss of the previous step; `None` at the first step of a stage.
    pub loss: Option<f64>,
    pub loss_average: Option<f64>,
    /// The latest loss of each task so far.
    pub task_losses: BTreeMap<String, f64>,
    pub task_loss_averages: BTreeMap<String, f64>,
    /// The norm of all gradients before clipping, and by parameter group.
    pub grad_norm: Option<f64>,
    pub grad_norms: BTreeMap<String, f64>,
    /// The mean loss of every completed epoch.
    pub epoch_losses: Vec<f64>,
    /// All evaluations during training.
    pub evaluations: Vec<Evaluated>,
    /// The moving average of each task's main metric over the evaluations.
    pub score_averages: BTreeMap<String, f64>,
    /// The sum and the number of the losses in the current epoch, and its number.
    running: (f64, u64, u64),
}

/// Scores on validation rows after a step, in percent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    pub step: u64,
    /// The mean of the tasks' main metrics.
    pub average: f64,
    /// Each task's main metric.
    pub scores: BTreeMap<String, f64>,
    /// The weight of each source (`src0`) at inference, by task; empty without a router, or if the weights depend on the
    /// input.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, BTreeMap<String, f64>>,
}

impl History {
    /// Adds a step, with the mean loss of each task in it.
    pub(super) fn step(&mut self, report: &StepReport) {
        self.begin_epoch(report.epoch);
        let (sum, count, epoch) = self.running;
        self.running = (sum + report.loss, count + 1, epoch);
        self.loss = Some(report.loss);
        self.loss_average = Some(moved(self.loss_average, report.loss));
        self.grad_norm = Some(report.grad_norm);
        self.grad_norms.clone_from(&report.grad_norms);
        for (task, loss) in &report.task_losses {
            self.task_losses.insert(task.clone(), *loss);
            move_in(&mut self.task_loss_averages, task, *loss);
        }
    }

    /// Whether this is the current epoch.
    pub(super) fn is_in(&self, epoch: u64) -> bool {
        self.running.2 == epoch
    }

    /// Before a step of this epoch: completes the previous epoch, if it was another.
    pub(super) fn begin_epoch(&mut self, epoch: u64) {
        let (sum, count, _) = self.running;
        if !self.is_in(epoch) {
            if count > 0 {
                self.epoch_losses.push(sum / count as f64);
            }
            self.running = (0.0, 0, epoch);
        }
    }

    /// Adds an evaluation.
    pub(super) fn evaluation(&mut self, found: Evaluated) {
        for (task, score) in &found.scores {
            move_in(&mut self.score_averages, task, *score);
        }
        self.evaluations.push(found);
    }

    /// At the first step of a stage: resets the losses.
    pub(super) fn begin_stage(&mut self) {
        self.loss = None;
        self.loss_average = None;
        self.grad_norm = None;
        self.grad_norms.clear();
        self.epoch_losses.clear();
        self.running = (0.0, 0, 0);
    }

    /// A simulated history of `steps` steps, for trials of a control: losses of 1, scores of 50.
    pub(super) fn supposed(
        tasks: &[&str],
        groups: &[String],
        steps: u64,
        steps_per_epoch: u64,
    ) -> History {
        let all = |value: f64| -> BTreeMap<String, f64> {
            tasks.iter().map(|task| (task.to_string(), value)).collect()
        };
        let epochs = steps / steps_per_epoch.max(1);
        let evaluated =
            Evaluated { step: steps, average: 50.0, scores: all(50.0), ..Evaluated::default() };
        History {
            loss: Some(1.0),
            loss_average: Some(1.0),
            task_losses: all(1.0),
            task_loss_averages: all(1.0),
            grad_norm: Some(1.0),
            grad_norms: groups.iter().map(|group| (group.clone(), 1.0)).collect(),
            epoch_losses: vec![1.0; epochs.min(1000) as usize],
            evaluations: vec![evaluated],
            score_averages: all(50.0),
            ..History::default()
        }
    }
}

fn moved(average: Option<f64>, value: f64) -> f64 {
    average.map_or(value, |average| KEEP * average + (1.0 - KEEP) * value)
}

fn move_in(averages: &mut BTreeMap<String, f64>, task: &str, value: f64) {
    let average = moved(averages.get(task).copied(), value);
    averages.insert(task.to_string(), average);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64, epoch: u64, loss: f64, tasks: &[(&str, f64)]) -> StepReport {
        let task_losses = tasks.iter().map(|(task, loss)| (task.to_string(), *loss)).collect();
        StepReport { step, epoch, loss, task_losses, ..StepReport::default() }
    }

    #[test]
    fn averages_move_and_epochs_close() {
        let mut history = History::default();
        history.step(&report(1, 1, 4.0, &[("a", 4.0)]));
        history.step(&report(2, 1, 2.0, &[("b", 2.0)]));
        assert!(history.epoch_losses.is_empty());
        history.begin_epoch(2);
        assert_eq!(history.epoch_losses, [3.0]);
        history.step(&report(3, 2, 1.0, &[("a", 1.0)]));
        assert_eq!(history.epoch_losses, [3.0]);
        assert_eq!(history.loss, Some(1.0));
        assert!((history.loss_average.unwrap() - (0.9 * 3.8 + 0.1)).abs() < 1e-12);
        assert!((history.task_loss_averages["a"] - 3.7).abs() < 1e-12);
        assert_eq!(history.task_losses["b"], 2.0);
    }

    #[test]
    fn scores_are_averaged_over_the_evaluations() {
        let mut history = History::default();
        for score in [50.0, 60.0] {
            let scores = BTreeMap::from([("a".to_string(), score)]);
            history.evaluation(Evaluated {
                step: 1,
                average: score,
                scores,
                ..Evaluated::default()
            });
        }
        assert_eq!(history.evaluations.len(), 2);
        assert!((history.score_averages["a"] - 51.0).abs() < 1e-12);
    }
}
