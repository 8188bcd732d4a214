//! A Lua error for display: location, message, hint and the frames of scripts, without the rest of
//! the traceback.

use super::{habits, sources};

pub use super::sources::Place;
use super::words::in_words;
use mlua::{Error, Lua};
use std::fmt;

/// One error, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The location in Lua: from the message, else the innermost frame of a script.
    pub place: Option<Place>,
    /// The source line, if it is known.
    pub source: Option<String>,
    /// The message, without its location.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
    /// The frames in scripts, innermost first, without those of the library.
    pub frames: Vec<Frame>,
}

/// One level of the call stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub place: Place,
    /// What was running: `main chunk`, `function 'f'`.
    pub role: String,
}

impl Failure {
    pub fn new(error: &Error) -> Self {
        let (cause, traceback) = root(error);
        let text = words(cause);
        let (text, own_traceback) = split_traceback(&text);
        let frames: Vec<Frame> = own_traceback
            .or(traceback)
            .map_or(Vec::new(), |t| t.lines().filter_map(frame).collect());
        let (text, hint) = match text.split_once("\n  help: ") {
            Some((text, hint)) => (text, Some(hint.to_string())),
            None => (text, None),
        };
        let said = place_and_message(text).filter(|(place, _)| {
            !place.in_library()
                && (matches!(cause, Error::SyntaxError { .. })
                    || frames.iter().any(|frame| frame.place.chunk == place.chunk))
        });
        let frames: Vec<Frame> = frames.into_iter().filter(|f| !f.place.in_library()).collect();
        let (place, message) = match said {
            Some((place, message)) => (Some(place), message.to_string()),
            None => (frames.first().map(|frame| frame.place.clone()), text.to_string()),
        };
        Failure { place, source: None, message, hint, frames }
    }
}

impl Failure {
    /// A failure with its source line, and a hint if the line is a habit from Python.
    pub fn in_state(lua: &Lua, error: &Error) -> Self {
        let mut failure = Failure::new(error);
        failure.source = failure.place.as_ref().and_then(|place| sources::line(lua, place));
        if failure.hint.is_none() {
            let line = failure.source.as_deref();
            failure.hint = line.and_then(|line| habits::of_line(&failure.message, line));
        }
        failure
    }
}

/// The message with its location, the source line, the hint, and the call stack.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message)?,
            None => f.write_str(&self.message)?,
        }
        if let (Some(place), Some(source)) = (&self.place, &self.source) {
            write!(f, "\n{:>6} | {}", place.line, source.trim_end())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        if self.frames.len() > 1 {
            f.write_str("\n  calls, the innermost first:")?;
            for frame in &self.frames {
                write!(f, "\n    {}: in {}", frame.place, frame.role)?;
            }
        }
        Ok(())
    }
}

/// Converts a Lua error to a compt error: `file:line: message`.
pub fn error_of(error: &Error) -> crate::Error {
    let failure = Failure::new(error);
    let error = crate::Error::new(failure.message);
    let error = match failure.place {
        Some(place) => error.at(place),
        None => error,
    };
    match failure.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Box<Failure> {
    fn from(error: Error) -> Self {
        Box::new(Failure::new(&error))
    }
}

/// The innermost cause, and the traceback of the place where it was raised.
fn root(error: &Error) -> (&Error, Option<&str>) {
    let (mut cause, mut innermost) = (error, None);
    loop {
        match cause {
            Error::CallbackError { traceback, cause: inner } => {
                innermost = Some(traceback.as_str());
                cause = inner;
            }
            Error::WithContext { cause: inner, .. } => cause = inner,
            _ => return (cause, innermost),
        }
    }
}

/// The message of an error, without mlua's prefix.
fn words(error: &Error) -> String {
    match error {
        // Only sandboxes have a limit.
        Error::MemoryError(_) => "it needs more memory than its limit".to_string(),
        Error::RuntimeError(text) | Error::SyntaxError { message: text, .. } => text.clone(),
        other => in_words(other).unwrap_or_else(|| other.to_string()),
    }
}

fn split_traceback(text: &str) -> (&str, Option<&str>) {
    match text.split_once("\nstack traceback:\n") {
        Some((message, traceback)) => (message, Some(traceback)),
        None => (text, None),
    }
}

/// `chunk:LINE: message`
fn place_and_message(text: &str) -> Option<(Place, &str)> {
    let first_line = text.lines().next()?;
    let (end, _) = first_line.match_indices(": ").find(|(end, _)| {
        text[..*end].rsplit_once(':').is_some_and(|(_, line)| line.parse::<usize>().is_ok())
    })?;
    Some((place(&text[..end])?, &text[end + 2..]))
}

/// `chunk:LINE`
fn place(text: &str) -> Option<Place> {
    let (chunk, line) = text.rsplit_once(':')?;
    Some(Place { chunk: chunk.to_string(), line: line.parse().ok()? })
}

/// `chunk:LINE: in function 'f'`
fn frame(line: &str) -> Option<Frame> {
    let (at, role) = line.trim().split_once(": in ")?;
    Some(Frame { place: place(at)?, role: role.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::Lua;

    fn failure(source: &str) -> Failure {
        let lua = Lua::new();
        let fail = lua.create_function(|_, ()| -> mlua::Result<()> {
            Err(crate::Error::new("no rows").at("a.jsonl").hint("add one").into())
        });
        lua.globals().set("fail", fail.unwrap()).unwrap();
        let take = lua.create_function(|_, _: (i64, i64)| Ok(()));
        lua.globals().set("take", take.unwrap()).unwrap();
        Failure::new(&lua.load(source).set_name("@study.lua").exec().unwrap_err())
    }

    #[test]
    fn a_lua_error_has_its_place_and_its_frames() {
        let f = failure("local function f(x)\n  local y = x.z.z\n  return y\nend\nlocal r = f {}");
        assert_eq!(f.place, Some(Place { chunk: "study.lua".into(), line: 2 }));
        assert_eq!(f.message, "attempt to index a nil value (field 'z')");
        assert_eq!(f.frames.iter().map(|f| f.place.line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(f.frames[1].role, "main chunk");
    }

    #[test]
    fn a_rust_error_is_placed_by_the_traceback() {
        let f = failure("\n\nfail()");
        assert_eq!(f.place, Some(Place { chunk: "study.lua".into(), line: 3 }));
        assert_eq!((f.message.as_str(), f.hint.as_deref()), ("a.jsonl: no rows", Some("add one")));
    }

    #[test]
    fn a_message_that_only_looks_placed_is_not_taken_apart() {
        let f = failure("error('rows.csv:7: bad row', 0)");
        assert_eq!(f.place, Some(Place { chunk: "study.lua".into(), line: 1 }));
        assert_eq!(f.message, "rows.csv:7: bad row");
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let f = failure("local x = 1\nlocal = 2");
        assert_eq!(f.place, Some(Place { chunk: "study.lua".into(), line: 2 }));
        assert_eq!(f.message, "<name> expected near '='");
    }

    #[test]
    fn a_wrong_argument_is_told_in_the_users_words() {
        let f = failure("take(1, 'x')");
        assert_eq!(f.message, "argument 2: expected a whole number, got a string");
    }

    #[test]
    fn an_error_thrown_on_keeps_its_words() {
        let f = failure("local ok, e = pcall(fail)\nerror(e)");
        assert_eq!(f.message, "a.jsonl: no rows");
        let f = failure("local ok, e = pcall(fail)\nerror('wrapped: ' .. tostring(e))");
        assert_eq!(f.message, "wrapped: a.jsonl: no rows");
    }
}
