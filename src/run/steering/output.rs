//! The output of control programs. They are called at every step, and at many steps for checks: their
//! output is buffered until a step is made, and is limited.

use compt_base::notice;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The maximum number of lines printed per step and per second.
const OF_A_STEP: usize = 5;
const OF_A_SECOND: usize = 10;
/// The maximum number of characters per line.
const WIDTH: usize = 200;

/// The buffered output of one control program.
#[derive(Clone, Default)]
pub struct Output(Rc<Kept>);

/// A weak reference to an [`Output`].
pub struct Weak(std::rc::Weak<Kept>);

impl Weak {
    pub fn upgrade(&self) -> Option<Output> {
        self.0.upgrade().map(Output)
    }
}

#[derive(Default)]
struct Kept {
    lines: RefCell<Lines>,
    is_quiet: Cell<bool>,
}

#[derive(Default)]
struct Lines {
    first: Vec<String>,
    /// The number of further lines.
    more: usize,
}

impl Output {
    /// Runs `f`, which may call the control, and discards the output.
    pub fn quietly<R>(&self, f: impl FnOnce() -> R) -> R {
        let before = self.0.is_quiet.replace(true);
        let done = f();
        self.0.is_quiet.set(before);
        done
    }

    /// Adds text to the buffer, line by line.
    pub fn add(&self, text: &str) {
        if self.0.is_quiet.get() {
            return;
        }
        let mut lines = self.0.lines.borrow_mut();
        for line in text.split('\n') {
            match lines.first.len() < OF_A_STEP {
                true => lines.first.push(shown(line)),
                false => lines.more += 1,
            }
        }
    }

    /// Whether the output is discarded.
    pub fn is_quiet(&self) -> bool {
        self.0.is_quiet.get()
    }

    /// A reference that does not keep the buffer alive.
    pub fn weak(&self) -> Weak {
        Weak(Rc::downgrade(&self.0))
    }

    /// The number of lines that were not printed yet.
    pub fn count(&self) -> usize {
        let lines = self.0.lines.borrow();
        lines.first.len() + lines.more
    }

    fn take(&self) -> Lines {
        self.0.lines.take()
    }
}

/// A line that is safe to print on a terminal.
fn shown(line: &str) -> String {
    let plain = |c: char| match c {
        '\t' => "\t".to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    let mut text: String = line.chars().take(WIDTH).map(plain).collect();
    if line.chars().nth(WIDTH).is_some() {
        text.push_str(" ...");
    }
    text
}

/// Prints the output of a run's control programs on standard error.
pub struct Voice {
    /// The start of the current second, and the number of lines printed in it.
    second: Option<Instant>,
    said: usize,
    /// Whether the omission of lines was reported.
    is_told: bool,
    say: fn(&str),
}

impl Default for Voice {
    fn default() -> Voice {
        Voice { second: None, said: 0, is_told: false, say: notice::say }
    }
}

impl Voice {
    /// Prints the output for a step, prefixed with the step and the control.
    pub fn say(&mut self, step: u64, control: &str, printed: &Output) {
        let Lines { first, mut more } = printed.take();
        if self.second.is_none_or(|second| second.elapsed() > Duration::from_secs(1)) {
            (self.second, self.said) = (Some(Instant::now()), 0);
        }
        for line in first {
            if self.said == OF_A_SECOND {
                more += 1;
                continue;
            }
            self.said += 1;
            (self.say)(&format!("step {step}: {control}: {line}"));
        }
        if more > 0 && !std::mem::replace(&mut self.is_told, true) {
            (self.say)(&format!(
                "note: {control} prints more than {OF_A_STEP} lines a step or {OF_A_SECOND} a second; \
                 the others are omitted from now on"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    #[test]
    fn output_is_limited_by_step_and_by_second_and_the_limit_is_reported_once() {
        let output = Output::default();
        let mut voice = Voice {
            say: |line| SAID.with_borrow_mut(|said| said.push(line.to_string())),
            ..Voice::default()
        };
        for step in 1..=4 {
            output.quietly(|| output.add("not said"));
            (1..=7).for_each(|i| output.add(&format!("{i}\t\u{1b}[2Jx")));
            voice.say(step, "c.lua", &output);
        }
        let said = SAID.take();
        assert_eq!(said.len(), OF_A_SECOND + 1, "{said:?}");
        assert_eq!(said[0], "step 1: c.lua: 1\t\\u{1b}[2Jx");
        assert!(said[5].starts_with("note: c.lua prints more than 5 lines a step"), "{said:?}");
        assert_eq!(said[10], "step 2: c.lua: 5\t\\u{1b}[2Jx");
    }
}
