//! The prompt on a terminal: line editing, completion, hints, colours and history.

use super::history::History;
use super::paint;
use super::prompt::{Answer, Input, Prompt};
use crate::FAILED;
use compt_base::notice;
use compt_base::output;
use compt_lua::repl::Repl;
use compt_lua::repl::assistant::Assistant;
use compt_lua::repl::show::Look;
use compt_study::interrupt;
use compt_study::watch::Watch;
use rustyline::ExternalPrinter as _;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{History as _, MemHistory};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::cell::Cell;
use std::path::Path;
use std::process::ExitCode;

type Line = Editor<Typist, MemHistory>;

/// Reads inputs until Ctrl-D or `:quit`.
pub fn interactive(repl: Repl) -> ExitCode {
    let colour = paint::colours();
    let mut editor = match open(&repl, colour) {
        Ok(editor) => editor,
        Err(e) => {
            output::error(format!("compt: the terminal cannot be used: {e}"));
            return ExitCode::from(FAILED);
        }
    };
    let mut history = History::open(History::path());
    restore(&mut editor, &history);
    let mut prompt = Prompt::new(repl, Look { colour, width: 80, rich: false });
    if let Ok(mut printer) = editor.create_external_printer() {
        notice::divert(Some(Box::new(move |line| {
            let _ = printer.print(format!("{line}\n"));
        })));
    }
    let changed = |path: &Path| {
        let what = if path.exists() { "has changed" } else { "does not exist any more" };
        notice::say(&format!("note: {} {what}", path.display()));
    };
    prompt.watch = Watch::new(changed).ok();
    output::line(format!(
        "compt {}   ?name shows documentation, :help lists the commands, Ctrl-D exits",
        env!("CARGO_PKG_VERSION")
    ));
    loop {
        match interrupt::idle(|| editor.readline("> ")) {
            Ok(input) if input.trim().is_empty() => {}
            Ok(input) => {
                if history.add(&input) {
                    restore(&mut editor, &history);
                } else {
                    let _ = editor.add_history_entry(input.as_str());
                }
                prompt.look.width = width(&mut editor);
                let answer = prompt.answer(&input);
                if interrupt::leaving() {
                    return ExitCode::from(interrupt::exit_code());
                }
                match answer {
                    Answer::Quit => return ExitCode::SUCCESS,
                    Answer::More => prompt.unfinished(&input),
                    _ => {}
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return ExitCode::SUCCESS,
            Err(e) => {
                output::error(format!("compt: {e}"));
                return ExitCode::from(FAILED);
            }
        }
    }
}

fn open(repl: &Repl, colour: bool) -> rustyline::Result<Line> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_prompt_limit(200)
        .color_mode(if colour { ColorMode::Enabled } else { ColorMode::Disabled })
        .max_history_size(100_000)?
        .build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    let columns = width(&mut editor);
    editor.set_helper(Some(Typist {
        assistant: Assistant::new(repl),
        columns: Cell::new(columns),
        editing: Cell::new(true),
    }));
    Ok(editor)
}

fn width(editor: &mut Line) -> usize {
    let columns = editor.dimensions().map_or(80, |(columns, _)| columns as usize).max(20);
    if let Some(helper) = editor.helper() {
        helper.columns.set(columns);
    }
    columns
}

/// Gives all entries to the editor again, because one of them has moved.
fn restore(editor: &mut Line, history: &History) {
    let _ = editor.history_mut().clear();
    for entry in history.entries() {
        let _ = editor.add_history_entry(entry.as_str());
    }
}

/// Adapts an assistant to the line editor.
struct Typist {
    assistant: Assistant,
    columns: Cell<usize>,
    /// False when a line is complete.
    editing: Cell<bool>,
}

impl Helper for Typist {}

impl Completer for Typist {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = self.assistant.complete(&line[..at]);
        let pair =
            |text: String| Pair { display: text.trim_end_matches(" = ").into(), replacement: text };
        Ok((found.start, found.texts.into_iter().map(pair).collect()))
    }
}

/// The signature of the call being typed: shown, never inserted.
struct Signature(String);

impl Hint for Signature {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Typist {
    type Hint = Signature;

    fn hint(&self, line: &str, at: usize, _: &Context) -> Option<Signature> {
        if at < line.len() {
            return None;
        }
        if line.ends_with('\n') {
            return Some(Signature("... an empty line or Ctrl-C ends the input".to_string()));
        }
        let text = self.assistant.signature(line)?;
        let taken = line.lines().last().unwrap_or_default().chars().count() + 4;
        let room = self.columns.get().checked_sub(taken).filter(|room| *room >= 12)?;
        let space = if line.ends_with([' ', '(']) { "" } else { " " };
        let cut: String = text.chars().take(room).collect();
        let more = if cut.len() < text.len() { "…" } else { "" };
        Some(Signature(format!("{space}{cut}{more}")))
    }
}

impl Highlighter for Typist {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        if line.starts_with([':', '?']) {
            return Cow::Borrowed(line);
        }
        Cow::Owned(paint::lua(line, self.editing.get().then_some(at)))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m"))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(paint::faint(hint))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.editing.set(kind != CmdKind::ForcedRefresh);
        true
    }
}

impl Validator for Typist {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_lua = matches!(Input::of(input), Input::Lua);
        // An empty line ends an input.
        let ended = input.rsplit_once('\n').is_some_and(|(_, last)| last.trim().is_empty());
        let more = is_lua && !ended && self.assistant.is_incomplete(input);
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
