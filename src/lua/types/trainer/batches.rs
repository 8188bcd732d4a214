//! How a task set is gone through: in one stage of mixed batches, or a stage for each task.

use super::CALL;
use crate::Error;
use crate::backbone::Backbone;
use crate::lua::types::Tasks;
use crate::train::rows::{Row, tokenize};
use crate::train::sampler::Sampler;
use crate::train::{Batches, TaskBatches, mix};

/// How a task set is gone through.
pub struct Plan {
    pub alone: bool,
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    pub batch_size: usize,
    /// Batches that make a step.
    pub accumulate: usize,
    pub length_buckets: bool,
    pub seed: u64,
}

pub struct StageLength {
    pub name: String,
    pub steps: u64,
    pub steps_per_epoch: u64,
}

/// Batches of tokenized rows, in one stage of mixed tasks or a stage for each task.
pub fn task_batches(
    tasks: &Tasks,
    b: &Backbone,
    plan: &Plan,
    max_source: usize,
) -> mlua::Result<(Box<dyn Batches>, Vec<StageLength>)> {
    let tokenizer = b.need_tokenizer()?;
    let set = &tasks.0;
    let mut rows = Vec::new();
    let mut cut = 0;
    for task in &set.tasks {
        let (tokenized, shortened) = tokenize(&tokenizer, &task.train, max_source)?;
        cut += shortened;
        rows.push(tokenized);
    }
    if cut > 0 {
        eprintln!("note: {cut} training inputs are longer than {max_source} tokens and are cut");
    }
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let groups: Vec<(String, Vec<usize>)> = match plan.alone {
        true => (0..sizes.len()).map(|i| (set.tasks[i].name.clone(), vec![i])).collect(),
        false => vec![(String::new(), (0..sizes.len()).collect())],
    };
    let lengths = plan.length_buckets.then(|| {
        let of_task =
            |rows: &Vec<Row>| -> Vec<usize> { rows.iter().map(|row| row.source.len()).collect() };
        rows.iter().map(of_task).collect::<Vec<_>>()
    });
    let mut samplers = Vec::new();
    let mut stages = Vec::new();
    for (i, (name, which)) in groups.into_iter().enumerate() {
        let seed = mix(plan.seed, i as u64);
        let sampler = Sampler::new(&sizes, &which, plan.batch_size, lengths.clone(), seed);
        let steps_per_epoch = sampler.batches_per_epoch().div_ceil(plan.accumulate) as u64;
        let steps = match (plan.steps, plan.epochs) {
            (Some(_), Some(_)) => {
                return Err(Error::new("give either 'epochs' or 'steps'").at(CALL).into());
            }
            (Some(steps), None) => steps,
            (None, epochs) => epochs.unwrap_or(30) * steps_per_epoch,
        };
        samplers.push(sampler);
        stages.push(StageLength { name, steps, steps_per_epoch });
    }
    if stages.iter().any(|stage| stage.steps == 0) {
        return Err(Error::new("there are no steps to make").at(CALL).into());
    }
    let names = set.names().into_iter().map(String::from).collect();
    Ok((Box::new(TaskBatches { names, rows, samplers }), stages))
}
