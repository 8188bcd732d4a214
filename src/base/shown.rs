//! Text for a terminal: control characters as escapes, and messages of a limited length.

use std::borrow::Cow;
use std::fmt::Write;

/// The most characters of a line of a message, and the most lines.
const LINE: usize = 1000;
const LINES: usize = 100;

/// Whether a character controls a terminal, or the order in which text is shown: C0, DEL, C1, and the
/// marks, embeddings, overrides and isolates of bidirectional text (Unicode Standard Annex 9).
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with its control characters as escapes (`\u{1b}`), except line breaks and tabs. `\r\n` is a line
/// break.
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    };
    match text.contains(|c| is_control(c) && !matches!(c, '\n' | '\t')) {
        true => Cow::Owned(escaped(&text, &['\n', '\t'])),
        false => text,
    }
}

/// As [`plain`], but for sequences that select a colour (SGR, ECMA-48).
pub fn coloured(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split("\u{1b}[").enumerate() {
        let colour = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        match (i, part[colour..].starts_with('m')) {
            (0, _) => {}
            (_, true) => out.push_str("\u{1b}["),
            (_, false) => out.push_str("\\u{1b}["),
        }
        out.push_str(&plain(part));
    }
    out
}

/// The text in one line: line breaks and tabs are escaped, too.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(is_control) {
        true => Cow::Owned(escaped(text, &[])),
        false => Cow::Borrowed(text),
    }
}

fn escaped(text: &str, but: &[char]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_control(c) && !but.contains(&c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

/// A message: [`plain`], long lines and many lines cut, with the length of the whole.
pub fn message(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    let is_short = |text: &str| text.len() <= LINE || text.lines().all(|line| line.len() <= LINE);
    if is_short(&text) && text.lines().count() <= LINES {
        return text;
    }
    let count = text.lines().count();
    let mut out = String::new();
    for (i, line) in text.lines().take(LINES).enumerate() {
        out.push_str(if i > 0 { "\n" } else { "" });
        out.push_str(&short(line, LINE));
    }
    if count > LINES {
        let _ = write!(out, "\n... ({count} lines)");
    }
    Cow::Owned(out)
}

/// At most `most` characters of a text, with the number of all if it is longer.
pub fn short(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => {
            Cow::Owned(format!("{} ... ({} characters)", &text[..end], text.chars().count()))
        }
        None => Cow::Borrowed(text),
    }
}

/// JSON with the control characters that JSON allows in strings as `\u` escapes: the same value for every
/// reader. `json` is a JSON text.
pub fn json(json: &str) -> Cow<'_, str> {
    let is_raw = |c: char| is_control(c) && c != '\n';
    if !json.contains(is_raw) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match is_raw(c) {
            true => drop(write!(out, "\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left() {
        let all: String = ('\0'..'\u{3000}').collect();
        assert!(!plain(&all).contains(|c| is_control(c) && !"\n\t".contains(c)));
        assert!(!one_line(&all).contains(is_control));
        assert_eq!(
            plain("\u{1b}]0;x\u{7}\r\n\ta\rb\u{9b}2J"),
            "\\u{1b}]0;x\\u{7}\n\ta\\rb\\u{9b}2J"
        );
        assert_eq!(one_line("a\tb\n\u{202e}c"), "a\\tb\\n\\u{202e}c");
        let coloured = coloured("\u{1b}[48;5;9mx\u{1b}[0m\u{1b}[2J\u{1b}]0;a\u{7}");
        assert_eq!(coloured, "\u{1b}[48;5;9mx\u{1b}[0m\\u{1b}[2J\\u{1b}]0;a\\u{7}");
        assert!(matches!(plain("naïve 日本 \u{1f469}\u{200d}\u{1f52c}"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_messages_are_cut_and_their_length_is_said() {
        let line = "é".repeat(LINE + 1);
        let shown = message(&line);
        assert!(shown.ends_with("é ... (1001 characters)"), "{shown}");
        let shown = message(&line[..2 * LINE]).into_owned();
        assert_eq!(shown, line[..2 * LINE]);
        let many = message(&"x\n".repeat(5000)).into_owned();
        assert!(many.ends_with("\nx\n... (5000 lines)") && many.lines().count() == LINES + 1);
        assert_eq!(message("a\nb"), "a\nb");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}\u{7f}\u{202e}\n\té" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&text);
        assert!(!shown.contains(|c| is_control(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
