//! Converts stages, epochs and batch sizes to batches: stages of mixed batches, or a stage for
//! each task.

use super::by_row::{RowSampler, StageRows, Stages};
use super::control::Setting;
use super::learner::Learner;
use super::optimizer::Group;
use super::rows::{Row, tokenize};
use super::sampler::Sampler;
use super::{Batches, ByRow, Stage, TaskBatches, mix};
use crate::backbone::GroupCost;
use crate::data::{Task, TaskSet, Tokenizer};
use crate::{Error, Result, notice};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The cost of another group of rows, by the name of an attention layout: "padded" rows form one
/// group, "grouped" ones share a group only if their lengths are equal, "auto" (`None`) balances both.
///
/// # Errors
/// Another name.
pub fn attention(name: &str) -> Result<Option<GroupCost>> {
    match name {
        "auto" => Ok(None),
        "padded" => Ok(Some(GroupCost::PADDED)),
        "grouped" => Ok(Some(GroupCost::EXACT)),
        _ => Err(Error::unknown("attention", name, ["auto", "padded", "grouped"])),
    }
}

/// A stage of a method before its steps are counted.
pub struct StagePlan {
    /// Empty if there is only one stage.
    pub name: String,
    /// Its fraction of the run's steps, in (0, 1].
    pub share: f64,
    /// Whether each task is trained separately, one after the other.
    pub alone: bool,
    /// Whether its rows come from the method's source tasks.
    pub from: bool,
    /// The parameter groups it trains.
    pub trains: Vec<String>,
    /// `None` if the backbone itself is trained.
    pub learner: Option<Rc<dyn Learner>>,
    /// Whether the optimizer's state is reset at its start.
    pub afresh: bool,
}

impl StagePlan {
    /// The only stage of a method, which trains all its groups.
    pub fn only(learner: Option<Rc<dyn Learner>>, alone: bool, groups: &[Group]) -> StagePlan {
        StagePlan {
            name: String::new(),
            share: 1.0,
            alone,
            from: false,
            trains: groups.iter().map(|group| group.name.clone()).collect(),
            learner,
            afresh: false,
        }
    }
}

/// The batches of task sets.
pub struct Plan<'a> {
    pub stages: &'a [StagePlan],
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    /// The number of rows of a batch.
    pub batch_size: usize,
    /// The number of batches per optimizer step.
    pub accumulate: usize,
    /// Whether batches consist of rows of similar length.
    pub length_buckets: bool,
    /// Chooses the rows of batches, instead of each row once in an epoch.
    pub sampler: Option<Rc<dyn RowSampler>>,
    pub seed: u64,
    /// The maximum number of tokens of a source.
    pub max_source: usize,
}

/// A stage with its steps: one of a [`StagePlan`], or one of several if its tasks are trained separately.
pub struct StageSteps {
    /// The index of its [`StagePlan`].
    pub plan: usize,
    /// Whether it is the first stage of its plan.
    pub first: bool,
    pub name: String,
    pub steps: u64,
    pub steps_per_epoch: u64,
}

/// The default number of epochs: ComPT's (Table 9 of the paper).
const EPOCHS: u64 = 30;

