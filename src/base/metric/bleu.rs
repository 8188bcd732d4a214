//! BLEU of a corpus (Papineni et al. 2002) as sacrebleu computes it by default: 13a tokens, case kept, up to
//! 4-grams, exponential smoothing, any number of references a row.

use super::squad::is_space;
use super::{Definition, Fits, Score};
use std::collections::HashMap;

const N: usize = 4;

pub(super) const METRIC: Definition = Definition {
    name: "bleu",
    fits: Fits::All,
    range: (0.0, 100.0),
    score: Score::Sums(counts, bleu),
};

/// Matches of a row's n-grams for n = 1 to 4, their numbers, its length, and that of the closest reference (the
/// shorter of two).
fn counts(prediction: &str, references: &[String]) -> Vec<f64> {
    let said = tokens(prediction);
    let wanted: Vec<Vec<String>> = references.iter().map(|text| tokens(text)).collect();
    let mut counts = vec![0.0; 2 * N + 2];
    for n in 1..=N {
        let mut most: HashMap<&[String], usize> = HashMap::new();
        for reference in &wanted {
            for (gram, count) in grams(reference, n) {
                let known = most.entry(gram).or_default();
                *known = count.max(*known);
            }
        }
        let found = grams(&said, n).into_iter();
        let matched = found.map(|(gram, count)| count.min(most.get(gram).copied().unwrap_or(0)));
        counts[n - 1] = matched.sum::<usize>() as f64;
        counts[N + n - 1] = (said.len() + 1).saturating_sub(n) as f64;
    }
    let closest = wanted.iter().map(Vec::len).min_by_key(|len| (len.abs_diff(said.len()), *len));
    counts[2 * N] = said.len() as f64;
    counts[2 * N + 1] = closest.unwrap_or(0) as f64;
    counts
}

fn grams(tokens: &[String], n: usize) -> HashMap<&[String], usize> {
    let mut counts = HashMap::new();
    tokens.windows(n).for_each(|gram| *counts.entry(gram).or_default() += 1);
    counts
}

/// The score of summed counts, as a fraction: `BLEU.compute_bleu` with `smooth_method="exp"`.
fn bleu(counts: &[f64]) -> f64 {
    let (matched, all) = (&counts[..N], &counts[N..2 * N]);
    let (said, wanted) = (counts[2 * N], counts[2 * N + 1]);
    if matched.iter().all(|count| *count == 0.0) || all[N - 1] == 0.0 {
        return 0.0;
    }
    let mut smooth = 1.0;
    let mut logs = 0.0;
    for (matched, all) in matched.iter().zip(all) {
        logs += match *matched == 0.0 {
            true => {
                smooth *= 2.0;
                (1.0 / (smooth * all)).ln()
            }
            false => (matched / all).ln(),
        };
    }
    let brevity = if said < wanted { (1.0 - wanted / said).exp() } else { 1.0 };
    brevity * (logs / N as f64).exp()
}

/// The tokens of `mteval-v13a.pl`, as in sacrebleu's `Tokenizer13a`.
fn tokens(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_space).replace("<skipped>", "").replace("-\n", "");
    let text = text.replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let mut spaced = String::from(" ");
    for c in text.chars() {
        match c {
            '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/' => {
                spaced.extend([' ', c, ' ']);
            }
            _ => spaced.push(c),
        }
    }
    spaced.push(' ');
    let spaced =
        pairs(&spaced, |a, b| !a.is_ascii_digit() && is_point(b), |a, b| format!("{a} {b} "));
    let spaced =
        pairs(&spaced, |a, b| is_point(a) && !b.is_ascii_digit(), |a, b| format!(" {a} {b}"));
    let spaced = pairs(&spaced, |a, b| a.is_ascii_digit() && b == '-', |a, b| format!("{a} {b} "));
    spaced.split(is_space).filter(|token| !token.is_empty()).map(String::from).collect()
}

fn is_point(c: char) -> bool {
    c == '.' || c == ','
}

/// Replaces pairs of characters from left to right, none of which is part of two pairs.
fn pairs(text: &str, is: fn(char, char) -> bool, by: fn(char, char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(&next) if is(c, next) => {
                rest.next();
                out.push_str(&by(c, next));
            }
            _ => out.push(c),
        }
    }
    out
}
