//! The steering of a run: the method's own control, a control file or table above it, and above both the
//! knobs that are set by hand. Edits of the file take effect between two steps; an invalid edit is
//! reported and changes nothing.

mod audit;
mod checker;
mod difference;
mod in_use;
mod manual;
mod output;
mod parts;
mod past;
mod program;

pub(crate) use audit::impure;
pub use output::Output;
pub use parts::PartFile;
pub use past::Past;
pub use program::{Loaded, Loader, Origin, Program, TableRecord, Touched};

use crate::{Error, Result};
use audit::Audit;
use checker::{Checker, check_whole};
use compt_base::files::source::Source;
use compt_base::notice;
use compt_core::train::control::{Control, Setting, View};
use compt_core::train::knobs::{Each, Knobs, Value};
use compt_study::records::events::{Change, Event};
use in_use::{InUse, Version};
use output::Voice;
use parts::{Parts, broken_off};
use past::from_json;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// The number of earlier versions that are kept for rollback.
const OLDER: usize = 8;

/// The control of a run.
pub struct Steering {
    load: Loader,
    /// The method's own control.
    lower: Box<dyn Program>,
    upper: InUse,
    older: Vec<Version>,
    by_hand: Knobs,
    /// Requests since the last step.
    asked: Vec<Asked>,
    stages: Vec<Setting>,
    /// The sources of the last accepted control file and of the files it requires; empty if there is none.
    seen: Vec<Source>,
    /// Whether the control file is currently invalid.
    is_broken: bool,
    /// The record of a control table.
    table: Option<TableRecord>,
    voice: Voice,
    audit: Audit,
    parts: Parts,
    checker: Option<Checker>,
    past: Past,
    /// An invalid edit ends the run.
    strict: bool,
    /// The last settings of the upper control.
    last: Option<Knobs>,
    /// The settings of the last step, from all controls.
    used: Knobs,
    /// Changes that took effect and are not recorded yet.
    events: Vec<Event>,
}

enum Asked {
    Set(String, Option<Value>),
    File(Box<dyn Program>),
}

impl Steering {
    /// `lower` is the method's own control; `load` loads control files. If `strict`, an invalid edit ends
    /// the run.
    pub fn new(
        lower: Box<dyn Program>,
        load: Loader,
        stages: Vec<Setting>,
        strict: bool,
    ) -> Steering {
        Steering {
            load,
            lower,
            upper: InUse::Nothing,
            older: Vec::new(),
            by_hand: Knobs::default(),
            asked: Vec::new(),
            stages,
            seen: Vec::new(),
            is_broken: false,
            table: None,
            voice: Voice::default(),
            audit: Audit::default(),
            parts: Parts::default(),
            checker: None,
            past: Past::default(),
            strict,
            last: None,
            used: Knobs::default(),
            events: Vec::new(),
        }
    }

    /// Uses a control file from the next step on, and watches it.
    pub fn use_file(&mut self, control: Box<dyn Program>) {
        self.asked.push(Asked::File(control));
    }

    /// Watches the file of a user-defined part of the method from the next step on.
    pub fn use_part(&mut self, part: Box<dyn PartFile>) {
        self.parts.add(part);
    }

    /// The first versions of the files of parts, to be recorded before the first step.
    pub(super) fn first_parts(&self) -> Vec<Event> {
        self.parts.first()
    }

    /// Uses a table of the script above the method's control.
    pub fn use_table(&mut self, table: Box<dyn Program>, record: TableRecord) {
        self.upper = InUse::Table(table);
        self.table = Some(record);
    }

    /// Sets a knob from the next step on, above every control; `None` releases it. Returns a
    /// description of the old and new settings. Errors: an unknown knob, or an invalid value.
    pub fn set(&mut self, name: &str, value: Option<Value>) -> Result<String> {
        let (knob, value) = manual::check(&self.stages[0], &self.by_hand, name, value)?;
        let shown = |v: Option<&Value>, none: &str| v.map_or(none.to_string(), Value::to_string);
        let before = shown(self.by_hand.get(name).or(self.used.get(name)), "the method's own");
        let after = shown(value.as_ref(), "the control's");
        let mut told = format!("{name}: {before} -> {after}");
        if knob.each == Each::Task && value.is_some() {
            told.push_str(" (replaces the control's weights: a task without one is not drawn)");
        }
        self.asked.push(Asked::Set(name.to_string(), value));
        Ok(told)
    }

    /// The number of requests that the next step applies.
    pub(crate) fn requests(&self) -> usize {
        self.asked.len()
    }

    /// Checks the control file now; a valid version is used from the next step on. Returns a
    /// description, or `None` if there is no control file. Errors: the file is invalid.
    pub fn reload(&mut self) -> Result<Option<String>> {
        let Some(path) = self.path() else { return Ok(None) };
        let control = (self.load)(&path, Origin::Disk, &self.stages).program?;
        if control.sources() == self.seen {
            return Ok(Some(format!("{}: unchanged", path.display())));
        }
        self.asked.push(Asked::File(control));
        Ok(Some(format!("{}: used from the next step on", path.display())))
    }

