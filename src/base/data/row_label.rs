//! Maps the label of a row to one of the task's words, in the same way for every file format.

use crate::names;
use crate::word::{normal, number, truth};
use crate::{Error, Result};
use serde_json::Value;

/// The type of the labels of rows, if specified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelIs {
    /// A label word, or its name in rows.
    Word,
    /// The index of a word, from 0.
    Index,
}

names!(LabelIs, "'label_is'", Word = "word", Index = "index");

/// Reads the labels of a task's rows.
pub struct RowLabels<'a> {
    words: &'a [String],
    names: &'a [String],
    is: Option<LabelIs>,
    /// The possible labels, the names before the words.
    said: Vec<Said>,
    /// Whether one of the names, or of the words, is the index of another one.
    conflicts: [bool; 2],
}

/// A name or a word in the form in which labels are compared.
struct Said {
    text: String,
    number: Option<f64>,
    place: usize,
}

impl<'a> RowLabels<'a> {
    /// `names` are the names of the words in rows, in their order, if they differ.
    pub fn new(words: &'a [String], names: &'a [String], is: Option<LabelIs>) -> Self {
        let said = |(place, word): (usize, &String)| Said {
            text: normal(word),
            number: number(word),
            place,
        };
        let conflicts = [names, words].map(|list| {
            let mut said = list.iter().enumerate().map(said);
            said.any(|said| {
                said.number.and_then(|x| place(x, words)).is_some_and(|p| p != said.place)
            })
        });
        let said = names.iter().enumerate().chain(words.iter().enumerate()).map(said).collect();
        RowLabels { words, names, is, said, conflicts }
    }

    /// The word of a label. A number, a boolean and their texts are equal labels,
    /// because a table's cells are all text. Errors: a label outside the words; the label is named.
    pub fn word(&self, label: &Value) -> Result<String> {
        let text = match label {
            Value::String(text) => normal(text),
            Value::Number(_) | Value::Bool(_) => label.to_string(),
            _ => return Err(self.outside(label)),
        };
        match self.meaning(&text) {
            Meaning::One(place) => Ok(self.words[place].clone()),
            Meaning::None => Err(self.outside(label)),
            Meaning::Either(word, index) => Err(self.two_meanings(label, word, index)),
        }
    }

    fn meaning(&self, text: &str) -> Meaning {
        let (word, index) = (self.by_word(text), self.by_index(text));
        let [names_conflict, words_conflict] = self.conflicts;
        let is_number = number(text).is_some();
        let one = match self.is {
            Some(LabelIs::Word) => word,
            Some(LabelIs::Index) => index,
            None if is_number && names_conflict => word,
            None if is_number && words_conflict && word != index => {
                return Meaning::Either(word, index);
            }
            None => match (word, self.by_meaning(text)) {
                (None, Some(meant)) if Some(meant) != index => {
                    return Meaning::Either(Some(meant), index);
                }
                _ => word.or(index),
            },
        };
        one.map_or(Meaning::None, Meaning::One)
    }

    fn by_word(&self, text: &str) -> Option<usize> {
        let find = |is: &dyn Fn(&Said) -> bool| self.said.iter().find(|said| is(said));
        let same = find(&|said| said.text == text);
        let alike = || {
            let wanted = truth(text)?;
            find(&|said| truth(&said.text) == Some(wanted))
        };
        let equal = || {
            let wanted = number(text)?;
            find(&|said| said.number == Some(wanted))
        };
        same.or_else(alike).or_else(equal).map(|said| said.place)
    }

    fn by_index(&self, text: &str) -> Option<usize> {
        let truth = truth(text).map(|truth| f64::from(u8::from(truth)));
        place(truth.or_else(|| number(text))?, self.words)
    }

    /// A boolean if the words are "yes" and "no".
    fn by_meaning(&self, text: &str) -> Option<usize> {
        let wanted = if truth(text)? { "yes" } else { "no" };
        self.words.iter().position(|word| normal(word).to_lowercase() == wanted)
    }

    fn outside(&self, label: &Value) -> Error {
        let error = Error::new(format!("label {label} is outside the label set"));
        let said = if self.names.is_empty() { self.words } else { self.names };
        let words = said.join(", ");
        error.hint(match self.is {
            Some(LabelIs::Word) => format!("one of: {words}"),
            Some(LabelIs::Index) => format!("0 to {}", self.words.len() - 1),
            None => format!(
                "0 to {}, or one of: {words}; if the rows use other names, set 'label_names'",
                self.words.len() - 1
            ),
        })
    }

