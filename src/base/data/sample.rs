//! Seeded sampling of rows: platform-independent, and for each task independent of the other tasks.

use super::{Example, Split};
use crate::names;
use crate::{Error, Result};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The unit of a number of shots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Rows per task, sampled without regard to their classes (ComPT's code).
    Task,
    /// Rows per class (LM-BFF, Gao et al. 2021); for numbers, per half of their range.
    Class,
}

names!(Per, "unit of shots", Task = "task", Class = "class");

/// The purpose of a draw. Each purpose has its own stream, so that the number of shots never
/// changes which rows are held out, nor the held-out rows which ones are reported.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    Split = 0,
    Shots = 1,
    MaxTest = 2,
}

/// The random generator of one task: ChaCha8 keyed by SHA-256 of `compt.tasks/<seed>/<task>`.
pub fn stream(seed: u64, task: &str, purpose: Purpose) -> ChaCha8Rng {
    let key = Sha256::digest(format!("compt.tasks/{seed}/{task}"));
    let mut rng = ChaCha8Rng::from_seed(key.into());
    rng.set_stream(purpose as u64);
    rng
}

/// A row as sampling uses it: all rows of a long file are sampled from, but only the chosen ones are kept.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its source split, and its index in it from 0.
    pub from: Split,
    pub index: usize,
    /// Its index in the classes of its task's labels.
    pub class: u32,
    /// A hash of its text and target.
    pub hash: u64,
    /// Its text, if it was kept.
    pub example: Option<Box<Example>>,
}

/// Samples `count` of the rows and returns (sample, rest), each in the original order.
pub fn draw<T>(rows: Vec<T>, count: usize, rng: &mut ChaCha8Rng) -> (Vec<T>, Vec<T>) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.shuffle(rng);
    let mut drawn = vec![false; rows.len()];
    order.iter().take(count).for_each(|&i| drawn[i] = true);
    let (drawn, rest): (Vec<_>, Vec<_>) =
        rows.into_iter().zip(drawn).partition(|(_, taken)| *taken);
    let bare = |pairs: Vec<(T, bool)>| pairs.into_iter().map(|(row, _)| row).collect();
    (bare(drawn), bare(rest))
}

/// Keeps `shots` training rows, in their original order; fewer rows than shots are an error.
pub fn few_shot(
    rows: Vec<Candidate>,
    shots: usize,
    per: Per,
    classes: &[String],
    rng: &mut ChaCha8Rng,
) -> Result<Vec<Candidate>> {
    let enough = |have: usize, of: &str| {
        let short = Error::new(format!("{shots} shots were requested, but there are {have} {of}"));
        if have < shots {
            Err(short.hint(
                "use fewer shots, more rows, or files for both 'validation' and 'test': where one \
                 is missing, up to half of the training rows are held out",
            ))
        } else {
            Ok(())
        }
    };
    if per == Per::Task {
        enough(rows.len(), "training rows")?;
        return Ok(draw(rows, shots, rng).0);
    }
    let mut by_class = vec![Vec::new(); classes.len()];
    for row in rows {
        by_class[row.class as usize].push(row);
    }
    let mut kept = Vec::new();
    for (class, rows) in classes.iter().zip(by_class) {
        enough(rows.len(), &format!("training rows of class '{class}'"))?;
        kept.extend(draw(rows, shots, rng).0);
    }
    kept.sort_by_key(|row| row.index);
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Candidate> {
        let row = |index: usize| Candidate {
            from: Split::Train,
            index,
            class: u32::from(index.is_multiple_of(4)),
            hash: 0,
            example: None,
        };
        (0..count).map(row).collect()
    }

    fn indices(rows: &[Candidate]) -> Vec<usize> {
        rows.iter().map(|row| row.index).collect()
    }

    fn shots(seed: u64, task: &str, count: usize, per: Per) -> Result<Vec<Candidate>> {
        let classes = ["no".to_string(), "yes".to_string()];
        few_shot(rows(100), count, per, &classes, &mut stream(seed, task, Purpose::Shots))
    }

    /// Fixed: a change here changes every published few-shot set.
    #[test]
    fn a_seed_and_a_task_name_fix_the_rows() {
        let drawn = indices(&shots(1, "rte", 8, Per::Task).unwrap());
        assert_eq!(drawn, [14, 38, 41, 70, 71, 72, 76, 97]);
        assert_ne!(drawn, indices(&shots(2, "rte", 8, Per::Task).unwrap()));
        assert_ne!(drawn, indices(&shots(1, "mrpc", 8, Per::Task).unwrap()));
    }

    #[test]
    fn a_draw_parts_the_rows_in_order() {
        let (drawn, rest) = draw(rows(10), 4, &mut stream(1, "rte", Purpose::Split));
        assert_eq!((drawn.len(), rest.len()), (4, 6));
        assert!(drawn.is_sorted_by_key(|r| r.index) && rest.is_sorted_by_key(|r| r.index));
        let mut all = [indices(&drawn), indices(&rest)].concat();
        all.sort_unstable();
        assert_eq!(all, indices(&rows(10)));
    }

    #[test]
    fn shots_per_class_are_balanced() {
        let drawn = shots(1, "rte", 8, Per::Class).unwrap();
        assert_eq!(drawn.iter().filter(|row| row.class == 1).count(), 8);
        assert_eq!(drawn.len(), 16);
        assert!(drawn.is_sorted_by_key(|row| row.index));
    }

    #[test]
    fn fewer_rows_than_shots_are_an_error() {
        let text = shots(1, "rte", 101, Per::Task).unwrap_err().to_string();
        assert!(
            text.contains("101 shots were requested, but there are 100 training rows"),
            "{text}"
        );
        let text = shots(1, "rte", 30, Per::Class).unwrap_err().to_string();
        assert!(text.contains("25 training rows of class 'yes'"), "{text}");
    }
}
