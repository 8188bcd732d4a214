//! How a task set is gone through: in one stage of mixed batches, or a stage for each task.

use super::CALL;
use super::method::StagePlan;
use crate::Error;
use crate::types::Tasks;
use compt_core::backbone::LoadedBackbone;
use compt_core::train::rows::{Row, tokenize};
use compt_core::train::sampler::Sampler;
use compt_core::train::{Batches, TaskBatches, mix};

/// How task sets are gone through.
pub struct Plan<'a> {
    pub stages: &'a [StagePlan],
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    pub batch_size: usize,
    /// Batches that make a step.
    pub accumulate: usize,
    pub length_buckets: bool,
    pub seed: u64,
}

pub struct StageLength {
    /// Its place in the plan.
    pub plan: usize,
    /// Whether it is the first of its plan.
    pub first: bool,
    pub name: String,
    pub steps: u64,
    pub steps_per_epoch: u64,
}

const EPOCHS: u64 = 30;

/// Batches of tokenized rows, of `tasks` and then those of `from`, stage by stage.
pub fn task_batches(
    tasks: &Tasks,
    from: Option<&Tasks>,
    b: &LoadedBackbone,
    plan: &Plan,
    max_source: usize,
) -> mlua::Result<(Box<dyn Batches>, Vec<StageLength>)> {
    let tokenizer = b.need_tokenizer()?;
    let sets = || tasks.0.tasks.iter().chain(from.iter().flat_map(|from| &from.0.tasks));
    let mut rows = Vec::new();
    let mut cut = 0;
    for task in sets() {
        let (tokenized, shortened) = tokenize(&tokenizer, &task.train, max_source)?;
        cut += shortened;
        rows.push(tokenized);
    }
    if cut > 0 {
        eprintln!("note: {cut} training inputs are longer than {max_source} tokens and are cut");
    }
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let lengths = plan.length_buckets.then(|| {
        let of_task =
            |rows: &Vec<Row>| -> Vec<usize> { rows.iter().map(|row| row.source.len()).collect() };
        rows.iter().map(of_task).collect::<Vec<_>>()
    });
    if plan.steps.is_some() && plan.epochs.is_some() {
        return Err(Error::new("give either 'epochs' or 'steps'").at(CALL).into());
    }
    let targets = tasks.0.tasks.len();
    let mut samplers = Vec::new();
    let mut stages = Vec::new();
    let mut before = 0.0;
    for (at, stage) in plan.stages.iter().enumerate() {
        let (from_share, to_share) = (before, before + stage.share);
        before = to_share;
        let which: Vec<usize> = match (stage.from, from) {
            (true, Some(_)) => (targets..sizes.len()).collect(),
            _ => (0..targets).collect(),
        };
        let parts: Vec<(String, Vec<usize>)> = match stage.alone {
            false => vec![(stage.name.clone(), which)],
            true => {
                let named = |i: usize| {
                    let task = &sets().nth(i).expect("one of the tasks").name;
                    let both = format!("{}: {task}", stage.name);
                    (if stage.name.is_empty() { task.clone() } else { both }, vec![i])
                };
                which.into_iter().map(named).collect()
            }
        };
        for (i, (name, which)) in parts.into_iter().enumerate() {
            let seed = mix(plan.seed, samplers.len() as u64);
            let sampler = Sampler::new(&sizes, &which, plan.batch_size, lengths.clone(), seed);
            let steps_per_epoch = sampler.batches_per_epoch().div_ceil(plan.accumulate) as u64;
            let whole = plan.steps.unwrap_or(plan.epochs.unwrap_or(EPOCHS) * steps_per_epoch);
            // Of all stages together no step is lost by rounding.
            let until = |share: f64| (whole as f64 * share).round() as u64;
            let steps = until(to_share) - until(from_share);
            samplers.push(sampler);
            stages.push(StageLength { plan: at, first: i == 0, name, steps, steps_per_epoch });
        }
    }
    if let Some(stage) = stages.iter().find(|stage| stage.steps == 0) {
        let place =
            if stage.name.is_empty() { CALL.into() } else { format!("{CALL}: {}", stage.name) };
        let error = Error::new("there are no steps to make").at(place);
        return Err(match stages.len() {
            1 => error,
            _ => error.hint("every stage needs a step: give more 'steps' or 'epochs'"),
        }
        .into());
    }
    let names = sets().map(|task| task.name.clone()).collect();
    Ok((Box::new(TaskBatches { names, rows, samplers }), stages))
}
