//! Selects the rows of the next batch: mixed over the tasks of a stage, epoch by epoch, or sampled by
//! task weights.

use super::by_row::State;
use crate::{Error, Result};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A training row: the index of its task, and its index among the task's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    pub task: usize,
    pub row: usize,
}

/// Samples batches of some tasks, deterministically for a seed.
pub struct Sampler {
    /// All rows of the stage.
    all: Vec<Pick>,
    batch_size: usize,
    /// The remaining batches of this epoch, the next one last.
    queue: Vec<Vec<Pick>>,
    rng: ChaCha8Rng,
    /// The generator before the queue was filled.
    before: Option<ChaCha8Rng>,
    /// Lengths by task and row; if set, batches consist of rows of similar length.
    lengths: Option<Vec<Vec<usize>>>,
}

/// The state of a sampler. It is small: the order of an epoch follows from the random generator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    rng: ChaCha8Rng,
    /// The generator before the epoch's batches were created.
    before: Option<ChaCha8Rng>,
    /// The number of remaining batches of the epoch.
    left: usize,
    /// The state of the draws, if a sampler over rows chooses them instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by_row: Option<Box<State>>,
}

/// The number of batches whose rows are sorted by length together.
const POOL: usize = 32;

impl Sampler {
    /// `sizes` has the number of rows of each task; only those in `tasks` are sampled.
    pub fn new(
        sizes: &[usize],
        tasks: &[usize],
        batch_size: usize,
        lengths: Option<Vec<Vec<usize>>>,
        seed: u64,
    ) -> Self {
        let all = tasks
            .iter()
            .flat_map(|&task| (0..sizes[task]).map(move |row| Pick { task, row }))
            .collect();
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Sampler { all, batch_size, queue: Vec::new(), rng, before: None, lengths }
    }

    /// The rows that it samples, by task and index.
    pub(super) fn rows(&self) -> &[Pick] {
        &self.all
    }

    pub(super) fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// The number of batches per epoch; the last one may be smaller.
    pub fn batches_per_epoch(&self) -> usize {
        self.all.len().div_ceil(self.batch_size)
    }

    /// The next batch: each epoch contains every row once, in a new random order.
    pub(super) fn next_batch(&mut self) -> Vec<Pick> {
        if self.queue.is_empty() {
            self.fill();
        }
        self.queue.pop().unwrap_or_default()
    }

    /// The state that determines the following batches.
    pub(super) fn order(&self) -> Order {
        Order {
            rng: self.rng.clone(),
            before: self.before.clone(),
            left: self.queue.len(),
            by_row: None,
        }
    }

    /// Restores what `order` returned. A state of other tasks or batches is an error.
    pub(super) fn restore(&mut self, order: &Order) -> Result<()> {
        self.queue.clear();
        if let Some(before) = &order.before {
            self.rng = before.clone();
            self.fill();
        }
        if order.left > self.queue.len() {
            return Err(Error::new("the order of the rows belongs to other tasks or batches"));
        }
        self.queue.truncate(order.left);
        self.rng = order.rng.clone();
        Ok(())
    }

    fn fill(&mut self) {
        self.before = Some(self.rng.clone());
        let mut rows = self.all.clone();
        rows.shuffle(&mut self.rng);
        if let Some(lengths) = &self.lengths {
            for pool in rows.chunks_mut(POOL * self.batch_size) {
                pool.sort_by_key(|pick| lengths[pick.task][pick.row]);
            }
        }
        self.queue = rows.chunks(self.batch_size).map(<[Pick]>::to_vec).collect();
        if self.lengths.is_some() {
            self.queue.shuffle(&mut self.rng);
        }
    }

