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

/// The number of texts that were longer than the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    pub sources: usize,
    pub targets: usize,
}

/// Tokenizes examples; a source longer than `max_source` ids, and a target longer than `max_target` ids, is
/// truncated before its `</s>`. Also returns how many were truncated. Errors: the tokenizer fails.
pub fn tokenize(
    tokenizer: &Tokenizer,
    examples: &[Example],
    max_source: usize,
    max_target: Option<usize>,
) -> Result<(Vec<Row>, Cut)> {
    let sources: Vec<&str> = examples.iter().map(|e| e.source.as_str()).collect();
    let targets: Vec<&str> = examples.iter().map(|e| e.target.as_str()).collect();
    let mut cut = Cut::default();
    let shortened = |ids: &mut Vec<i64>, most: usize| {
        let long = ids.len() > most;
        if long {
            ids.drain(most - 1..ids.len() - 1);
        }
        usize::from(long)
    };
    let rows = tokenizer
        .encode_batch(&sources)?
        .into_iter()
        .zip(tokenizer.encode_batch(&targets)?)
        .map(|(mut source, mut target)| {
            cut.sources += shortened(&mut source, max_source);
            cut.targets += max_target.map_or(0, |most| shortened(&mut target, most));
            Row { source, target }
        })
        .collect();
    Ok((rows, cut))
}

/// The label words of a task in the tokenizer's form; `None` for numbers and free text, where any number
/// or text is an answer. Words that the tokenizer cannot distinguish are an error.
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
            source: source.to_string(),
            target: "a b c d e f".to_string(),
            ..Example::default()
        };
        let examples = [example("one two three four five six seven"), example("one")];
        let (whole, cut) = tokenize(&tokenizer, &examples, 512, None).unwrap();
        assert_eq!(cut, Cut::default());
        let (rows, cut) = tokenize(&tokenizer, &examples, 4, Some(3)).unwrap();
        assert_eq!(cut.sources, usize::from(whole[1].source.len() > 4) + 1);
        assert_eq!(cut.targets, 2);
        assert_eq!(rows[0].target.len(), 3);
        assert_eq!(rows[0].target[..2], whole[0].target[..2]);
        assert_eq!(rows[0].target.last(), whole[0].target.last());
        assert_eq!(rows[0].source.len(), 4);
        assert_eq!(rows[0].source[..3], whole[0].source[..3]);
        assert_eq!(rows[0].source.last(), whole[0].source.last());
    }
}
