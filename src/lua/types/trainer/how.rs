//! How an evaluation looks at a run: with which prompts, weights, rows and decoding.

use crate::data::Split;
use crate::router::Normalisation;
use crate::train::evaluate::Scores;
use serde_json::{Value, json};

/// What differs from the usual look.
pub struct How {
    pub only: Option<String>,
    pub without: Option<String>,
    pub weights: String,
    pub decoding: String,
    pub normalise: Option<Normalisation>,
    pub limit: Option<usize>,
    /// The tasks, where not all are looked at.
    pub tasks: Option<Vec<String>>,
}

impl How {
    /// The name of the file of answers: `test`, `test.only-src0`.
    pub fn file(&self, split: Split) -> String {
        let parts = [
            self.only.as_ref().map(|only| format!("only-{only}")),
            self.without.as_ref().map(|without| format!("without-{without}")),
            (self.weights != "renormalised").then(|| format!("weights-{}", self.weights)),
            self.normalise.map(|normalise| format!("normalise-{}", normalise.name())),
            (self.decoding != "greedy").then(|| format!("decoding-{}", self.decoding)),
            self.limit.map(|limit| format!("limit-{limit}")),
            self.tasks.as_ref().map(|tasks| format!("tasks-{}", tasks.join("+"))),
        ];
        let parts = parts.into_iter().flatten().map(|part| part.replace(['/', '\\'], "-"));
        [split.name().to_string()].into_iter().chain(parts).collect::<Vec<_>>().join(".")
    }

    /// For `result.json`.
    pub fn told(&self, found: &Scores) -> Value {
        let names: Vec<&str> = found.tasks.iter().map(|task| task.task.as_str()).collect();
        json!({
            "only": self.only, "without": self.without, "weights": self.weights,
            "decoding": self.decoding, "normalise": self.normalise.map(|n| n.name()),
            "limit": self.limit, "tasks": names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_s_name_tells_the_look() {
        let usual = || How {
            only: None,
            without: None,
            weights: "renormalised".into(),
            decoding: "greedy".into(),
            normalise: None,
            limit: None,
            tasks: None,
        };
        assert_eq!(usual().file(Split::Test), "test");
        let one = How { only: Some("src0".into()), limit: Some(8), ..usual() };
        assert_eq!(one.file(Split::Validation), "validation.only-src0.limit-8");
    }
}
