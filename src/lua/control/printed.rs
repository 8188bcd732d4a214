//! What controls print. They are asked every step, and at many steps before they are used: what they
//! say is kept until a step is made, and no more of it is said than can be read.

use compt_core::notice;
use mlua::{Function, Lua, MultiValue, Result};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Lines of a step, and of a second, that are said.
const OF_A_STEP: usize = 5;
const OF_A_SECOND: usize = 10;
/// Characters of a line.
const WIDTH: usize = 200;

/// What one control has printed and nobody has said yet.
#[derive(Clone, Default)]
pub struct Printed(Rc<Kept>);

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

/// Whose control is being asked in the main state, in its app data.
struct Asked(Printed);

impl Printed {
    /// A `print` that keeps what it is given.
    pub fn function(&self, lua: &Lua) -> Result<Function> {
        // Not the other way round, or a state would keep itself.
        let kept = Rc::downgrade(&self.0);
        let tostring: Function = lua.globals().get("tostring")?;
        lua.create_function(move |_, values: MultiValue| match kept.upgrade() {
            Some(kept) => Printed(kept).add(&tostring, values),
            None => Ok(()),
        })
    }

    /// Runs `f`, which may ask the control: nothing that it prints is kept.
    pub fn quietly<R>(&self, f: impl FnOnce() -> R) -> R {
        let before = self.0.is_quiet.replace(true);
        let done = f();
        self.0.is_quiet.set(before);
        done
    }

    /// Runs `f` in the main state, where `print` is the script's: what is printed is kept here.
    pub fn instead<R>(&self, lua: &Lua, f: impl FnOnce() -> R) -> R {
        let before = lua.set_app_data(Asked(self.clone()));
        let done = f();
        match before {
            Some(before) => drop(lua.set_app_data(before)),
            None => drop(lua.remove_app_data::<Asked>()),
        }
        done
    }

    fn add(&self, tostring: &Function, values: MultiValue) -> Result<()> {
        if self.0.is_quiet.get() {
            return Ok(());
        }
        let text = |value| Ok(tostring.call::<mlua::LuaString>(value)?.to_string_lossy());
        let texts = values.into_iter().map(text).collect::<Result<Vec<_>>>()?;
        let text = texts.join("\t");
        let mut lines = self.0.lines.borrow_mut();
        for line in text.split('\n') {
            match lines.first.len() < OF_A_STEP {
                true => lines.first.push(shown(line)),
                false => lines.more += 1,
            }
        }
        Ok(())
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

/// Makes `print` of the main state one that a control of the script may call, too.
pub fn install(lua: &Lua) -> Result<()> {
    let own: Function = lua.globals().get("print")?;
    let tostring: Function = lua.globals().get("tostring")?;
    let print = lua.create_function(move |lua, values: MultiValue| {
        let asked = lua.app_data_ref::<Asked>().map(|asked| asked.0.clone());
        match asked {
            Some(printed) => printed.add(&tostring, values),
            None => own.call(values),
        }
    })?;
    lua.globals().set("print", print)
}

/// Says what a run's controls print.
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
    pub fn say(&mut self, step: u64, control: &str, printed: &Printed) {
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

    fn voice() -> Voice {
        Voice {
            say: |line| SAID.with_borrow_mut(|said| said.push(line.to_string())),
            ..Voice::default()
        }
    }

    #[test]
    fn a_step_and_a_second_have_so_many_lines_and_the_rest_is_told_once() {
        let lua = Lua::new();
        let printed = Printed::default();
        lua.globals().set("print", printed.function(&lua).unwrap()).unwrap();
        let mut voice = voice();
        for step in 1..=4 {
            printed.quietly(|| lua.load("print 'not said'").exec().unwrap());
            lua.load("for i = 1, 7 do print(i, nil, '\\27[2Jx') end").exec().unwrap();
            voice.say(step, "c.lua", &printed);
        }
        let said = SAID.take();
        assert_eq!(said.len(), OF_A_SECOND + 1, "{said:?}");
        assert_eq!(said[0], "step 1: c.lua: 1\tnil\t\\u{1b}[2Jx");
        assert!(said[5].starts_with("note: c.lua prints more than 5 lines a step"), "{said:?}");
        assert_eq!(said[10], "step 2: c.lua: 5\tnil\t\\u{1b}[2Jx");
    }

    #[test]
    fn the_script_s_print_is_the_control_s_while_it_is_asked() {
        let lua = Lua::new();
        let own = lua.create_function(|_, text: String| {
            SAID.with_borrow_mut(|said| said.push(text));
            Ok(())
        });
        lua.globals().set("print", own.unwrap()).unwrap();
        install(&lua).unwrap();
        let printed = Printed::default();
        let print = |text: &str| lua.load(format!("print '{text}'")).exec().unwrap();
        print("before");
        printed.instead(&lua, || print("asked"));
        print("after");
        voice().say(3, "control", &printed);
        assert_eq!(SAID.take(), ["before", "after", "step 3: control: asked"]);
    }
}
