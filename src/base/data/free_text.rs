//! Tasks whose targets are free text: how long they are, and how they are decoded.

use crate::names;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// When a row of a beam search ends, as in `generate` of transformers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EarlyStopping {
    /// Once no running hypothesis of the present length is better than the worst finished one.
    #[default]
    No,
    /// Once there are as many finished hypotheses as beams.
    Yes,
    /// Once no running hypothesis can become better, whatever its length.
    Never,
}

names!(EarlyStopping, "'early_stopping'", No = "no", Yes = "yes", Never = "never");

/// How free text is decoded; what is absent has the default of transformers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextDecoding {
    /// Default 1: greedy decoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_beams: Option<i64>,
    /// Default: the maximum length of a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_new_tokens: Option<i64>,
    /// Before so many tokens there is no end of sequence. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_new_tokens: Option<i64>,
    /// The score of a hypothesis is sum of log-probabilities / length^length_penalty. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_penalty: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

impl TextDecoding {
    /// The names of its options.
    pub const KEYS: [&'static str; 5] =
        ["num_beams", "max_new_tokens", "min_new_tokens", "length_penalty", "early_stopping"];

    /// These options, and for what is absent those of `other`; if these set one beam, not its options of beams.
    pub fn or(self, other: TextDecoding) -> TextDecoding {
        let other = match self.num_beams {
            Some(1) => TextDecoding { length_penalty: None, early_stopping: None, ..other },
            _ => other,
        };
        TextDecoding {
            num_beams: self.num_beams.or(other.num_beams),
            max_new_tokens: self.max_new_tokens.or(other.max_new_tokens),
            min_new_tokens: self.min_new_tokens.or(other.min_new_tokens),
            length_penalty: self.length_penalty.or(other.length_penalty),
            early_stopping: self.early_stopping.or(other.early_stopping),
        }
    }

    /// # Errors
    /// A number is out of its range; options of a beam search are given for one beam.
    pub fn check(&self) -> Result<()> {
        let below = |value: Option<i64>, least| value.is_some_and(|value| value < least);
        if below(self.num_beams, 1) || below(self.max_new_tokens, 1) {
            return Err(Error::new("'num_beams' and 'max_new_tokens' must be at least 1"));
        }
        if below(self.min_new_tokens, 0) {
            return Err(Error::new("'min_new_tokens' must be at least 0"));
        }
        if let (Some(least), Some(most)) = (self.min_new_tokens, self.max_new_tokens)
            && least > most
        {
            return Err(Error::new(format!(
                "'min_new_tokens' {least} is more than 'max_new_tokens' {most}"
            )));
        }
        if self.length_penalty.is_some_and(|penalty| !penalty.is_finite()) {
            return Err(Error::new("'length_penalty' must be a finite number"));
        }
        let of_beams = [
            ("length_penalty", self.length_penalty.is_some()),
            ("early_stopping", self.early_stopping.is_some()),
        ];
        match of_beams.iter().find(|(_, given)| *given && self.num_beams.unwrap_or(1) == 1) {
            Some((key, _)) => {
                let what = format!("'{key}' is for a beam search");
                Err(Error::new(what).hint("set 'num_beams' to 2 or more"))
            }
            None => Ok(()),
        }
    }
}

/// The targets of a task of free text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FreeText {
    /// The maximum number of tokens of a target, with `</s>`; a trainer needs it.
    pub max_target_length: Option<usize>,
    #[serde(default)]
    pub decoding: TextDecoding,
}

impl FreeText {
    /// The maximum number of new tokens of a prediction: 'max_new_tokens', or the maximum length of a target.
    pub fn most_tokens(&self) -> i64 {
        let longest = self.max_target_length.map(|most| most as i64);
        self.decoding.max_new_tokens.or(longest).unwrap_or(DEFAULT_TOKENS)
    }
}

/// The default of `generate` in transformers.
const DEFAULT_TOKENS: i64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        let refused = |decoding: TextDecoding| decoding.check().unwrap_err().to_string();
        let with = TextDecoding::default();
        assert_eq!(with.check(), Ok(()));
        let text = refused(TextDecoding { num_beams: Some(0), ..with });
        assert!(text.contains("'num_beams' and 'max_new_tokens' must be at least 1"), "{text}");
        let few = TextDecoding { min_new_tokens: Some(9), max_new_tokens: Some(4), ..with };
        assert!(refused(few).contains("'min_new_tokens' 9 is more than 'max_new_tokens' 4"));
        let greedy = TextDecoding { length_penalty: Some(2.0), ..with };
        assert!(refused(greedy).contains("'length_penalty' is for a beam search"));
        assert_eq!(TextDecoding { num_beams: Some(4), ..greedy }.check(), Ok(()));
        let one = TextDecoding { num_beams: Some(1), ..with };
        let beams = TextDecoding { num_beams: Some(4), min_new_tokens: Some(2), ..greedy };
        assert_eq!(one.or(beams), TextDecoding { min_new_tokens: Some(2), ..one });
        assert_eq!(with.or(beams), beams);
        let endless = TextDecoding { num_beams: Some(4), length_penalty: Some(f64::NAN), ..with };
        assert!(refused(endless).contains("finite"));
    }
}