impl Plan<'_> {
    /// Tokenizes the training rows of `tasks` and then those of `from`, and plans the batches of every
    /// stage.
    ///
    /// # Errors
    /// Both epochs and steps are set, a stage has no steps, or a text cannot be tokenized.
    pub fn batches(
        &self,
        tasks: &TaskSet,
        from: Option<&TaskSet>,
        tokenizer: &Tokenizer,
    ) -> Result<(Box<dyn Batches>, Vec<StageSteps>)> {
        if self.steps.is_some() && self.epochs.is_some() {
            return Err(Error::new("set either 'epochs' or 'steps'"));
        }
        let all: Vec<&Task> =
            tasks.tasks.iter().chain(from.iter().flat_map(|from| &from.tasks)).collect();
        let rows = self.tokenized(&all, tokenizer)?;
        let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
        let lengths = self.length_buckets.then(|| {
            let of_task = |rows: &Vec<Row>| -> Vec<usize> {
                rows.iter().map(|row| row.source.len()).collect()
            };
            rows.iter().map(of_task).collect::<Vec<_>>()
        });
        let (mut samplers, mut stages) = (Vec::new(), Vec::new());
        let mut before = 0.0;
        for (at, stage) in self.stages.iter().enumerate() {
            let (from_share, to_share) = (before, before + stage.share);
            before = to_share;
            for (i, (name, which)) in parts(stage, &all, tasks.tasks.len()).into_iter().enumerate()
            {
                let seed = mix(self.seed, samplers.len() as u64);
                let sampler = Sampler::new(&sizes, &which, self.batch_size, lengths.clone(), seed);
                let per_epoch = sampler.batches_per_epoch().div_ceil(self.accumulate) as u64;
                let whole = self.steps.unwrap_or(self.epochs.unwrap_or(EPOCHS) * per_epoch);
                // Cumulative, so that no step is lost by rounding.
                let until = |share: f64| (whole as f64 * share).round() as u64;
                let steps = until(to_share) - until(from_share);
                samplers.push(sampler);
                let first = i == 0;
                stages.push(StageSteps {
                    plan: at,
                    first,
                    name,
                    steps,
                    steps_per_epoch: per_epoch,
                });
            }
        }
        check_steps(&stages)?;
        let names = all.iter().map(|task| task.name.clone()).collect();
        let rows = Rc::new(rows);
        let stage = |(stage, sampler): (&StageSteps, &Sampler)| StageRows {
            name: stage.name.clone(),
            steps: stage.steps,
            steps_per_epoch: stage.steps_per_epoch,
            picks: sampler.rows().to_vec(),
        };
        let by_row = self.sampler.clone().map(|sampler| {
            let of_stages = stages.iter().zip(&samplers).map(stage).collect();
            ByRow::new(sampler, Stages { rows: rows.clone(), stages: of_stages }, self.seed)
        });
        let by_row = by_row.transpose()?;
        Ok((Box::new(TaskBatches { names, rows, samplers, by_row }), stages))
    }

    fn tokenized(&self, tasks: &[&Task], tokenizer: &Tokenizer) -> Result<Vec<Vec<Row>>> {
        let (mut rows, mut cut) = (Vec::new(), 0);
        let mut targets = Vec::new();
        for task in tasks {
            let most = task.labels.free_text().and_then(|text| text.max_target_length);
            let (tokenized, shortened) = tokenize(tokenizer, &task.train, self.max_source, most)?;
            cut += shortened.sources;
            if let Some(most) = most.filter(|_| shortened.targets > 0) {
                let (name, count) = (&task.name, shortened.targets);
                targets.push(format!(
                    "note: task '{name}': {count} training targets are longer than {most} tokens and are truncated"
                ));
            }
            rows.push(tokenized);
        }
        if cut > 0 {
            let most = self.max_source;
            notice::say(&format!(
                "note: {cut} training inputs are longer than {most} tokens and are truncated"
            ));
        }
        targets.iter().for_each(|note| notice::say(note));
        Ok(rows)
    }

    /// The stages of a trainer. `groups` are all parameter groups, `names` and `sizes` the tasks' names
    /// and numbers of training rows, of which the first `targets` are evaluated; `sources` is the number of
    /// source prompts.
    pub fn stages(
        &self,
        steps: Vec<StageSteps>,
        groups: &[String],
        tasks: (&[String], BTreeMap<String, u64>, usize),
        sources: usize,
    ) -> Vec<Stage> {
        let (names, sizes, targets) = tasks;
        let stage = |of: StageSteps| {
            let plan = &self.stages[of.plan];
            Stage {
                learner: plan.learner.clone(),
                trains: plan.trains.clone(),
                begins: of.first,
                from: plan.from && names.len() > targets,
                afresh: plan.afresh,
                setting: Setting {
                    stage: of.name.clone(),
                    total_steps: of.steps,
                    steps_per_epoch: of.steps_per_epoch,
                    groups: groups.to_vec(),
                    tasks: sizes.clone(),
                    sources,
                    seed: self.seed,
                    by_row: self.sampler.is_some(),
                },
                name: of.name,
            }
        };
        steps.into_iter().map(stage).collect()
    }
}

/// The stages of a planned stage, with the tasks of each.
fn parts(stage: &StagePlan, all: &[&Task], targets: usize) -> Vec<(String, Vec<usize>)> {
    let which: Vec<usize> = match stage.from && all.len() > targets {
        true => (targets..all.len()).collect(),
        false => (0..targets).collect(),
    };
    if !stage.alone {
        return vec![(stage.name.clone(), which)];
    }
    let named = |i: usize| {
        let task = &all[i].name;
        let both = format!("{}: {task}", stage.name);
        (if stage.name.is_empty() { task.clone() } else { both }, vec![i])
    };
    which.into_iter().map(named).collect()
}

fn check_steps(stages: &[StageSteps]) -> Result<()> {
    let Some(stage) = stages.iter().find(|stage| stage.steps == 0) else { return Ok(()) };
    let error = Error::new("there are no steps to make");
    let error = if stage.name.is_empty() { error } else { error.at(&stage.name) };
    Err(match stages.len() {
        1 => error,
        _ => error.hint("every stage needs a step: set more 'steps' or 'epochs'"),
    })
}
