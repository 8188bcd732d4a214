//! The error type: what failed, where, and how to fix it.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// An error for the user.
///
/// Displayed as `place: what`, followed by the source line and `help: hint` on separate
/// lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    what: String,
    place: Option<String>,
    line: Option<String>,
    hint: Option<String>,
}

impl Error {
    pub fn new(what: impl Into<String>) -> Self {
        Error { what: what.into(), place: None, line: None, hint: None }
    }

    /// Prefixes the file, row or option; an outer place precedes an inner one.
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(match self.place {
            Some(inner) => format!("{place}: {inner}"),
            None => place.to_string(),
        });
        self
    }

    /// Adds the source line that the error refers to; the innermost line is kept.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.line.get_or_insert_with(|| line.into());
        self
    }

    /// Adds a hint; the innermost hint is kept.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// An error for an unknown name; the nearest known one is suggested.
    pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        let error = Error::new(format!("unknown {kind} '{name}'"));
        match nearest(name, &known) {
            Some(near) => error.hint(format!("did you mean '{near}'? Known: {}", known.join(", "))),
            None => error.hint(format!("known: {}", known.join(", "))),
        }
    }
}

/// The known name most similar to `name`, if one is similar enough.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| {
            let likeness = strsim::normalized_damerau_levenshtein;
            (likeness(&name.to_lowercase(), &k.to_lowercase()), likeness(name, k), *k)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .filter(|(score, ..)| *score >= 0.4)
        .map(|(.., k)| k)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)?;
        if let Some(line) = &self.line {
            write!(f, "\n{line}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

/// Any other error, by its message; that of libtorch without its C++ stack. For this, `Error` itself is no
/// `std::error::Error`.
impl<E: std::error::Error> From<E> for Error {
    fn from(e: E) -> Self {
        let text = e.to_string();
        let text = text.strip_prefix("Internal torch error: ").unwrap_or(&text);
        let stack = ["\nException raised from", "\nframe #0"];
        if text == "std::bad_alloc" {
            return Error::new("out of memory");
        }
        let end = stack.iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
        Error::new(text[..end].trim())
    }
}

impl From<Error> for Box<dyn std::error::Error + Send + Sync> {
    fn from(e: Error) -> Self {
        e.to_string().into()
    }
}

/// Adds a place to the error of a result.
pub trait Context<T> {
    fn at(self, place: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn at(self, place: impl fmt::Display) -> Result<T> {
        self.map_err(|e| e.into().at(place))
    }
}

#[cfg(feature = "mlua")]
impl From<Error> for mlua::Error {
    fn from(e: Error) -> Self {
        mlua::Error::external(e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_nest_from_the_outside_in() {
        let e = Error::new("no field 'label'").at("row 3").at("train.jsonl").hint("add it");
        assert_eq!(e.to_string(), "train.jsonl: row 3: no field 'label'\n  help: add it");
    }

    #[test]
    fn an_unknown_name_brings_the_nearest_known_one() {
        let e = Error::unknown("method", "sumn", ["ssum", "msum", "mcat"]);
        assert!(e.to_string().contains("did you mean 'ssum'?"), "{e}");
        let e = Error::unknown("method", "zzz", ["ssum", "msum"]);
        assert!(e.to_string().contains("known: msum, ssum"), "{e}");
    }
}
