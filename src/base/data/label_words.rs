//! The label words of a task as tokens.

use super::Tokenizer;
use crate::word::normal;
use crate::{Error, Result};
use std::collections::HashMap;

/// The label words of a task: their tokens, and the lookup of decoded texts.
pub struct LabelWords {
    /// The tokens of each word, including `</s>`.
    pub ids: Vec<Vec<i64>>,
    /// The same without the tokens that decoding skips.
    spoken: Vec<Vec<i64>>,
    /// The decoded and the normalised form of each word -> its index.
    read: HashMap<String, usize>,
    /// Words with a part that is unknown to the tokenizer.
    pub partly_unknown: Vec<usize>,
}

impl LabelWords {
    /// Words that the tokenizer cannot distinguish, or of which it knows no part, are an error.
    pub fn of(tokenizer: &Tokenizer, words: &[String]) -> Result<Self> {
        let ids = tokenizer.encode_batch(words)?;
        let texts = ids.iter().map(|ids| Ok(normal(&tokenizer.decode(ids)?)));
        let texts = texts.collect::<Result<Vec<String>>>()?;
        let mut read = HashMap::new();
        for place in 0..words.len() {
            for earlier in 0..place {
                apart(words, &ids, &texts, (earlier, place))?;
            }
            read.insert(texts[place].clone(), place);
        }
        if let Some(place) = texts.iter().position(String::is_empty) {
            return Err(Error::new(format!(
                "the tokenizer cannot represent the label word '{}': its tokens are {}",
                words[place],
                listed(&ids[place])
            ))
            .hint("choose a word that the backbone's tokenizer knows"));
        }
        for (place, word) in words.iter().enumerate() {
            read.entry(normal(word)).or_insert(place);
        }
        let spoken = |ids: &Vec<i64>| -> Vec<i64> {
            ids.iter().copied().filter(|&id| !tokenizer.is_silent(id)).collect()
        };
        let unknown = tokenizer.id_of("<unk>");
        let is_partly = |place: &usize| ids[*place].iter().any(|id| Some(*id) == unknown);
        Ok(LabelWords {
            spoken: ids.iter().map(spoken).collect(),
            partly_unknown: (0..words.len()).filter(is_partly).collect(),
            read,
            ids,
        })
    }

    /// The index of the word that equals a decoded text, if any.
    pub fn place(&self, text: &str) -> Option<usize> {
        self.read.get(&normal(text)).copied()
    }

    /// Whether a word begins with these tokens, which contain none that decoding skips.
    pub fn may_follow(&self, spoken: &[i64]) -> bool {
        self.spoken.iter().any(|answer| answer.starts_with(spoken))
    }
}

/// An error if two words have the same tokens, or decode to the same text.
fn apart(
    words: &[String],
    ids: &[Vec<i64>],
    texts: &[String],
    (a, b): (usize, usize),
) -> Result<()> {
    let what = if ids[a] == ids[b] {
        format!("have the same tokens: {}", listed(&ids[a]))
    } else if texts[a] == texts[b] {
        let (first, second) = (listed(&ids[a]), listed(&ids[b]));
        format!("are decoded to the same text: {first} and {second} are both '{}'", texts[a])
    } else {
        return Ok(());
    };
    Err(Error::new(format!("the label words '{}' and '{}' {what}", words[a], words[b]))
        .hint("choose words with different tokens"))
}

fn listed(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn tokenizer() -> Tokenizer {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib/micro/backbone");
        Tokenizer::load(&folder).unwrap()
    }

    fn answers(words: &[&str]) -> Result<LabelWords> {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        LabelWords::of(&tokenizer(), &words)
    }

    #[test]
    fn words_that_the_tokenizer_cannot_tell_apart_are_refused_with_their_tokens() {
        let refused = |words: &[&str]| answers(words).err().unwrap().to_string();
        let text = refused(&["👍", "👎"]);
        assert!(text.contains("the label words '👍' and '👎' have the same tokens"), "{text}");
        assert!(text.contains("the same tokens: 344 2 1"), "{text}");
        assert!(
            refused(&["yes", "\u{a0}yes"]).contains("'yes' and '\u{a0}yes' have the same tokens")
        );
        let text = refused(&["yes", "no", "yes 👍"]);
        assert!(text.contains("'yes' and 'yes 👍' are decoded to the same text"), "{text}");
        let text = refused(&["yes", "日本"]);
        assert!(text.contains("cannot represent the label word '日本'"), "{text}");
    }

    #[test]
    fn a_decoded_text_is_the_word_that_is_decoded_so() {
        let answers = answers(&[" yes", "not  same", "naïve", "yes no"]).unwrap();
        for (text, place) in [("yes", 0), (" yes ", 0), ("not same", 1), ("nave", 2), ("yes no", 3)]
        {
            assert_eq!(answers.place(text), Some(place), "{text}");
        }
        assert_eq!((answers.place("no"), answers.place("")), (None, None));
        assert_eq!(answers.partly_unknown, [2]);
        // Its tokens that decoding does not skip.
        let (tokenizer, mut spoken) = (tokenizer(), tokenizer().encode("naïve").unwrap());
        assert!(spoken.contains(&tokenizer.id_of("<unk>").unwrap()));
        spoken.retain(|&id| !tokenizer.is_silent(id));
        assert!(answers.may_follow(&spoken) && answers.may_follow(&spoken[..2]));
        assert!(!answers.may_follow(&[spoken[1]]));
    }
}
