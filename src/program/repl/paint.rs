//! Highlights Lua code, with the bracket at the cursor and its partner in bold.

use compt_lua::lexer::{Kind, Token, tokens};
use std::io::{IsTerminal, stderr, stdout};

const RESET: &str = "\x1b[0m";

/// Whether to use colours (<https://no-color.org>).
pub fn colours() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !set("NO_COLOR") && !dumb && stdout().is_terminal() && stderr().is_terminal()
}

/// The line in colour; `cursor` is `None` when it is no longer edited.
pub fn lua(line: &str, cursor: Option<usize>) -> String {
    let tokens = tokens(line);
    let pair = cursor.and_then(|cursor| brackets(line, &tokens, cursor));
    let mut out = String::with_capacity(2 * line.len());
    for (i, token) in tokens.iter().enumerate() {
        let colour = match token.kind {
            _ if pair.is_some_and(|(a, b)| i == a || i == b) => "\x1b[1;4m",
            Kind::Comment => "\x1b[90m",
            Kind::Keyword => "\x1b[35m",
            Kind::Number => "\x1b[36m",
            Kind::String => "\x1b[32m",
            Kind::Space | Kind::Name | Kind::Symbol => "",
        };
        out.push_str(colour);
        out.push_str(token.text(line));
        out.push_str(if colour.is_empty() { "" } else { RESET });
    }
    out
}

/// Faint, for hints.
pub fn faint(text: &str) -> String {
    format!("\x1b[90m{text}{RESET}")
}

/// The bracket at or before the cursor and its partner, by their token indices.
fn brackets(line: &str, tokens: &[Token], cursor: usize) -> Option<(usize, usize)> {
    let text = |i: usize| tokens[i].text(line);
    let is_bracket = |i: &usize| tokens[*i].kind == Kind::Symbol && "()[]{}".contains(text(*i));
    let at = |place: usize| tokens.iter().position(|token| token.start == place).filter(is_bracket);
    let here = at(cursor).or_else(|| at(cursor.checked_sub(1)?))?;
    let forward = "([{".contains(text(here));
    let mut depth = 0;
    let mut walk: Vec<usize> =
        if forward { (here..tokens.len()).collect() } else { (0..=here).collect() };
    if !forward {
        walk.reverse();
    }
    for i in walk.into_iter().filter(is_bracket) {
        depth += if "([{".contains(text(i)) == forward { 1 } else { -1 };
        if depth == 0 {
            return matches!(
                (text(here.min(i)), text(here.max(i))),
                ("(", ")") | ("[", "]") | ("{", "}")
            )
            .then_some((here, i));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partner_of_a_bracket_is_found_and_those_in_strings_are_not() {
        let line = "f(')', { 1 })";
        let pair = |cursor| {
            let tokens = tokens(line);
            brackets(line, &tokens, cursor).map(|(a, b)| (tokens[a].start, tokens[b].start))
        };
        assert_eq!(pair(1), Some((1, 12)));
        assert_eq!(pair(13), Some((12, 1)));
        assert_eq!(pair(3), None);
        assert_eq!(pair(7), Some((7, 11)));
        assert_eq!(brackets("(]", &tokens("(]"), 0), None);
    }

    #[test]
    fn colours_change_no_letter() {
        let line = "local x = f(1, 'a') -- b";
        let painted = lua(line, Some(11));
        let mut plain = painted.clone();
        while let Some(at) = plain.find('\x1b') {
            let end = at + plain[at..].find('m').unwrap();
            plain.replace_range(at..=end, "");
        }
        assert!(plain == line && painted.contains("\x1b[35mlocal"), "{painted:?}");
    }
}