    /// The last settings of the control above the method's: part of a run's state.
    pub fn last(&self) -> Option<&Knobs> {
        self.last.as_ref()
    }

    /// At a checkpoint: how the control file in use differs from a new load of it, which a resumed run would make;
    /// reported once.
    pub fn kept_state(&mut self) -> Option<String> {
        let found = self.audit.at_checkpoint(&mut self.upper, self.load, &self.stages);
        let (difference, is_new) = found?;
        if is_new {
            notice::say(&format!("warning: {}", impure(&difference)));
        }
        Some(difference)
    }

    /// Whether the changes of this attempt come from the record.
    pub fn remembers(&self, attempt: u64) -> bool {
        attempt <= self.past.until || self.past.alone
    }

    /// After an error in a step: restores the previous version of a part, if the current one caused the
    /// error, so that the step can be repeated. Any other error is returned.
    pub fn go_back_on(&mut self, error: Error, step: u64, attempt: u64) -> Result<()> {
        let Some(change) = Some(&self.parts).filter(|_| !self.strict).and_then(Parts::back) else {
            return Err(error);
        };
        if let Change::Part { name, .. } = &change {
            notice::say(&format!("step {step}: back to the version of '{name}' before: {error}"));
        }
        self.events.push(Event { step, attempt, change });
        Ok(())
    }

    /// The changes that took effect since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Applies the recorded changes again; those up to attempt `made` at once. `last` holds the upper
    /// control's settings at that attempt. Errors: a recorded version is invalid.
    pub fn follow(&mut self, past: Past, made: u64, last: Option<Knobs>) -> Result<()> {
        self.past = past;
        if self.past.events.iter().any(|e| matches!(e.change, Change::Version { .. })) {
            self.asked.clear();
        }
        self.last = last;
        self.replay(made)
    }

    /// The file to watch, if there is one.
    fn path(&self) -> Option<PathBuf> {
        self.seen.first().map(|source| source.path.clone())
    }

    /// Applies the recorded changes up to this attempt.
    fn replay(&mut self, attempt: u64) -> Result<()> {
        while self.past.events.front().is_some_and(|event| event.attempt <= attempt) {
            let event = self.past.events.pop_front().expect("it is there");
            match event.change {
                Change::Version { sources, because } => {
                    let path = sources[0].path.clone();
                    let recorded = Origin::Recorded(sources.clone());
                    let control = (self.load)(&path, recorded, &self.stages).program?;
                    let version = InUse::File(Version { control, since: event.step });
                    match because {
                        None => {
                            self.seen = sources;
                            self.put(version);
                        }
                        // Restored after an error: the version that failed must not be restored again.
                        Some(_) => {
                            self.older.pop();
                            self.upper = version;
                        }
                    }
                }
                // The script passes the table again.
                Change::Table { place, knobs, .. } => match self.table.take() {
                    Some(table) if table.knobs == knobs => {}
                    Some(table) => {
                        let what =
                            format!("the control table is different: {knobs} -> {}", table.knobs);
                        return Err(Error::new(what).at(place));
                    }
                    None => return Err(Error::new("the run was steered by a table").at(place)),
                },
                Change::Set { name, value } => match value.is_null() {
                    true => self.by_hand.unset(&name),
                    false => self.by_hand.set(name, from_json(value)?),
                },
                Change::Hold { knobs, .. } => self.upper = InUse::Held(from_json(knobs)?),
                Change::Part { role, name, source } => self.parts.take(role, &name, source)?,
            }
        }
        Ok(())
    }

    fn put(&mut self, upper: InUse) {
        self.audit = Audit::default();
        if let InUse::File(version) = std::mem::replace(&mut self.upper, upper) {
            self.older.push(version);
            if self.older.len() > OLDER {
                self.older.remove(0);
            }
        }
    }

    /// Applies the pending requests and the versions that the checker found valid.
    fn adopt(&mut self, view: &View, step: u64) -> Result<()> {
        self.replay(view.attempt)?;
        if self.remembers(view.attempt) {
            // These steps were made before: their control is recorded.
            self.asked.clear();
            return Ok(());
        }
        if let Some(TableRecord { place, knobs, sources }) = self.table.take() {
            self.note(view, step, Change::Table { place, knobs, sources });
        }
        for asked in std::mem::take(&mut self.asked) {
            match asked {
                Asked::Set(name, value) => {
                    let json = serde_json::to_value(&value).unwrap_or_default();
                    self.note(view, step, Change::Set { name: name.clone(), value: json });
                    match value {
                        Some(value) => self.by_hand.set(name, value),
                        None => self.by_hand.unset(&name),
                    }
                }
                Asked::File(control) => self.exchange(control, view, step),
            }
        }
        for change in self.parts.adopt(step, self.strict)? {
            self.note(view, step, change);
        }
        let Some(path) = self.path() else { return Ok(()) };
        if self.checker.is_none() {
            // An edit made while the run was stopped is applied now, not later: it may fix what
            // stopped the run.
            if self.past.until > 0 {
                let now = check_whole(self.load, &path, &self.stages);
                self.consider(now, view, step)?;
            }
            match Checker::start(self.load, &path, &self.stages, &self.seen) {
                Ok(checker) => self.checker = Some(checker),
                Err(e) if self.strict => return Err(e),
                Err(e) => notice::say(&format!("note: {e}; edits are not seen")),
            }
        }
        while let Some(news) = self.checker.as_ref().and_then(Checker::next) {
            self.consider(news.outcome, view, step)?;
        }
        Ok(())
    }

