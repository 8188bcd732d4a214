//! The evaluation of an input: a command, a question, or Lua.

use super::commands;
use super::prompt::{Answer, Input, Prompt};
use super::transcript;
use compt_base::{guard, output};
use compt_lua::lexer::tokens;
use compt_lua::repl::Reply;

impl Prompt {
    /// Evaluates an input, and prints the result.
    pub fn answer(&mut self, input: &str) -> Answer {
        guard::caught(|| self.do_answer(input))
            .unwrap_or_else(|what| self.complain(&guard::sentence(&what)))
    }

    fn do_answer(&mut self, input: &str) -> Answer {
        match Input::of(input) {
            Input::Question(name) if name.starts_with(':') => commands::run(self, ":help"),
            Input::Question(name) => self.describe(name),
            Input::Command(command) => commands::run(self, command),
            Input::Transcript(lines) => self.repeat(lines),
            Input::Lua => match self.typed(input) {
                Some(inputs) => self.each(&inputs),
                None => {
                    let reply = match self.in_cells() {
                        true => self.repl.eval_cell(input, self.look),
                        false => self.repl.eval(input, self.look),
                    };
                    self.note_surprises(input.trim(), &reply);
                    self.show(reply)
                }
            },
        }
    }

    /// The inputs of a pasted transcript, one after the other until one fails; its other lines are outputs.
    fn repeat(&mut self, lines: &str) -> Answer {
        let (inputs, outputs) = transcript::inputs(lines, |input| self.repl.is_incomplete(input));
        if outputs > 0 {
            transcript::note_outputs();
        }
        self.each(&inputs)
    }

    /// Evaluates inputs until one fails.
    fn each(&mut self, inputs: &[String]) -> Answer {
        for input in inputs {
            match self.do_answer(input) {
                Answer::Done => {}
                other => return other,
            }
        }
        Answer::Done
    }

    /// The inputs of pasted lines that are no chunk of Lua as a whole, because an expression stands between
    /// statements or after them.
    fn typed(&self, lines: &str) -> Option<Vec<String>> {
        let is_whole =
            self.repl.compiles(lines) || self.in_cells() && self.repl.ends_in_expression(lines);
        if !lines.trim().contains('\n') || is_whole {
            return None;
        }
        let inputs = transcript::typed(lines, |input| self.repl.is_incomplete(input));
        inputs.iter().all(|input| self.repl.compiles(input)).then_some(inputs)
    }

    /// Whether all inputs of some lines are valid Lua.
    pub fn is_valid(&self, lines: &str) -> bool {
        self.repl.compiles(lines) || self.typed(lines).is_some()
    }

    /// `?name`
    fn describe(&self, name: &str) -> Answer {
        match self.documentation(name) {
            Ok(text) => {
                output::line(text);
                Answer::Done
            }
            Err(why) => self.complain(&why),
        }
    }

    /// The documentation of a name or an expression, or that there is none.
    pub fn documentation(&self, name: &str) -> Result<String, String> {
        if name.is_empty() {
            return Ok(commands::overview(self.repl.docs()));
        }
        let docs = self.repl.docs();
        let resolve = |text: &str| self.repl.name_of(text).and_then(|name| docs.find(&name));
        // A method is often written with a dot instead of a colon.
        let as_method = || {
            let (object, method) = name.rsplit_once('.')?;
            resolve(&format!("{object}:{method}"))
        };
        match resolve(name).or_else(as_method).or_else(|| docs.find(name)) {
            Some(entry) => Ok(compt_lua::doc::describe(docs, entry, self.look.width.min(100))),
            None => self.other_documentation(name),
        }
    }

    /// A field, an option, or a name that several entries end in.
    fn other_documentation(&self, name: &str) -> Result<String, String> {
        let docs = self.repl.docs();
        let field = name.rsplit_once('.').and_then(|(object, field)| {
            let class = self.repl.name_of(object).unwrap_or_else(|| object.to_string());
            docs.fields(&class).into_iter().find(|known| known.name == field)
        });
        if let Some(field) = field {
            return Ok(format!("{}: {}", field.shown(), field.text));
        }
        let options = docs.options_named(name);
        if !options.is_empty() {
            let one = |(function, option): (_, &compt_lua::doc::Param)| {
                let shown = option.shown();
                format!("an option of ?{function}\n  {shown}\n      {}", option.text)
            };
            return Ok(options.into_iter().map(one).collect::<Vec<_>>().join("\n"));
        }
        let ends =
            |full: &&str| full.strip_suffix(name).is_some_and(|head| head.ends_with(['.', ':']));
        let several: Vec<&str> = docs.names().filter(ends).collect();
        if !several.is_empty() {
            let several = several.iter().map(|n| format!("?{n}"));
            return Ok(several.collect::<Vec<_>>().join("\n"));
        }
        let near = docs.nearest(name).map(|near| format!("; did you mean ?{near}"));
        Err(format!("no documentation of '{name}'{}", near.unwrap_or_default()))
    }

    /// Prints notes on common surprises at a prompt.
    fn note_surprises(&self, input: &str, reply: &Reply) {
        let first = tokens(input).into_iter().find(|token| token.is_code());
        if first.is_some_and(|token| token.text(input) == "local") && !input.contains('\n') {
            output::error("note: a local ends with its input; without `local` the name stays");
        }
        if matches!(reply, Reply::Done(_)) && self.repl.compares_by_identity(input) {
            output::error(
                "note: == and ~= do not compare elements with a number: x:eq(0), x:ne(0) do",
            );
        }
        if !matches!(reply, Reply::Done(shown) if shown.text == "nil") {
            return;
        }
        if let Some(meant) = self.repl.meant(input) {
            output::error(format!("note: there is no '{input}': {meant}"));
        }
    }
}
