//! Formatting of numbers.

/// A number with at most 4 digits; integers up to a million with all digits.
pub fn short(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e6 {
        return plain(x);
    }
    plain(format!("{x:.3e}").parse().unwrap_or(x))
}

/// A number with all digits; with a power of ten if it is very large or small.
pub fn plain(x: f64) -> String {
    let size = x.abs();
    match size == 0.0 || (1e-4..1e6).contains(&size) {
        // -0 is 0.
        true => (x + 0.0).to_string(),
        false => format!("{x:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_right() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 480.0, "0.002083"),
            (1.0 / 48_000.0, "2.083e-5"),
            (123_456.0, "123456"),
            (123_456.7, "123500"),
            (2e6, "2e6"),
            (-1.5, "-1.5"),
        ];
        for (x, text) in cases {
            assert_eq!(short(x), text);
        }
    }
}
