//! How an evaluation looks at a run: with which prompts, weights, rows and decoding.

use compt_core::data::Split;
use compt_core::router::Normalisation;
use compt_core::train::evaluate::Scores;
use serde_json::{Value, json};

/// What differs from the usual look.
pub struct How {
    pub only: Option<String>,
    pub without: Option<String>,
    pub weights: String,
    pub decoding: String,
    pub normalise: Option<Normalisation>,
    pub limit: Option<usize>,
    pub max_new_tokens: i64,
    /// The tasks, where not all are looked at.
    pub tasks: Option<Vec<String>>,
}

/// Tokens of an answer, unless others are asked for.
pub const NEW_TOKENS: i64 = 8;

impl How {
    /// Whether this is the usual look, whose scores are the run's.
    pub fn is_usual(&self) -> bool {
        self.file(Split::Test) == Split::Test.name()
    }

    /// The name of the file of answers: `test`, `test.only-src0`.
    pub fn file(&self, split: Split) -> String {
        let parts = [
            self.only.as_ref().map(|only| format!("only-{only}")),
            self.without.as_ref().map(|without| format!("without-{without}")),
            (self.weights != "renormalised").then(|| format!("weights-{}", self.weights)),
            self.normalise.map(|normalise| format!("normalise-{}", normalise.name())),
            (self.decoding != "greedy").then(|| format!("decoding-{}", self.decoding)),
            (self.max_new_tokens != NEW_TOKENS).then(|| format!("tokens-{}", self.max_new_tokens)),
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
            "limit": self.limit, "tasks": names, "max_new_tokens": self.max_new_tokens,
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
            max_new_tokens: NEW_TOKENS,
            tasks: None,
        };
        assert!(usual().is_usual() && usual().file(Split::Test) == "test");
        let short = How { max_new_tokens: 2, ..usual() };
        assert!(!short.is_usual() && short.file(Split::Test) == "test.tokens-2");
        let one = How { only: Some("src0".into()), limit: Some(8), ..usual() };
        assert_eq!(one.file(Split::Validation), "validation.only-src0.limit-8");
    }
}