    /// A batch sampled with replacement: first the task, in proportion to its weight, then any of
    /// its rows. `names` are the tasks' names; a task without a weight is not sampled, unless none of the
    /// stage's tasks has one: then the weights are for other stages, and all rows are equally likely.
    pub(super) fn draw(&mut self, weights: &BTreeMap<String, f64>, names: &[String]) -> Vec<Pick> {
        let mut by_task: BTreeMap<usize, Vec<Pick>> = BTreeMap::new();
        for pick in &self.all {
            by_task.entry(pick.task).or_default().push(*pick);
        }
        let weight = |task: usize| weights.get(&names[task]).copied().unwrap_or(0.0);
        let elsewhere = by_task.keys().all(|task| weight(*task) == 0.0);
        let open: Vec<(f64, Vec<Pick>)> = by_task
            .into_iter()
            .map(|(task, picks)| (if elsewhere { picks.len() as f64 } else { weight(task) }, picks))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        let total: f64 = open.iter().map(|(weight, _)| weight).sum();
        let picks = (0..self.batch_size).map(|_| {
            let mut at = self.rng.random::<f64>() * total;
            let mut chosen = &open[open.len() - 1].1;
            for (weight, picks) in &open {
                if at < *weight {
                    chosen = picks;
                    break;
                }
                at -= weight;
            }
            chosen[self.rng.random_range(0..chosen.len())]
        });
        picks.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_holds_every_row_once() {
        let mut sampler = Sampler::new(&[5, 3, 4], &[0, 2], 4, None, 1);
        assert_eq!(sampler.batches_per_epoch(), 3);
        for _ in 0..2 {
            let mut seen: Vec<Pick> = (0..3).flat_map(|_| sampler.next_batch()).collect();
            seen.sort_by_key(|p| (p.task, p.row));
            assert_eq!(seen.len(), 9);
            seen.dedup();
            assert_eq!(seen.len(), 9);
            assert!(seen.iter().all(|p| p.task != 1));
        }
    }

    #[test]
    fn a_seed_decides_the_batches() {
        let batches = |seed| {
            let mut s = Sampler::new(&[20], &[0], 4, None, seed);
            (0..10).flat_map(|_| s.next_batch()).collect::<Vec<_>>()
        };
        assert_eq!(batches(3), batches(3));
        assert_ne!(batches(3), batches(4));
    }

    #[test]
    fn a_restored_sampler_goes_on_with_the_same_batches() {
        let names = ["a", "b"].map(String::from);
        let weights = BTreeMap::from([("b".to_string(), 1.0)]);
        let lengths: Vec<Vec<usize>> = [7, 4].map(|n| (0..n).collect()).to_vec();
        for lengths in [None, Some(lengths)] {
            let fresh = || Sampler::new(&[7, 4], &[0, 1], 2, lengths.clone(), 5);
            for stop in 0..20 {
                let mut one = fresh();
                for i in 0..stop {
                    match i % 5 {
                        4 => drop(one.draw(&weights, &names)),
                        _ => drop(one.next_batch()),
                    }
                }
                let text = serde_json::to_string(&one.order()).unwrap();
                let mut other = fresh();
                other.restore(&serde_json::from_str(&text).unwrap()).unwrap();
                for _ in 0..12 {
                    assert_eq!(one.next_batch(), other.next_batch());
                    let drawn = |s: &mut Sampler| s.draw(&weights, &names);
                    assert_eq!(drawn(&mut one), drawn(&mut other));
                }
            }
        }
        let mut longer = Sampler::new(&[9], &[0], 1, None, 1);
        longer.next_batch();
        assert!(Sampler::new(&[3], &[0], 1, None, 1).restore(&longer.order()).is_err());
    }

    #[test]
    fn buckets_hold_rows_of_like_length() {
        let lengths = vec![(0..40).map(|i| i * 7 % 40).collect::<Vec<usize>>()];
        let mut s = Sampler::new(&[40], &[0], 4, Some(lengths.clone()), 1);
        for _ in 0..10 {
            let batch = s.next_batch();
            let mut of: Vec<usize> = batch.iter().map(|p| lengths[0][p.row]).collect();
            of.sort_unstable();
            assert_eq!(of[3] - of[0], 3);
        }
    }

    #[test]
    fn weights_decide_the_mix() {
        let names = ["a", "b", "c"].map(String::from);
        let mut s = Sampler::new(&[2, 2, 2], &[0, 1, 2], 1000, None, 1);
        let weights = BTreeMap::from([("a".to_string(), 3.0), ("b".to_string(), 1.0)]);
        let picks = s.draw(&weights, &names);
        let share = picks.iter().filter(|p| p.task == 0).count();
        assert!((700..800).contains(&share), "{share}");
        assert!(picks.iter().all(|p| p.task != 2));
        let elsewhere = BTreeMap::from([("z".to_string(), 1.0)]);
        let picks = s.draw(&elsewhere, &names);
        let share = picks.iter().filter(|p| p.task == 2).count();
        assert!((280..390).contains(&share), "{share}");
    }
}
