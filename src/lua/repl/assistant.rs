//! Assistance while an input is typed.

use super::complete::{self, Candidates};
use super::{Repl, is_incomplete};
use crate::doc::Docs;
use mlua::Lua;
use std::rc::Rc;

/// Reads a session without changing it.
pub struct Assistant {
    lua: Lua,
    docs: Rc<Docs>,
}

impl Assistant {
    pub fn new(repl: &Repl) -> Self {
        Assistant { lua: repl.lua().clone(), docs: repl.docs().clone() }
    }

    /// The completions at the end of `line`, the text before the cursor.
    pub fn complete(&self, line: &str) -> Candidates {
        complete::complete(&self.lua, &self.docs, line)
    }

    /// The remaining parameters of the call at the end of `line`.
    pub fn signature(&self, line: &str) -> Option<String> {
        complete::signature(&self.lua, &self.docs, line)
    }

    /// Whether a Lua input needs more lines.
    pub fn is_incomplete(&self, input: &str) -> bool {
        is_incomplete(&self.lua, input)
    }
}
