//! Watches the first steps of a stage for tensors that receive gradients but are in no parameter group, and
//! for parameters that receive none. Each is reported once.

use crate::torch::leaves::{self, Found, Watch};
use crate::{Error, Result};
use compt_base::notice;
use compt_core::train::Trainer;
use compt_core::train::optimizer::Group;
use compt_core::train::report::StepReport;
use std::collections::{BTreeMap, BTreeSet};
use tch::Tensor;

/// The maximum number of names per line.
const SHOWN: usize = 3;

#[derive(Default)]
pub struct Watching {
    /// Stages that need no further watching.
    settled: BTreeSet<usize>,
    /// Parameters that have received a gradient, and those reported.
    known: BTreeSet<String>,
    /// The tasks whose rows each group was trained on.
    came: BTreeMap<String, BTreeSet<String>>,
    /// The places of reported tensors.
    told: BTreeSet<String>,
}

impl Watching {
    /// The stage of the next step, and the watch of its gradients, if it is watched.
    pub fn begin(&self, trainer: &Trainer) -> Result<Option<(usize, Watch)>> {
        match trainer.next_stage().filter(|stage| !self.settled.contains(stage)) {
            Some(stage) => Ok(Some((stage, Watch::start()?))),
            None => Ok(None),
        }
    }

    /// Checks the gradients after a step.
    pub fn look(
        &mut self,
        trainer: &Trainer,
        report: &StepReport,
        (stage, watch): (usize, Watch),
    ) -> Result<()> {
        for found in watch.found()? {
            if self.told.insert(found.place.to_string()) {
                notice::say(&stray(report.step, &found));
            }
        }
        if report.skipped {
            return Ok(());
        }
        let moved: BTreeSet<&str> = trainer.moved().collect();
        self.known.extend(moved.iter().map(|name| name.to_string()));
        let tasks = trainer.tasks_of_stage(stage);
        let mut all_came = true;
        for group in trainer.trained_in(stage) {
            let came = self.came.entry(group.name.clone()).or_default();
            came.extend(report.tasks.keys().cloned());
            let complete = tasks.iter().all(|task| came.contains(*task));
            all_came &= complete;
            let left = |(name, tensor): &&(String, Tensor)| {
                let known = &self.known;
                !known.contains(name)
                    && match owner(name, &tasks) {
                        Some(task) => report.tasks.contains_key(task),
                        // The parameter may belong to a task still to come, if one of another task is similar.
                        None => complete || !has_like(group, tensor, &moved),
                    }
            };
            let left: Vec<&(String, Tensor)> = group.parameters.iter().filter(left).collect();
            if !left.is_empty() {
                notice::say(&without(report.step, &group.name, &left));
                self.known.extend(left.iter().map(|(name, _)| name.clone()));
            }
        }
        if all_came || report.epoch > 1 {
            self.settled.insert(stage);
        }
        Ok(())
    }
}

/// The task in a parameter's name: `private.rte.embedding`.
fn owner<'a>(parameter: &str, tasks: &[&'a str]) -> Option<&'a str> {
    let dotted = format!("{parameter}.");
    let named = tasks.iter().filter(|task| dotted.contains(&format!(".{task}.")));
    named.max_by_key(|task| task.len()).copied()
}

/// Whether a parameter of this shape received a gradient in the same group.
fn has_like(group: &Group, tensor: &Tensor, moved: &BTreeSet<&str>) -> bool {
    let mut all = group.parameters.iter();
    all.any(|(name, other)| moved.contains(name.as_str()) && other.size() == tensor.size())
}

fn stray(step: u64, found: &Found) -> String {
    let shown = found.tensors.iter().take(SHOWN).map(|(name, shape)| match name.as_str() {
        "" => format!("{shape:?}"),
        name => format!("{name} {shape:?}"),
    });
    let shown: Vec<String> = shown.collect();
    let (what, verb) = match found.tensors.len() {
        1 => (format!("a tensor {}", shown[0]), "it belongs to no parameter group and is"),
        n => (
            format!("{n} tensors ({}{})", shown.join(", "), if n > SHOWN { " ..." } else { "" }),
            "they belong to no parameter group and are",
        ),
    };
    let error = Error::new(format!(
        "warning: step {step}: {what} made at {} got a gradient, but {verb} not trained",
        found.place
    ));
    let declare = "declare what is to be trained: 'parameters' of compt.compose.define or \
                   compt.router.define, or setup:parameter in a method's 'build'; `detach` what is not";
    error.hint(declare).to_string()
}

fn without(step: u64, group: &str, left: &[&(String, Tensor)]) -> String {
    let names: Vec<&str> = left.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
    let more = left.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let made = leaves::place_of(&left[0].1).map(|place| format!(" (made at {place})"));
    let error = Error::new(format!(
        "warning: step {step}: no gradient reached {}{more} of the group '{group}'{}: {} not trained",
        names.join(", "),
        made.unwrap_or_default(),
        if left.len() == 1 { "it is" } else { "they are" },
    ));
    error.hint("the loss does not depend on parameters without a gradient").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_of_the_task_they_are_named_after() {
        let tasks = ["rte", "rte.hard", "sst2"];
        assert_eq!(owner("private.rte.embedding", &tasks), Some("rte"));
        assert_eq!(owner("private.rte.hard.embedding", &tasks), Some("rte.hard"));
        assert_eq!(owner("own.sst2", &tasks), Some("sst2"));
        assert_eq!(owner("own.sst22", &tasks), None);
        assert_eq!(owner("source.0.embedding", &tasks), None);
    }
}
