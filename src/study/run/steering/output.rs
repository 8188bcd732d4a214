//! What control programs print. They are called every step, and at many steps before they are used: their
//! output is buffered until a step is made, and is limited to what can be read.

use compt_core::notice;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Lines of a step, and of a second, that are said.
const OF_A_STEP: usize = 5;
const OF_A_SECOND: usize = 10;
/// Characters of a line.
const WIDTH: usize = 200;

/// The buffered output of one control program.
#[derive(Clone, Default)]
pub struct Output(Rc<Kept>);

/// An [`Output`] that may be gone.
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
    /// How many came after them.
    more: usize,
}

impl Output {
    /// Runs `f`, which may ask the control: nothing that it prints is kept.
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

    /// Whether it is dropped where it is printed.
    pub fn is_quiet(&self) -> bool {
        self.0.is_quiet.get()
    }

    /// One that does not keep the buffer alive.
    pub fn weak(&self) -> Weak {
        Weak(Rc::downgrade(&self.0))
    }

    /// How many lines were printed that nobody has said.
    pub fn count(&self) -> usize {
        let lines = self.0.lines.borrow();
        lines.first.len() + lines.more
    }

    fn take(&self) -> Lines {
        self.0.lines.take()
    }
}

/// A line as a terminal may be given it.
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
    /// The second that is under way, and how many lines were said in it.
    second: Option<Instant>,
    said: usize,
    /// Whether it was told that lines are left out.
    is_told: bool,
    say: fn(&str),
}

impl Default for Voice {
    fn default() -> Voice {
        Voice { second: None, said: 0, is_told: false, say: notice::say }
    }
}

impl Voice {
    /// Says what was printed for a step, marked with the step and the control.
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
                 the others are left out, here and from now on"
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
