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
