use super::pearson::pearson;
use super::{Definition, Fits, Score};

pub(super) const METRIC: Definition = Definition {
    name: "spearman",
    fits: Fits::Numbers,
    range: (-100.0, 100.0),
    score: Score::Texts(|texts| spearman(&texts.predicted_numbers(), &texts.target_numbers())),
};

/// Spearman's rank correlation: Pearson's of the ranks, with average ranks for ties.
fn spearman(x: &[f64], y: &[f64]) -> f64 {
    pearson(&ranks(x), &ranks(y))
}

/// The rank of each value, from 1; equal values get the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = below as f64 + (ties.len() + 1) as f64 / 2.0;
        ties.iter().for_each(|&i| ranks[i] = shared);
        below += ties.len();
    }
    ranks
}
