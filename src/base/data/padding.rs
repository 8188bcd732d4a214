//! Spaces around punctuation, as in T5's inputs for question answering.

use crate::word::fold;

/// The text with spaces around every character that is not white space, a letter, a digit, an accent or `_`, and
/// with white space folded: `_pad_punctuation` of T5's preprocessors (Raffel et al. 2020), as ATTEMPT's code has it.
pub fn padded(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for c in text.chars() {
        match c == '_' || c.is_whitespace() || c.is_alphanumeric() || is_accent(c) {
            true => spaced.push(c),
            false => spaced.extend([' ', c, ' ']),
        }
    }
    fold(&spaced)
}

/// Combining marks of the scripts that are written with accents.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c) || ('\u{20d0}'..='\u{20ff}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn punctuation_stands_alone() {
        assert_eq!(padded("It's 10.5% (a_b)?"), "It ' s 10 . 5 % ( a_b ) ?");
        assert_eq!(padded("François  cafe\u{301}"), "François cafe\u{301}");
    }
}