    /// Uses a checked version, or reports why it is rejected.
    fn consider(&mut self, checked: Result<Vec<Source>>, view: &View, step: u64) -> Result<()> {
        let Err(error) = checked.and_then(|sources| self.take(sources, view, step)) else {
            return Ok(());
        };
        if self.strict {
            return Err(broken_off(error));
        }
        self.is_broken = true;
        notice::say(&format!("step {step}: {} in use: {error}", self.upper.stays()));
        Ok(())
    }

    /// Replaces the control by a version whose sources are valid.
    fn take(&mut self, sources: Vec<Source>, view: &View, step: u64) -> Result<()> {
        let path = sources[0].path.clone();
        if self.seen == sources {
            if std::mem::take(&mut self.is_broken) {
                let (path, stays) = (path.display(), self.upper.stays());
                notice::say(&format!("step {step}: {path}: complete again: {stays} in use"));
            }
            return Ok(());
        }
        let recorded = Origin::Recorded(sources);
        let mut control = (self.load)(&path, recorded, &self.stages).program?;
        // It was tried with simulated views; this one is real.
        control.output().quietly(|| control.knobs(view))?;
        self.exchange(control, view, step);
        Ok(())
    }

    fn exchange(&mut self, mut control: Box<dyn Program>, view: &View, step: u64) {
        let sources = control.sources().to_vec();
        let path = sources[0].path.display().to_string();
        let first = matches!(self.upper, InUse::Nothing) && view.attempt == 1;
        if !first {
            let told = self.upper.difference(&mut *control, view, &self.stages, &self.by_hand);
            notice::say(&format!("step {step}: {path}: {told}"));
            EDITS.set(EDITS.get() + 1);
        }
        // The output of loading it.
        self.voice.say(step, &path, &control.output());
        self.is_broken = false;
        if self.path().as_deref() != Some(sources[0].path.as_path()) {
            self.checker = None;
        }
        self.seen.clone_from(&sources);
        self.put(InUse::File(Version { control, since: step }));
        self.note(view, step, Change::Version { sources, because: None });
    }

    fn note(&mut self, view: &View, step: u64, change: Change) {
        self.events.push(Event { step, attempt: view.attempt, change });
    }

    /// After an error of the current version: restores the previous one, or else the settings of the
    /// last good step.
    fn fall_back(&mut self, error: &Error, view: &View, step: u64, last: Knobs) {
        let because = error.to_string();
        let (upper, change, told) = match self.older.pop() {
            Some(version) => {
                let told = format!("back to the version of step {}", version.since);
                let sources = version.control.sources().to_vec();
                let because = Some(because);
                (InUse::File(version), Change::Version { sources, because }, told)
            }
            None => {
                let knobs = serde_json::to_value(&last).unwrap_or_default();
                let told = "the settings of the step before stay".to_string();
                (InUse::Held(last), Change::Hold { knobs, because }, told)
            }
        };
        notice::say(&format!("step {step}: {told}: {error}"));
        self.upper = upper;
        self.audit = Audit::default();
        self.note(view, step, change);
    }
}

thread_local! {
    static EDITS: Cell<u64> = const { Cell::new(0) };
}

/// The number of versions of control files that runs of this thread have accepted during training.
pub fn edits_taken() -> u64 {
    EDITS.get()
}

impl Control for Steering {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        let step = view.run_step;
        self.adopt(view, step)?;
        let upper = loop {
            let began = Instant::now();
            let answer = self.upper.answer(view);
            if let Some(report) = self.audit.called(view, began) {
                notice::say(&format!("note: step {step}: {}: {report}", self.upper.name()));
            }
            if let Some(output) = self.upper.output() {
                self.voice.say(step, &self.upper.name(), &output);
            }
            match (answer, self.last.clone()) {
                (Ok(knobs), _) => break knobs,
                (Err(e), Some(last)) if !self.strict => self.fall_back(&e, view, step, last),
                (Err(e), _) => return Err(e),
            }
        };
        self.last = Some(upper.clone());
        let lower = self.lower.knobs(view);
        self.voice.say(step, "the method", &self.lower.output());
        self.used = self.by_hand.over(upper.over(lower?));
        Ok(self.used.clone())
    }

    fn place(&self, knob: &str) -> String {
        knob.to_string()
    }
}

/// The control of a trainer that its run reaches, too.
pub struct Shared(pub Rc<RefCell<Steering>>);

impl Control for Shared {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        self.0.borrow_mut().knobs(view)
    }
}
