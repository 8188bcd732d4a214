//! The values of `--set KEY=VALUE`.

use crate::{Error, Result};
use compt_base::data::truth;

/// Parses `key=value`. `a.b=1` sets the key `a.b`. The value is
///
/// - a string, if it is quoted: `"16"`
/// - a boolean: `true` or `false`, in any case
/// - a number, if it prints as it was typed (`16`, `-1`, `0.5`, `1.0`) or is in scientific
///   notation: `1e-3`, `2.5e-05`, and with one digit before the point also `3e8` and `1.5e+6`
/// - else a string: `t5-base`, and text that only resembles a number, such as `007`, the version `3.10` or the
///   hash `77950e8`
pub fn parse_arg(text: &str) -> Result<(String, serde_json::Value)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_string(), arg_value(value))),
        _ => Err(Error::new(format!("expected key=value, got '{text}'"))
            .hint("for example --set epochs=3")),
    }
}

fn arg_value(text: &str) -> serde_json::Value {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.into();
        }
    }
    if let Some(truth) = truth(text) {
        return truth.into();
    }
    if let Some(integer) = text.parse::<i64>().ok().filter(|n| n.to_string() == text) {
        return integer.into();
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_normal() && is_scientific(text) => x.into(),
        Ok(x) if x.is_finite() && format!("{x:?}") == text => x.into(),
        _ => text.into(),
    }
}

/// Whether a number is in scientific notation as people write it: 1e-3. A hash can be digits and an e.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_whole = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if !is_whole || !digits(decimals) || !digits(exponent_digits) {
        return false;
    }
    let is_normal = whole.len() == 1 && whole != "0";
    match exponent.as_bytes()[0] {
        b'-' => true,
        b'+' => is_normal,
        _ => is_normal && (exponent == "0" || !exponent.starts_with('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_numbers_truth_values_or_text() {
        let value = |text: &str| parse_arg(&format!("k={text}")).unwrap().1;
        for (text, number) in [("16", json!(16)), ("-1", json!(-1)), ("0", json!(0))] {
            assert_eq!(value(text), number);
        }
        for (text, number) in [
            ("0.5", 0.5),
            ("-0.25", -0.25),
            ("1.0", 1.0),
            ("1e-3", 1e-3),
            ("-1e-3", -1e-3),
            ("5E-5", 5e-5),
            ("2.5e-05", 2.5e-5),
            ("0.5e-3", 5e-4),
            ("12e-5", 12e-5),
            ("3e8", 3e8),
            ("1.5e+6", 1.5e6),
            ("1e+06", 1e6),
        ] {
            assert_eq!(value(text), json!(number), "{text}");
        }
        for (text, truth) in
            [("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false)]
        {
            assert_eq!(value(text), json!(truth), "{text}");
        }
    }

    #[test]
    fn what_does_not_print_back_as_it_was_typed_stays_text() {
        for text in [
            "t5-base",
            "nan",
            "inf",
            "-inf",
            "NaN",
            "",
            "a=b",
            "nil",
            "null",
            "None",
            "yes",
            // Values that only resemble numbers: names, versions, hashes.
            "007",
            "77950e8",
            "12e5",
            "0e46209",
            "1e05",
            "1e400",
            "1e999",
            "0x10",
            "1_000",
            "+5",
            ".5",
            "5.",
            "3.10",
            "0.10",
            "00.5",
            "007e-3",
            "1e",
            "e5",
            "1e-",
            "1e--3",
            "--1",
            "-",
            "9223372036854775808",
            "0.1234567890123456789",
            " 5",
            "１",
        ] {
            assert_eq!(parse_arg(&format!("x={text}")).unwrap().1, json!(text));
        }
    }

    #[test]
    fn quotes_make_text() {
        for (text, wanted) in
            [("\"3\"", "3"), ("'true'", "true"), ("\"\"", ""), ("\"a", "\"a"), ("'a\"", "'a\"")]
        {
            assert_eq!(parse_arg(&format!("x={text}")).unwrap().1, json!(wanted));
        }
    }

    #[test]
    fn a_value_needs_a_key() {
        assert_eq!(parse_arg("a.b=1").unwrap().0, "a.b");
        let text = parse_arg("shots").unwrap_err().to_string();
        assert!(text.starts_with("expected key=value, got 'shots'"), "{text}");
        assert!(parse_arg("=3").is_err());
    }
}
