//! Examples as token ids for the backbone.

use crate::Result;
use crate::data::{Example, LabelWords, Task, Tokenizer};
use compt_error::Context;

/// A row of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Token ids that end with `</s>`.
    pub source: Vec<i64>,
    pub target: Vec<i64>,
}

/// Tokenizes examples; a source longer than `max_source` ids is truncated before its `</s>`. Also returns
/// the number of truncated sources. Errors: the tokenizer fails.
pub fn tokenize(
    tokenizer: &Tokenizer,
    examples: &[Example],
    max_source: usize,
) -> Result<(Vec<Row>, usize)> {
    let sources: Vec<&str> = examples.iter().map(|e| e.source.as_str()).collect();
    let targets: Vec<&str> = examples.iter().map(|e| e.target.as_str()).collect();
    let mut cut = 0;
    let rows = tokenizer
        .encode_batch(&sources)?
        .into_iter()
        .zip(tokenizer.encode_batch(&targets)?)
        .map(|(mut source, target)| {
            if source.len() > max_source {
                cut += 1;
                source.drain(max_source - 1..source.len() - 1);
            }
            Row { source, target }
        })
        .collect();
    Ok((rows, cut))
}

/// The label words of a task in the tokenizer's form; `None` for numbers, where any number
/// is an answer. Words that the tokenizer cannot distinguish are an error.
pub fn answers(tokenizer: &Tokenizer, task: &Task) -> Result<Option<LabelWords>> {
    match task.labels.words() {
        [] => Ok(None),
        words => LabelWords::of(tokenizer, words).map(Some).at(format!("task '{}'", task.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn long_sources_keep_their_end_of_sequence() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tokenizer");
        let tokenizer = Tokenizer::load(&folder).unwrap();
        let example = |source: &str| Example {
            index: 0,
            source: source.to_string(),
            target: "a".to_string(),
        };
        let examples = [example("one two three four five six seven"), example("one")];
        let (whole, cut) = tokenize(&tokenizer, &examples, 512).unwrap();
        assert_eq!(cut, 0);
        let (rows, cut) = tokenize(&tokenizer, &examples, 4).unwrap();
        assert_eq!(cut, usize::from(whole[1].source.len() > 4) + 1);
        assert_eq!(rows[0].source.len(), 4);
        assert_eq!(rows[0].source[..3], whole[0].source[..3]);
        assert_eq!(rows[0].source.last(), whole[0].source.last());
    }
}
