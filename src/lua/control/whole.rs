//! Detects truncated source files: an editor that saves in place empties a file first, and it
//! may be read half written.

/// The signs found while files were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signs {
    /// A file is empty.
    pub is_blank: bool,
    /// A file is missing, ends too early, or returns nothing.
    pub is_doubtful: bool,
}

impl Signs {
    /// Whether to wait for a complete version.
    pub fn seem_unfinished(self, works: bool) -> bool {
        self.is_blank || self.is_doubtful && !works
    }
}

/// Whether a text is empty: white space, or the zeros of a file whose content is not written yet.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\0' || c == '\u{feff}')
}

/// Whether code does not compile because it ends too early.
pub fn ends_early(text: &str, error: &mlua::Error) -> bool {
    match error {
        mlua::Error::SyntaxError { incomplete_input: true, .. } => true,
        // Truncated inside a number or an escape: the invalid token is the end of the text.
        mlua::Error::SyntaxError { message, .. } => {
            let token = message.rsplit_once("near '").and_then(|(_, rest)| rest.strip_suffix('\''));
            token.is_some_and(|token| {
                // Earlier escapes are shown as the characters they represent.
                let end = token.rfind('\\').map_or(token, |at| &token[at..]);
                !end.is_empty() && text.ends_with(end)
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_ends_too_early_is_told_from_text_that_is_wrong() {
        let lua = mlua::Lua::new();
        let early = |text: &str| {
            lua.load(text).into_function().err().is_some_and(|error| ends_early(text, &error))
        };
        let whole = "return { clip = 1e-3, normalise = \"soft\\x6d\\u{61}x\" } -- done";
        let cuts = (1..whole.len()).filter(|end| lua.load(&whole[..*end]).into_function().is_err());
        cuts.for_each(|end| assert!(early(&whole[..end]), "{}", &whole[..end]));
        for wrong in ["return { clip = = 1 }", "return } ", "x = 1e ", "retrun { clip = 1 } = x\n"]
        {
            assert!(!early(wrong), "{wrong}");
        }
        assert!(is_blank("\u{feff}\n\t \0\0") && !is_blank("--"));
    }
}
