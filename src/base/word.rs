//! Normalisation of label words for comparison, in rows, definitions and predictions.

use tokenizers::NormalizedString;

/// Invisible characters that tokenizers treat as white space.
const UNSEEN: [char; 9] = [
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}', '\u{2581}',
    '\u{fffd}',
];

/// A text in the form in which label words are compared, close to T5's tokenizer: characters in
/// compatibility form (NFKC: full-width letters, combining marks), white space normalised
/// as in [`fold`].
pub fn normal(text: &str) -> String {
    if text.is_ascii() {
        return fold(text);
    }
    let mut composed = NormalizedString::from(text);
    composed.nfkc();
    fold(&composed.get().replace(UNSEEN, " "))
}

/// Replaces runs of white space by one space, and removes it at the ends.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The finite number in a text; `None` for words like "nan".
pub fn number(text: &str) -> Option<f64> {
    let text = normal(text);
    let digits = text.trim_start_matches(['-', '+', '.']);
    let number = digits.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok());
    number.flatten().filter(|number: &f64| number.is_finite())
}

/// The boolean of "true" or "false", in any case: pandas writes "True".
pub fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_forms_of_characters_do_not_count() {
        for text in [" no", "no\t", "\u{a0}no\u{3000}", "\u{feff}no", "ｎｏ", "no\u{200b}"] {
            assert_eq!(normal(text), "no", "{text:?}");
        }
        assert_eq!(normal("not \t same\n"), "not same");
        assert_eq!(normal("e\u{301}te\u{301}"), normal("été"));
        assert_ne!(normal("No"), normal("no"));
    }

    #[test]
    fn numbers_are_finite_and_written_in_digits() {
        for (text, wanted) in [("3", 3.0), (" 1.0 ", 1.0), ("-1", -1.0), ("２", 2.0), (".5", 0.5)]
        {
            assert_eq!(number(text), Some(wanted), "{text}");
        }
        for text in ["", "nan", "inf", "1e400", "1 2", "one", "-"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