    fn two_meanings(&self, label: &Value, word: Option<usize>, index: Option<usize>) -> Error {
        let named = |place: Option<usize>| match place {
            Some(place) => format!("'{}'", self.words[place]),
            None => "none".to_string(),
        };
        let (word, index) = (named(word), named(index));
        Error::new(format!(
            "label {label} could be a label word ({word}) or a class id ({index}) of the labels {}",
            self.words.join(", ")
        ))
        .hint("set in the task: label_is = \"word\" or label_is = \"index\"")
    }
}

/// The possible interpretations of a label: the index of a word.
enum Meaning {
    None,
    One(usize),
    /// Interpreted as a word, and as an index.
    Either(Option<usize>, Option<usize>),
}

/// A number as an index into the words.
fn place(number: f64, words: &[String]) -> Option<usize> {
    let is_place = number.fract() == 0.0 && number >= 0.0 && number < words.len() as f64;
    is_place.then_some(number as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.to_string()).collect()
    }

    fn read(of: &[&str], names: &[&str], is: Option<LabelIs>, label: Value) -> Result<String> {
        RowLabels::new(&words(of), &words(names), is).word(&label)
    }

    #[test]
    fn a_number_is_one_label_however_it_is_written() {
        let five = ["1", "2", "3", "4", "5"];
        for label in [json!(1), json!("1"), json!(1.0), json!("1.0"), json!(" 1 "), json!("１")] {
            let text = read(&five, &[], None, label.clone()).unwrap_err().to_string();
            assert!(text.contains("could be a label word ('1') or a class id ('2')"), "{text}");
            assert!(text.contains("label_is = \"word\" or label_is = \"index\""), "{text}");
            let word = |is| read(&five, &[], Some(is), label.clone()).unwrap();
            assert_eq!((word(LabelIs::Word), word(LabelIs::Index)), ("1".into(), "2".into()));
        }
        for label in [json!(5), json!("0")] {
            assert!(read(&five, &[], None, label).is_err());
        }
        let text = read(&five, &[], None, json!(-1)).unwrap_err().to_string();
        assert!(text.contains("label -1 is outside the label set"), "{text}");
    }

    #[test]
    fn where_words_and_places_agree_nothing_is_asked() {
        for label in [json!(1), json!("1"), json!("1.0"), json!(true), json!("True")] {
            assert_eq!(read(&["0", "1", "2"], &[], None, label).unwrap(), "1");
        }
        assert_eq!(read(&["10", "20"], &[], None, json!("20")).unwrap(), "20");
        assert_eq!(read(&["-1", "1"], &[], None, json!(-1)).unwrap(), "-1");
        assert!(read(&["-1", "0", "1"], &[], None, json!(0)).is_err());
    }

    #[test]
    fn truth_values_mean_the_words_that_say_so() {
        for order in [["false", "true"], ["true", "false"], ["True", "False"]] {
            for label in [json!(true), json!("True"), json!("TRUE"), json!("true")] {
                let word = read(&order, &[], None, label).unwrap();
                assert_eq!(word.to_lowercase(), "true", "{order:?}");
            }
        }
        assert_eq!(read(&["no", "yes"], &[], None, json!("True")).unwrap(), "yes");
        assert!(read(&["yes", "no"], &[], None, json!(true)).is_err());
        assert_eq!(read(&["bad", "good"], &[], None, json!("False")).unwrap(), "bad");
    }

    #[test]
    fn white_space_and_forms_of_characters_do_not_keep_a_label_from_its_word() {
        let odd = [" no", "yes "];
        assert_eq!(read(&odd, &[], None, json!("no")).unwrap(), " no");
        assert_eq!(read(&odd, &[], None, json!("\u{3000}ｙｅｓ")).unwrap(), "yes ");
        assert_eq!(read(&odd, &[], None, json!(1)).unwrap(), "yes ");
        assert!(read(&odd, &[], None, json!(null)).is_err());
    }

    #[test]
    fn names_of_rows_that_are_numbers_are_names() {
        for label in [json!(1), json!("1"), json!("1.0")] {
            assert_eq!(read(&["bad", "good"], &["1", "2"], None, label).unwrap(), "bad");
        }
        assert!(read(&["bad", "good"], &["1", "2"], None, json!(0)).is_err());
        let index = read(&["bad", "good"], &["1", "2"], Some(LabelIs::Index), json!(1)).unwrap();
        assert_eq!(index, "good");
        assert_eq!(read(&["bad", "good"], &["neg", "pos"], None, json!("good")).unwrap(), "good");
    }
}
