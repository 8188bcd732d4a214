//! Compiles an input of the prompt: an expression, statements, or a part of them.

use crate::lexer;
use mlua::{Error, Function, Lua};

/// Whether an input needs more lines, according to the compiler.
pub fn is_incomplete(lua: &Lua, source: &str) -> bool {
    matches!(compile(lua, source, "input"), Compiled::Incomplete(_))
}

/// A compiled input, or why it is none.
pub enum Compiled {
    Expression(Function),
    Statements(Function),
    /// More lines are needed; the error says what is missing.
    Incomplete(Error),
    Wrong(Error),
}

/// Compiles an expression if it is one, else statements.
pub fn compile(lua: &Lua, source: &str, name: &str) -> Compiled {
    let compile = |source: String| lua.load(source).set_name(format!("={name}")).into_function();
    let incomplete =
        |error: &Error| matches!(error, Error::SyntaxError { incomplete_input: true, .. });
    let expression = compile(format!("return {}", source.strip_prefix('=').unwrap_or(source)));
    match (expression, compile(source.to_string())) {
        (Ok(f), Err(_)) => Compiled::Expression(f),
        // A call is both and is compiled as an expression. White space and comments are neither.
        (Ok(f), Ok(nothing)) => match lexer::tokens(source).iter().any(|t| t.is_code()) {
            true => Compiled::Expression(f),
            false => Compiled::Statements(nothing),
        },
        (Err(_), Ok(f)) => Compiled::Statements(f),
        // A quoted string ends with its line: more lines cannot close it. `x:shape` is meant to be a field.
        (Err(e), Err(s))
            if (incomplete(&e) || incomplete(&s))
                && !lexer::is_quote_open(source)
                && !lexer::ends_in_method(source) =>
        {
            Compiled::Incomplete(s)
        }
        (Err(_), Err(error)) => Compiled::Wrong(error),
    }
}

/// As [`compile`], for a cell: if its last statement is an expression, the cell returns its values.
pub fn compile_cell(lua: &Lua, source: &str, name: &str) -> Compiled {
    let usual = compile(lua, source, name);
    if matches!(usual, Compiled::Expression(_)) {
        return usual;
    }
    let ending = split_last(lua, source).and_then(|(first, last)| {
        let chunk = lua.load(format!("{first}return {last}")).set_name(format!("={name}"));
        chunk.into_function().ok()
    });
    ending.map_or(usual, Compiled::Statements)
}

/// The statements of a cell, and the expression that follows them on lines of its own.
pub fn split_last<'s>(lua: &Lua, source: &'s str) -> Option<(&'s str, &'s str)> {
    let compiles = |source: &str| lua.load(source).into_function().is_ok();
    let source = source.trim_end();
    let is_chunk = compiles(source);
    let starts = source.match_indices('\n').map(|(at, _)| at + 1);
    let mut starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
    starts.reverse();
    let first_code = |text: &str| lexer::tokens(text).into_iter().find(|token| token.is_code());
    // The lines of a long string or comment are no code.
    let inner = lexer::tokens(source).into_iter().filter(|token| token.kind != lexer::Kind::Space);
    let inner: Vec<_> = inner.filter(|token| token.text(source).contains('\n')).collect();
    starts.retain(|at| !inner.iter().any(|token| token.start < *at && *at < token.end));
    starts.into_iter().find_map(|at| {
        let (first, last) = source.split_at(at);
        let token = first_code(last)?;
        // In a chunk, `(`, `-` or a string at the beginning of a line may go on with the statement before.
        let begins = !is_chunk || token.kind == lexer::Kind::Name;
        // Each alone: the last statement of a loop is followed by its `end`.
        let whole = begins && compiles(first) && compiles(&format!("return {last}"));
        (whole && compiles(&format!("{first}return {last}"))).then_some((first, last))
    })
}

#[cfg(test)]
mod tests {
    use super::split_last;
    use mlua::Lua;

    #[test]
    fn the_last_expression_of_a_cell_is_found() {
        let lua = Lua::new();
        let last = |source| split_last(&lua, source).map(|(_, last)| last);
        assert_eq!(last("local x = 1\nx"), Some("x"));
        assert_eq!(last("t:run()\nt:evaluate 'test'\n"), Some("t:evaluate 'test'"));
        assert_eq!(last("x = 1\nf(\n  1,\n  2)"), Some("f(\n  1,\n  2)"));
        assert_eq!(last("local t = {}\n#t"), Some("#t"));
        assert_eq!(last("x = a\n-b"), None);
        assert_eq!(last("x = f\n(g)"), None);
        assert_eq!(last("x = 1 +\n  y"), None);
        assert_eq!(last("for i = 1, 2 do\n  f(i)\nend"), None);
        assert_eq!(last("if a then\n  f()\nelse\n  g()\nend"), None);
        assert_eq!(last("function f()\n  g()\nend"), None);
        assert_eq!(last("local function f()\n  return\n  y\nend"), None);
        assert_eq!(last("return\n  y"), None);
        assert_eq!(last("x = 1\n-- a comment"), None);
        assert_eq!(last("f([[\nx\n]])"), Some("f([[\nx\n]])"));
        assert_eq!(last("x = [[\ny\n]]"), None);
        assert_eq!(last("x = 1 --[[\ny\n]]"), None);
        assert_eq!(last("x = 1\nx -- a comment"), Some("x -- a comment"));
    }
}
