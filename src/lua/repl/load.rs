//! `:load`: a script whose outermost locals become globals of the session.

use crate::lexer::{Kind, Token, tokens};
use std::collections::BTreeSet;

/// Removes `local` from the outermost statements of a script; line numbers stay the same. A name
/// that is predefined (`given`), such as `type`, stays local: the library itself uses it.
pub fn without_locals(source: &str, given: &BTreeSet<String>) -> String {
    let code: Vec<Token> = tokens(source).into_iter().filter(Token::is_code).collect();
    let mut out = String::new();
    let (mut copied, mut depth, mut brackets) = (0, 0i32, 0i32);
    for (i, token) in code.iter().enumerate() {
        match (token.kind, token.text(source)) {
            // `for ... do`, `while ... do`: only the `do` opens a block.
            (Kind::Keyword, "function" | "do" | "then" | "repeat") => depth += 1,
            (Kind::Keyword, "end" | "until" | "elseif") => depth -= 1,
            (Kind::Symbol, "(" | "{" | "[") => brackets += 1,
            (Kind::Symbol, ")" | "}" | "]") => brackets -= 1,
            (Kind::Keyword, "local") if depth == 0 && brackets == 0 => {
                let names = names(source, &code[i + 1..]);
                if names.list.iter().any(|name| given.contains(*name)) {
                    continue;
                }
                out.push_str(&source[copied..token.start]);
                let list = names.list.join(", ");
                copied = match names.kind {
                    Kinds::Function => token.end,
                    Kinds::Assigned => {
                        out.push_str(&list);
                        names.end
                    }
                    Kinds::Alone => {
                        out.push_str(&format!("{list} = nil"));
                        names.end
                    }
                };
            }
            _ => {}
        }
    }
    out.push_str(&source[copied..]);
    out
}

/// The names that a `local` declares, and where they end.
struct Names<'s> {
    kind: Kinds,
    list: Vec<&'s str>,
    end: usize,
}

enum Kinds {
    Function,
    /// `a, b = ...`
    Assigned,
    /// `a, b` without a value.
    Alone,
}

/// The names after `local`, without `<const>` and `<close>`.
fn names<'s>(source: &'s str, rest: &[Token]) -> Names<'s> {
    let text = |i: usize| rest.get(i).map_or("", |token| token.text(source));
    if text(0) == "function" {
        return Names { kind: Kinds::Function, list: vec![text(1)], end: 0 };
    }
    let (mut list, mut i, mut end) = (Vec::new(), 0, 0);
    while rest.get(i).is_some_and(|token| token.kind == Kind::Name) {
        list.push(text(i));
        end = rest[i].end;
        i += 1;
        if text(i) == "<" && text(i + 2) == ">" {
            end = rest[i + 2].end;
            i += 3;
        }
        if text(i) != "," {
            break;
        }
        i += 1;
    }
    let kind = if text(i) == "=" { Kinds::Assigned } else { Kinds::Alone };
    Names { kind, list, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outermost_locals_become_globals_and_inner_ones_stay() {
        let source = "local a, b <const> = 1, 2\nlocal function f(x)\n  local y = x\n  return y\nend\n\
                      for i = 1, 2 do local z = i end\nif a then local q elseif b then local r else local s end\n\
                      local c\nlocal type = 1\nlocal t = { function() local u end }";
        let wanted = "a, b = 1, 2\n function f(x)\n  local y = x\n  return y\nend\n\
                      for i = 1, 2 do local z = i end\nif a then local q elseif b then local r else local s end\n\
                      c = nil\nlocal type = 1\nt = { function() local u end }";
        let got = without_locals(source, &BTreeSet::from(["type".to_string()]));
        assert_eq!(got.replace("  ", " "), wanted.replace("  ", " "), "{got}");
    }
}
