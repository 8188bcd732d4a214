//! The batches of a stage whose rows a sampler chooses.

use super::{Asked, Chosen, RowSampler, Stages};
use crate::{Error, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// What decides the following batches, given the sampler.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    rng: ChaCha8Rng,
    /// The version of the sampler's function that chose last.
    version: String,
    /// The number of the interval in which it chose last, from 0.
    interval: u64,
    /// `None` before the first batch.
    chosen: Option<Rc<Chosen>>,
    /// The number of remaining rows of an order.
    left: usize,
    /// The latest loss of each row; empty if the sampler does not read them.
    losses: Rc<Vec<Option<f64>>>,
}

/// Draws the rows of one stage, as positions in its list.
pub struct Draws {
    state: State,
    /// The sums of the weights up to each row; empty for an order.
    sums: Vec<f64>,
    rows: usize,
    /// The rows of the batches since their losses were last recorded.
    drawn: Vec<usize>,
}

impl Draws {
    /// For a stage of `rows` rows.
    pub(crate) fn new(rows: usize, reads_losses: bool, seed: u64) -> Draws {
        let losses = vec![None; if reads_losses { rows } else { 0 }];
        let state = State {
            rng: ChaCha8Rng::seed_from_u64(seed),
            version: String::new(),
            interval: 0,
            chosen: None,
            left: 0,
            losses: Rc::new(losses),
        };
        Draws { state, sums: Vec::new(), rows, drawn: Vec::new() }
    }

    /// The rows of the next batch of this step of a stage.
    pub(crate) fn next_batch(
        &mut self,
        sampler: &dyn RowSampler,
        (all, stage): (&Stages, usize),
        step: u64,
        batch_size: usize,
    ) -> Result<Vec<usize>> {
        let of_stage = &all.stages[stage];
        let every = sampler.every().unwrap_or(of_stage.steps_per_epoch).max(1);
        let (interval, version) = ((step - 1) / every, sampler.version());
        let is_due = match self.state.chosen.as_deref() {
            None => true,
            Some(Chosen::Order(_)) => self.state.left == 0,
            Some(Chosen::Weights(_)) => {
                (interval, &version) != (self.state.interval, &self.state.version)
            }
        };
        if is_due {
            let losses = &self.state.losses;
            let chosen =
                sampler.choose(&Asked { all, stage: of_stage, step, losses: losses.as_slice() })?;
            self.take(Rc::new(chosen));
            self.state.left = self.rows;
            (self.state.interval, self.state.version) = (interval, version);
        }
        let rows = match self.state.chosen.as_deref() {
            Some(Chosen::Order(order)) => {
                let from = order.len() - self.state.left;
                let rows = &order[from..order.len().min(from + batch_size)];
                self.state.left -= rows.len();
                rows.to_vec()
            }
            _ => (0..batch_size).map(|_| self.draw()).collect(),
        };
        if !self.state.losses.is_empty() {
            self.drawn.extend(&rows);
        }
        Ok(rows)
    }

    /// A row, in proportion to the weights.
    fn draw(&mut self) -> usize {
        let total = self.sums.last().copied().unwrap_or_default();
        let at = self.state.rng.random::<f64>() * total;
        let row = self.sums.partition_point(|sum| *sum <= at);
        // A product that is rounded up to the total: the last row with a weight.
        row.min(self.sums.partition_point(|sum| *sum < total))
    }

    fn take(&mut self, chosen: Rc<Chosen>) {
        self.sums = match &*chosen {
            Chosen::Order(_) => Vec::new(),
            Chosen::Weights(weights) => {
                let add = |sum: &mut f64, weight: &f64| {
                    *sum += weight;
                    Some(*sum)
                };
                weights.iter().scan(0.0, add).collect()
            }
        };
        self.state.chosen = Some(chosen);
    }

