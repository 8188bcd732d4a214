//! What a notebook asks of a session, beside evaluating inputs as the prompt does.

use super::compile::{Compiled, compile, compile_cell, split_last};
use super::show::{self, Look, Shown};
use super::{Repl, Reply};
use crate::{rich, stdlib};
use compt_study::interrupt;
use mlua::{Error, Function, MultiValue, Value};
use std::rc::Rc;

impl Repl {
    /// As [`Repl::eval`], for the cell of a notebook: if its last statement is an expression, its values are shown.
    pub fn eval_cell(&mut self, source: &str, look: Look) -> Reply {
        let compiled = compile_cell(self.lua(), source, &self.next_name());
        self.eval_compiled(source, compiled, look)
    }

    /// Makes `number` the number of the next input, which errors name.
    pub fn count_from(&mut self, number: usize) {
        self.evaluated = number.saturating_sub(1);
    }

    /// Whether the last statement of a cell is an expression.
    pub fn ends_in_expression(&self, source: &str) -> bool {
        split_last(self.lua(), source).is_some()
    }

    /// The values of an expression, without a trace in the session; for the `user_expressions` of a notebook.
    pub fn look_at(&self, expression: &str, look: Look) -> Reply {
        match compile(self.lua(), expression, "expression") {
            Compiled::Expression(function) => {
                interrupt::clear();
                let values = function.call::<MultiValue>(());
                self.ended(values.and_then(|values| self.show(&values, look)))
            }
            Compiled::Wrong(error) | Compiled::Incomplete(error) => self.failed(&error),
            Compiled::Statements(_) => {
                self.failed(&Error::runtime("statements have no value: an expression is needed"))
            }
        }
    }

    /// Makes `display` show values by this function, and reading from standard input an error that says why.
    pub fn in_notebook(&self, display: impl Fn(Shown) + 'static, why: &str) -> mlua::Result<()> {
        self.lua().set_app_data(rich::Displays(Rc::new(display)));
        stdlib::load::<Function>(self.lua(), "notebook.lua")?.call(why)
    }

    /// The value of a global variable of the session.
    pub fn variable(&self, name: &str, look: Look) -> Option<String> {
        let value: Value = self.lua().globals().raw_get(name).ok()?;
        let is_own = !self.given.contains(name) && !["compt", "torch"].contains(&name);
        (is_own && !value.is_nil()).then(|| show::value(&value, look).ok()).flatten()
    }
}
