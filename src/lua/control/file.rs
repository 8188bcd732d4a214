//! A control file in a sandboxed Lua state.

use super::answer;
use super::rules::Rules;
use super::sandbox::Sandbox;
use crate::failure::error_of;
use crate::sandbox::cpu_seconds;
use crate::text;
use crate::{Error, Result};
use compt_base::files::bounded;
use compt_base::files::source::{Source, sha256};
use compt_core::train::control::{Control, Setting, View, try_out};
use compt_core::train::knobs::Knobs;
use compt_run::steering::{Loaded, Origin, Output, Program};
use std::path::Path;

/// A control file: it can access the schedules and the files in its folder, and nothing else.
///
/// Loading creates a new Lua state, so that an edited file is tried while the current one is in use, and
/// replaces it between two steps.
pub struct ControlFile {
    sandbox: Sandbox,
    rules: Rules,
    sources: Vec<Source>,
    seed: u64,
    /// The CPU time of the thread when the trial began, while it lasts.
    trial_began: Option<f64>,
}

/// The CPU time of a trial, in seconds; it usually takes milliseconds.
const TRIAL: f64 = 5.0;

impl ControlFile {
    /// Loads a control file and tries it over the steps of each stage. The output of loading is
    /// kept; the output of the trial is discarded.
    ///
    /// Errors name the file, the line and the knob: the file does not load or returns no table, a knob,
    /// group or task is unknown, a value is out of range, or two calls for one step differ.
    pub fn load(path: &Path, origin: Origin, stages: &[Setting]) -> Loaded {
        let folder = path.parent().unwrap_or(Path::new(""));
        let sandbox = match Sandbox::new(folder, origin, stages[0].seed) {
            Ok(sandbox) => sandbox,
            Err(e) => {
                let (program, touched) = (Err(error_of(&e)), vec![(path.to_path_buf(), None)]);
                return Loaded { program, touched, is_unfinished: false };
            }
        };
        let files = sandbox.files();
        let loaded = ControlFile::in_sandbox(sandbox, path, stages);
        // The error may be in any of the files.
        let loaded = loaded.map_err(|e| shown_in(e, &files.sources()));
        let sources = files.sources().into_iter().map(|s| (s.path, Some(s.sha256)));
        // A file that exists but is not valid text also has a hash.
        let held =
            |path: &Path| bounded::read(path, bounded::JSON).ok().map(|bytes| sha256(&bytes));
        let unread = files.missing().into_iter().map(|path| (path.clone(), held(&path)));
        let touched = sources.chain(unread);
        let is_unfinished = files.signs().seem_unfinished(loaded.is_ok());
        let program = loaded.map(|control| Box::new(control) as Box<dyn Program>);
        Loaded { program, touched: touched.collect(), is_unfinished }
    }

    fn in_sandbox(sandbox: Sandbox, path: &Path, stages: &[Setting]) -> Result<ControlFile> {
        let table = sandbox.load(path)?;
        let sources = sandbox.files().sources();
        let name = path.display().to_string();
        let rules = sandbox.call(|_| Rules::read(&table, &name, &sources[0].text, &stages[0]))?;
        let seed = stages[0].seed;
        let trial_began = Some(cpu_seconds());
        let mut control = ControlFile { sandbox, rules, sources, seed, trial_began };
        control.output().quietly(|| try_out(&mut control, stages))?;
        control.trial_began = None;
        // A function may have required more files when it was called.
        let files = control.sandbox.files();
        control.sources = files.sources();
        files.freeze();
        Ok(control)
    }
}

impl Program for ControlFile {
    fn sources(&self) -> &[Source] {
        &self.sources
    }

    fn texts(&self) -> Vec<(String, Option<String>)> {
        self.sandbox.call(|_| self.rules.texts())
    }

    fn output(&self) -> Output {
        self.sandbox.files().output()
    }
}

impl Control for ControlFile {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        if self.trial_began.is_some_and(|began| cpu_seconds() - began > TRIAL) {
            return Err(Error::new(format!("its trial took more than {TRIAL} s"))
                .at(self.sources[0].path.display())
                .hint("a control is called at every step: it must be fast"));
        }
        self.sandbox
            .call(|lua| answer(&self.rules, lua, self.seed, view))
            .map_err(|e| shown_in(e, &self.sources))
    }

    fn place(&self, knob: &str) -> String {
        self.rules.place(knob)
    }
}

/// Adds the source line to an error (`control.lua:3: ...`), if it is known.
fn shown_in(error: Error, sources: &[Source]) -> Error {
    let message = error.to_string();
    let line = sources.iter().find_map(|source| {
        let rest = message.strip_prefix(&format!("{}:", source.path.display()))?;
        let number: usize = rest.split(':').next()?.parse().ok()?;
        text::without_mark(&source.text)
            .lines()
            .nth(number.checked_sub(1)?)
            .map(|text| format!("{number:>6} | {text}"))
    });
    match line {
        Some(line) => error.line(line),
        None => error,
    }
}
