//! Labels by the class names that a file gives their numbers.

use super::{Labels, normal};
use crate::{Error, Result};
use serde_json::Value;

/// The meaning of each number of a label column.
pub struct ClassNames {
    names: Vec<String>,
    /// For each name, its target text or number.
    labels: Vec<Value>,
}

impl ClassNames {
    /// `names` are the file's, in the order of their numbers; each list of `known` has the task's names
    /// of its words, in their order. Names that do not all occur in one of these lists or among the
    /// label words are an error that lists all of them.
    pub fn new(names: Vec<String>, labels: &Labels, known: &[&[String]]) -> Result<Self> {
        let found: Option<Vec<Value>> = match labels {
            Labels::Words(words) => {
                let mut lists = known.iter().copied().chain([words.as_slice()]);
                lists.find_map(|list| places(&names, list)).map(|places| {
                    places.into_iter().map(|place| words[place].clone().into()).collect()
                })
            }
            Labels::Numbers { .. } => {
                names.iter().map(|name| name.trim().parse::<f64>().ok().map(Value::from)).collect()
            }
            Labels::Text(_) => Some(names.iter().map(|name| name.as_str().into()).collect()),
        };
        let unfit = || Self::unfit(&names, labels, known);
        Ok(ClassNames { labels: found.ok_or_else(unfit)?, names })
    }

    fn unfit(names: &[String], labels: &Labels, known: &[&[String]]) -> Error {
        let there = format!("the labels of the file are {}", listed(names));
        let Labels::Words(words) = labels else {
            return Error::new(format!("{there}, which are not numbers"))
                .hint("set 'labels' to the words that the model should generate");
        };
        let mut wanted = listed(words);
        for list in known.iter().filter(|list| !list.is_empty()) {
            wanted += &format!(" (or {})", listed(list));
        }
        Error::new(format!("{there}; the task's are {wanted}")).hint(
            "set 'class_names' to the names of 'labels' in the file, in the order of 'labels'",
        )
    }

    /// The label of a number; `None` if it is not a number and thus not a class of the file. Errors: a
    /// number outside of the classes.
    pub fn label(&self, value: &Value) -> Result<Option<&Value>> {
        let Some(number) = value.as_i64() else { return Ok(None) };
        let label = usize::try_from(number).ok().and_then(|place| self.labels.get(place));
        label.map(Some).ok_or_else(|| {
            Error::new(format!(
                "label {number} is not one of the {} classes of the file",
                self.names.len()
            ))
            .hint(format!(
                "0 to {}: {}",
                self.names.len().saturating_sub(1),
                listed(&self.names)
            ))
        })
    }
}

/// The indices of the names in a list, if all occur in it once.
fn places(names: &[String], list: &[String]) -> Option<Vec<usize>> {
    let place = |name: &String| list.iter().position(|known| normal(known) == normal(name));
    let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
    let twice = (1..places.len()).any(|i| places[..i].contains(&places[i]));
    (!twice).then_some(places)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn numbers_mean_what_the_file_calls_them() {
        let labels = Labels::Words(list(&["negative", "positive"]));
        let other = list(&["neg", "pos"]);
        let names = |names: &[&str]| ClassNames::new(list(names), &labels, &[&other]);
        let found = names(&["positive", "negative"]).unwrap();
        assert_eq!(found.label(&0.into()).unwrap(), Some(&"positive".into()));
        let found = names(&["pos", "neg"]).unwrap();
        assert_eq!(found.label(&1.into()).unwrap(), Some(&"negative".into()));
        assert_eq!(found.label(&"neg".into()).unwrap(), None);
        let text = found.label(&2.into()).unwrap_err().to_string();
        assert!(text.contains("label 2 is not one of the 2 classes of the file"), "{text}");
        assert!(text.contains("0 to 1: 'pos', 'neg'"), "{text}");
        // The task's names of its words take precedence over the words.
        let labels = Labels::Words(list(&["b", "a"]));
        let other = list(&["a", "b"]);
        let found = ClassNames::new(list(&["a", "b"]), &labels, &[&[], &other]).unwrap();
        assert_eq!(found.label(&0.into()).unwrap(), Some(&"b".into()));
    }

    #[test]
    fn names_that_do_not_fit_are_refused_with_both_lists() {
        let labels = Labels::Words(list(&["negative", "positive"]));
        let refused = |names: &[&str], known: &[&[String]]| {
            ClassNames::new(list(names), &labels, known).err().unwrap().to_string()
        };
        let text = refused(&["0", "1"], &[]);
        let expected = "the labels of the file are '0', '1'; the task's are 'negative', 'positive'";
        assert!(text.contains(expected) && text.contains("class_names"), "{text}");
        let text = refused(&["neg", "mixed"], &[&list(&["neg", "pos"])]);
        assert!(text.contains("'neg', 'mixed'") && text.contains("(or 'neg', 'pos')"), "{text}");
        assert!(refused(&["neg", "negative"], &[&list(&["neg", "pos"])]).contains("'neg', 'neg"));

        let numbers = Labels::Numbers { step: 1.0, range: (1.0, 5.0) };
        let stars = ClassNames::new(list(&["5", "1"]), &numbers, &[]).unwrap();
        assert_eq!(stars.label(&0.into()).unwrap(), Some(&5.0.into()));
        let text = ClassNames::new(list(&["1 star"]), &numbers, &[]).err().unwrap().to_string();
        assert!(text.contains("'1 star', which are not numbers"), "{text}");
    }
}
