//! Lua's tokens, for highlighting and completion. Any text can be tokenized; there are no errors.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Space,
    Comment,
    Keyword,
    Name,
    Number,
    /// With its quotes or brackets; the last one may be open.
    String,
    Symbol,
}

/// A piece of the text, from byte `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// Whether it is a string or comment that is open at the end of the text.
    pub open: bool,
}

impl Token {
    pub fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.start..self.end]
    }

    /// Whether it is code, not white space or a comment.
    pub fn is_code(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }
}

pub const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Splits the whole text into tokens, without gaps.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < source.len() {
        let (kind, length, open) = next(&source[start..]);
        tokens.push(Token { kind, start, end: start + length, open });
        start += length;
    }
    tokens
}

/// Whether the text ends in an open quoted string.
pub fn is_quote_open(source: &str) -> bool {
    let last = tokens(source).into_iter().next_back();
    let goes_on = source.ends_with('\\') || source.trim_end().ends_with("\\z");
    last.is_some_and(|t| {
        t.kind == Kind::String && t.open && t.text(source).starts_with(['"', '\'']) && !goes_on
    })
}

/// Whether the text ends in the name of a method, without its call.
pub fn ends_in_method(source: &str) -> bool {
    let code: Vec<_> = tokens(source).into_iter().filter(Token::is_code).collect();
    let [.., colon, name] = &code[..] else { return false };
    colon.text(source) == ":" && name.kind == Kind::Name
}

/// The kind of the first token, its length, and whether it is open at the end.
fn next(rest: &str) -> (Kind, usize, bool) {
    let first = rest.chars().next().expect("the text goes on");
    let run = |keep: fn(char) -> bool| rest.find(|c: char| !keep(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (Kind::Space, run(char::is_whitespace), false);
    }
    if let Some(comment) = rest.strip_prefix("--") {
        return match long(comment) {
            Some((length, open)) => (Kind::Comment, 2 + length, open),
            None => (Kind::Comment, rest.find('\n').unwrap_or(rest.len()), false),
        };
    }
    if let Some((length, open)) = long(rest) {
        return (Kind::String, length, open);
    }
    if first == '"' || first == '\'' {
        let (length, open) = quoted(rest, first);
        return (Kind::String, length, open);
    }
    if first.is_alphabetic() || first == '_' {
        let length = run(|c| c.is_alphanumeric() || c == '_');
        let kind = if KEYWORDS.contains(&&rest[..length]) { Kind::Keyword } else { Kind::Name };
        return (kind, length, false);
    }
    if first.is_ascii_digit() {
        return (Kind::Number, number(rest), false);
    }
    const LONG: [&str; 10] = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"];
    let symbol = LONG.iter().find(|symbol| rest.starts_with(**symbol));
    (Kind::Symbol, symbol.map_or(first.len_utf8(), |symbol| symbol.len()), false)
}

/// `[[ ... ]]`, `[==[ ... ]==]`
fn long(rest: &str) -> Option<(usize, bool)> {
    let level = rest.strip_prefix('[')?.find(|c| c != '=')?;
    let body = level + 2;
    if rest.as_bytes().get(body - 1) != Some(&b'[') {
        return None;
    }
    let close = format!("]{}]", "=".repeat(level));
    match rest[body..].find(&close) {
        Some(at) => Some((body + at + close.len(), false)),
        None => Some((rest.len(), true)),
    }
}

fn quoted(rest: &str, quote: char) -> (usize, bool) {
    let (mut escaped, mut skipping) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        // `\z` skips the white space that follows, including line ends.
        skipping = skipping && c.is_whitespace();
        match c {
            _ if skipping => {}
            _ if escaped => {
                escaped = false;
                skipping = c == 'z';
            }
            '\\' => escaped = true,
            '\n' => return (at, false),
            _ if c == quote => return (at + 1, false),
            _ => {}
        }
    }
    (rest.len(), true)
}

fn number(rest: &str) -> usize {
    let mut before = ' ';
    let goes_on = |before: char, c: char| {
        c.is_ascii_alphanumeric() || c == '.' || ("+-".contains(c) && "eEpP".contains(before))
    };
    for (at, c) in rest.char_indices() {
        if !goes_on(before, c) || rest[at..].starts_with("..") {
            return at;
        }
        before = c;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, &str)> {
        let tokens = tokens(source);
        tokens.iter().filter(|t| t.kind != Kind::Space).map(|t| (t.kind, t.text(source))).collect()
    }

    #[test]
    fn a_line_is_taken_apart() {
        assert_eq!(
            kinds("x = f('a\\'b', 1e-3..[[c]]) -- d"),
            [
                (Kind::Name, "x"),
                (Kind::Symbol, "="),
                (Kind::Name, "f"),
                (Kind::Symbol, "("),
                (Kind::String, "'a\\'b'"),
                (Kind::Symbol, ","),
                (Kind::Number, "1e-3"),
                (Kind::Symbol, ".."),
                (Kind::String, "[[c]]"),
                (Kind::Symbol, ")"),
                (Kind::Comment, "-- d"),
            ]
        );
    }

    #[test]
    fn what_is_open_says_so() {
        for (source, open) in [("'a", true), ("'a\n", false), ("[==[a]]", true), ("--[[a", true)] {
            let tokens = tokens(source);
            assert_eq!(tokens.iter().any(|t| t.open), open, "{source}");
        }
    }

    #[test]
    fn any_text_is_covered() {
        for source in ["é€😀", "\"é\\", "[=", "0x", "--", "-", "\u{0}", "[=[é"] {
            let tokens = tokens(source);
            let whole: String = tokens.iter().map(|t| t.text(source)).collect();
            assert_eq!(whole, source);
        }
    }
}
