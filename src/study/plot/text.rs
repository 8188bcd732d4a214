//! The width of text, and truncation and wrapping to a width.

/// The space for a text at a font size, in any of the fonts in which a figure may be shown.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The width of a character relative to the font size in DejaVu Sans, the widest of the fonts.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '\'' => 0.29,
        ' ' | '.' | ',' | ':' | ';' | '|' | '/' => 0.33,
        '(' | ')' | '[' | ']' | 'f' | 't' | 'r' | '-' | '!' | '"' => 0.4,
        's' | 'c' | 'z' | '_' | '–' => 0.54,
        'm' | 'M' | 'w' | 'W' | '%' | '@' | '…' | '—' => 0.96,
        '=' | '+' | '<' | '>' | '±' | '×' | '~' => 0.84,
        'A'..='Z' => 0.72,
        c if c.is_ascii() => 0.63,
        // Wide scripts.
        '\u{1100}'.. => 1.0,
        _ => 0.7,
    }
}

/// Truncates the text to a width.
pub fn fitted(text: &str, size: f64, most: f64) -> String {
    // The sum of widths has an error of rounding.
    if width(text, size) <= most + 1e-6 {
        return text.to_string();
    }
    let mut cut = String::new();
    let mut room = most - width("…", size);
    for c in text.chars() {
        room -= advance(c) * size;
        if room < 0.0 {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Wraps the text to a width, between words, and within words that are too long.
pub fn wrapped(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one");
        let space = if last.is_empty() { "" } else { " " };
        if width(&format!("{last}{space}{word}"), size) <= most {
            last.push_str(space);
            last.push_str(word);
            continue;
        }
        if !last.is_empty() {
            lines.push(String::new());
        }
        for c in word.chars() {
            let last = lines.last_mut().expect("there is one");
            match last.is_empty() || width(&format!("{last}{c}"), size) <= most {
                true => last.push(c),
                false => lines.push(c.to_string()),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_it_does_not_fit() {
        assert_eq!(fitted("router", 10.0, 100.0), "router");
        let cut = fitted("acceptability of sentences", 10.0, 60.0);
        assert!(cut.ends_with('…') && width(&cut, 10.0) <= 60.0, "{cut}");
        assert_eq!(fitted("abc", 10.0, 0.0), "…");
    }

    #[test]
    fn lines_fit_and_hold_every_word() {
        let text = "one two three four five six seven eight averyverylongwordthatfitsnowhere end";
        let lines = wrapped(text, 10.0, 80.0);
        assert!(lines.iter().all(|line| width(line, 10.0) <= 80.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert_eq!(wrapped("", 10.0, 80.0), [""]);
        assert_eq!(wrapped("abc", 10.0, 0.0), ["a", "b", "c"]);
    }
}
