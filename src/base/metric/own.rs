//! Metrics of the user.

use super::Answers;
use crate::{Error, Result};

/// A function that scores the answers of a task.
pub trait Own {
    fn name(&self) -> &str;

    /// The names of its numbers, the main one first; its own name if it has one.
    fn scores(&self) -> &[String];

    /// Where it is defined, for messages: "study.lua:3".
    fn place(&self) -> &str;

    /// A number for each of `scores`.
    ///
    /// # Errors
    ///
    /// The function fails, or returns something else.
    fn compute(&self, answers: &Answers) -> Result<Vec<f64>>;
}

impl dyn Own {
    /// The numbers, all finite.
    pub(super) fn checked(&self, answers: &Answers) -> Result<Vec<f64>> {
        let place = || format!("metric '{}' ({})", self.name(), self.place());
        let values = self.compute(answers).map_err(|e| e.at(place()))?;
        let scores = self.scores().iter().zip(&values);
        match scores.into_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(values),
            Some((score, value)) => {
                let value = if value.is_nan() { "NaN".to_string() } else { value.to_string() };
                Err(Error::new(format!("its score '{score}' is {value}, not a finite number"))
                    .at(place())
                    .hint("return 0 where a score has no value"))
            }
        }
    }
}