    /// The losses of the rows drawn since the last call, in their order; none if the step is not made.
    pub(crate) fn record(&mut self, losses: &[f64]) {
        if self.drawn.is_empty() {
            return;
        }
        let latest = Rc::make_mut(&mut self.state.losses);
        for (row, loss) in self.drawn.drain(..).zip(losses) {
            if loss.is_finite() {
                latest[row] = Some(*loss);
            }
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state.clone()
    }

    /// Restores what `state` returned. A state of another sampler or of other rows is an error.
    pub(crate) fn restore(&mut self, state: &State) -> Result<()> {
        let chosen = state.chosen.as_ref();
        if state.losses.len() != self.state.losses.len()
            || state.left > self.rows
            || chosen.is_some_and(|chosen| chosen.len() != self.rows)
        {
            return Err(Error::new("it was made with another sampler, or with other rows"));
        }
        self.drawn.clear();
        let is_same = match (&state.chosen, &self.state.chosen) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.state = state.clone();
        match self.state.chosen.clone() {
            Some(chosen) if !is_same => self.take(chosen),
            Some(_) => {}
            None => self.sums.clear(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::StageRows;
    use super::*;
    use crate::train::rows::Row;
    use crate::train::sampler::Pick;

    /// Answers by `choose`, every `every` steps.
    struct Fixed<F> {
        choose: F,
        every: Option<u64>,
        version: String,
    }

    impl<F: Fn(&Asked) -> Result<Chosen>> RowSampler for Fixed<F> {
        fn place(&self) -> String {
            "sampler 'fixed'".into()
        }

        fn version(&self) -> String {
            self.version.clone()
        }

        fn every(&self) -> Option<u64> {
            self.every
        }

        fn reads_losses(&self) -> bool {
            true
        }

        fn mixes_tasks(&self) -> bool {
            false
        }

        fn choose(&self, asked: &Asked) -> Result<Chosen> {
            (self.choose)(asked)
        }
    }

    fn fixed<F: Fn(&Asked) -> Result<Chosen>>(choose: F, every: Option<u64>) -> Fixed<F> {
        Fixed { choose, every, version: String::new() }
    }

    fn stages(rows: usize) -> Stages {
        let picks = (0..rows).map(|row| Pick { task: 0, row }).collect();
        let row = Row { source: vec![1], target: vec![1] };
        Stages {
            rows: Rc::new(vec![vec![row; rows]]),
            stages: vec![StageRows { name: String::new(), steps: 12, steps_per_epoch: 3, picks }],
        }
    }

    #[test]
    fn rows_are_drawn_in_proportion_to_their_weights() {
        let sampler = fixed(|_| Chosen::weights(vec![0.0, 3.0, 0.0, 1.0, 0.0], 5), None);
        let mut draws = Draws::new(5, true, 1);
        let rows = draws.next_batch(&sampler, (&stages(5), 0), 1, 1000).unwrap();
        let share = rows.iter().filter(|row| **row == 1).count();
        assert!((700..800).contains(&share), "{share}");
        assert!(rows.iter().all(|row| [1, 3].contains(row)));
    }

    #[test]
    fn an_epoch_has_each_row_once_in_the_order() {
        let reversed = |asked: &Asked| {
            let numbers: Vec<i64> = (1..=5).rev().collect();
            assert_eq!(asked.step % 3, 1);
            Chosen::order(&numbers, 5)
        };
        let (sampler, stages) = (fixed(reversed, None), stages(5));
        let mut draws = Draws::new(5, true, 1);
        let mut batch = |step| draws.next_batch(&sampler, (&stages, 0), step, 2).unwrap();
        for epoch in 0..2 {
            let batches = [1, 2, 3].map(|step| batch(3 * epoch + step));
            assert_eq!(batches, [vec![4, 3], vec![2, 1], vec![0]]);
        }
    }

    #[test]
    fn weights_are_computed_at_their_interval_and_for_a_new_version() {
        let asked = std::cell::RefCell::new(Vec::new());
        let note = |of: &Asked| {
            asked.borrow_mut().push(of.step);
            Chosen::weights(vec![1.0; 4], 4)
        };
        let stages = stages(4);
        for (every, wanted) in [(None, vec![1, 4, 7]), (Some(2), vec![1, 3, 5, 7])] {
            let sampler = fixed(note, every);
            let mut draws = Draws::new(4, false, 1);
            // Two batches a step.
            for step in (1..=7).flat_map(|step| [step, step]) {
                draws.next_batch(&sampler, (&stages, 0), step, 2).unwrap();
            }
            assert_eq!(asked.take(), wanted);
            let edited = Fixed { version: "2".into(), ..sampler };
            draws.next_batch(&edited, (&stages, 0), 7, 2).unwrap();
            assert_eq!(asked.take(), [7]);
        }
    }

    #[test]
    fn the_latest_losses_are_given() {
        let seen = std::cell::RefCell::new(Vec::new());
        let read = |asked: &Asked| {
            *seen.borrow_mut() = asked.losses.to_vec();
            Chosen::order(&[3, 1, 2], 3)
        };
        let (sampler, stages) = (fixed(read, None), stages(3));
        let mut draws = Draws::new(3, true, 1);
        let batch = |draws: &mut Draws, losses: &[f64]| {
            draws.next_batch(&sampler, (&stages, 0), 1, 2).unwrap();
            draws.record(losses);
        };
        batch(&mut draws, &[0.5, 0.25]);
        // A step that is not made.
        batch(&mut draws, &[]);
        batch(&mut draws, &[0.75, f64::NAN]);
        assert_eq!(*seen.borrow(), [Some(0.25), None, Some(0.5)]);
        batch(&mut draws, &[1.0]);
        batch(&mut draws, &[]);
        assert_eq!(*seen.borrow(), [Some(0.25), Some(1.0), Some(0.75)]);
    }

    #[test]
    fn restored_draws_go_on_as_before() {
        let by_loss = |asked: &Asked| {
            let weights = asked.losses.iter().map(|loss| loss.unwrap_or(2.0) + 0.1);
            Chosen::weights(weights.collect(), 7)
        };
        let rotated = |asked: &Asked| {
            let numbers: Vec<i64> = (0..7).map(|i| (i + asked.epoch() as i64) % 7 + 1).collect();
            Chosen::order(&numbers, 7)
        };
        let stages = stages(7);
        let samplers: [Box<dyn RowSampler>; 3] = [
            Box::new(fixed(by_loss, None)),
            Box::new(fixed(by_loss, Some(2))),
            Box::new(fixed(rotated, None)),
        ];
        for sampler in &samplers {
            let step = |draws: &mut Draws, step: u64| {
                let rows = draws.next_batch(&**sampler, (&stages, 0), step, 3).unwrap();
                let losses: Vec<f64> =
                    rows.iter().map(|row| 1.0 / (*row as f64 + step as f64)).collect();
                draws.record(&losses);
                rows
            };
            let mut whole = Draws::new(7, true, 5);
            let wanted: Vec<_> = (1..=12).map(|i| step(&mut whole, i)).collect();
            for stop in 0..12 {
                let mut first = Draws::new(7, true, 5);
                (1..=stop).for_each(|i| drop(step(&mut first, i)));
                let text = serde_json::to_string(&first.state()).unwrap();
                let mut second = Draws::new(7, true, 5);
                second.restore(&serde_json::from_str(&text).unwrap()).unwrap();
                let rest: Vec<_> = (stop + 1..=12).map(|i| step(&mut second, i)).collect();
                assert_eq!(rest, wanted[stop as usize..], "{stop}");
            }
        }
        let other = Draws::new(8, true, 5);
        assert!(Draws::new(7, true, 5).restore(&other.state()).is_err());
        assert!(Draws::new(8, false, 5).restore(&other.state()).is_err());
    }
}
