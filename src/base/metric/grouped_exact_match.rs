use super::{Definition, Fits, Score};
use crate::word::normal;

/// The fraction of groups of rows in which every prediction equals a reference, in the form in which label words
/// are compared: T5's `mean_group_metric(all_match)`, with which MultiRC's EM is the share of questions whose
/// answers are all judged rightly.
pub(super) const METRIC: Definition = Definition {
    name: "grouped_exact_match",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: Score::Groups(|prediction, reference| normal(prediction) == normal(reference)),
};
