//! The lengths of a task's sources in tokens.

use super::{Split, Task, Tokenizer};
use crate::Result;

/// Token counts of the sources of all three splits, including `</s>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lengths {
    pub median: usize,
    /// The 95th percentile.
    pub p95: usize,
    pub longest: usize,
    /// The share of sources, from 0 to 1, that are longer than the trainer's maximum.
    pub cut: f64,
}

impl Lengths {
    /// Errors: the tokenizer fails.
    pub fn of(task: &Task, tokenizer: &Tokenizer, most: usize) -> Result<Lengths> {
        let rows = Split::ALL.into_iter().flat_map(|split| task.split(split));
        let sources: Vec<&str> = rows.map(|row| row.source.as_str()).collect();
        let mut lengths = Vec::with_capacity(sources.len());
        for some in sources.chunks(1 << 16) {
            lengths.extend(tokenizer.encode_batch(some)?.iter().map(Vec::len));
        }
        lengths.sort_unstable();
        Ok(Lengths::sorted(&lengths, most))
    }

    /// Quantiles by nearest rank.
    fn sorted(lengths: &[usize], most: usize) -> Lengths {
        let rank = |percent: usize| {
            let rank = (lengths.len() * percent).div_ceil(100).max(1);
            lengths.get(rank - 1).copied().unwrap_or(0)
        };
        let kept = lengths.partition_point(|&length| length <= most);
        Lengths {
            median: rank(50),
            p95: rank(95),
            longest: rank(100),
            cut: (lengths.len() - kept) as f64 / lengths.len().max(1) as f64,
        }
    }

    /// Median, 95th percentile and the share that is truncated, for a table.
    pub fn cells(&self) -> [String; 3] {
        let cut = match self.cut {
            0.0 => "-".to_string(),
            share => format!("{:.1} %", 100.0 * share),
        };
        [self.median.to_string(), self.p95.to_string(), cut]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_lengths_that_occur() {
        let twenty: Vec<usize> = (1..=20).collect();
        let found = Lengths::sorted(&twenty, 17);
        assert_eq!(found, Lengths { median: 10, p95: 19, longest: 20, cut: 0.15 });
        let found = Lengths::sorted(&[7], 7);
        assert_eq!(found, Lengths { median: 7, p95: 7, longest: 7, cut: 0.0 });
        assert_eq!(Lengths::sorted(&[], 7).longest, 0);
    }
}
