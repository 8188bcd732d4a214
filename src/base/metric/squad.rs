//! The normalisation of answers in SQuAD v1.1's evaluate script (Rajpurkar et al. 2016).

/// In lower case, without ASCII punctuation, then without the words a, an and the, with white space folded.
pub(super) fn answer(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain: String = lower.chars().filter(|c| !c.is_ascii_punctuation()).collect();
    let mut kept = String::with_capacity(plain.len());
    for word in words(&plain) {
        kept.push_str(if matches!(word, "a" | "an" | "the") { " " } else { word });
    }
    kept.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// White space of Python's `str.split`.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The text as runs of characters of words, and of others (the boundaries `\b` of a regular expression).
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != kind).unwrap_or(rest.len());
        let (run, later) = rest.split_at(end);
        rest = later;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn articles_are_words_and_punctuation_is_not_a_boundary() {
        assert_eq!(answer("The  Theatre, a.n. An\tapple"), "theatre apple");
        assert_eq!(answer("a—the—an"), "— —");
        assert_eq!(answer("it's A's"), "its as");
        assert_eq!(answer("?!"), "");
    }
}
