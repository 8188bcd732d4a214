//! ROUGE (Lin 2004) as google-research's rouge_score computes it: F1 of n-grams or of the longest common
//! subsequence, the best of the references, the mean of the rows. T5 and its evaluation (and ATTEMPT's, which
//! takes T5's) use it without a stemmer; transformers' summarisation examples with one.

use super::porter::stem;
use super::{Definition, Fits, Score, common, harmonic};

const fn metric(name: &'static str, row: fn(&str, &str) -> f64) -> Definition {
    Definition { name, fits: Fits::All, range: (0.0, 100.0), score: Score::Rows(row) }
}

pub(super) const ROUGE_1: Definition = metric("rouge1", |p, r| grams(p, r, 1, false));
pub(super) const ROUGE_2: Definition = metric("rouge2", |p, r| grams(p, r, 2, false));
pub(super) const ROUGE_L: Definition = metric("rougeL", |p, r| subsequence(p, r, false));
pub(super) const STEMMED_1: Definition = metric("rouge1_stemmed", |p, r| grams(p, r, 1, true));
pub(super) const STEMMED_2: Definition = metric("rouge2_stemmed", |p, r| grams(p, r, 2, true));
pub(super) const STEMMED_L: Definition = metric("rougeL_stemmed", |p, r| subsequence(p, r, true));

/// The words of a text: in lower case, of ASCII letters and digits, longer than 3 as their stems if `stemmed`.
fn words(text: &str, stemmed: bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| match stemmed && word.len() > 3 {
            true => stem(word),
            false => word.to_string(),
        })
        .collect()
}

/// F1 of the n-grams of two texts.
fn grams(prediction: &str, reference: &str, n: usize, stemmed: bool) -> f64 {
    let (said, wanted) = (words(prediction, stemmed), words(reference, stemmed));
    let said: Vec<&[String]> = said.windows(n).collect();
    let wanted: Vec<&[String]> = wanted.windows(n).collect();
    harmonic(common(&said, &wanted), said.len(), wanted.len())
}

/// F1 of the longest common subsequence of words.
fn subsequence(prediction: &str, reference: &str, stemmed: bool) -> f64 {
    let (said, wanted) = (words(prediction, stemmed), words(reference, stemmed));
    let mut longest = vec![0; wanted.len() + 1];
    for word in &said {
        let mut before = 0;
        for (i, other) in wanted.iter().enumerate() {
            let above = longest[i + 1];
            longest[i + 1] = if word == other { before + 1 } else { above.max(longest[i]) };
            before = above;
        }
    }
    harmonic(longest[wanted.len()], said.len(), wanted.len())
}
