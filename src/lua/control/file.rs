//! A control file in a sandboxed Lua state.

use super::program::Program;
use super::sandbox::{Origin, Sandbox};
use super::{answer, told};
use crate::run::source::Source;
use crate::train::control::{Control, Setting, View, try_out};
use crate::train::knobs::Knobs;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// A control file: it sees the schedules and the files beside it, and nothing else.
///
/// Loading makes a whole new state, so that an edited file is tried out beside the one in use and
/// takes its place between two steps.
pub struct ControlFile {
    sandbox: Sandbox,
    pub(super) program: Program,
    sources: Vec<Source>,
    seed: u64,
}

/// A file that was wanted, and its SHA-256 where it could be read.
pub type Touched = (PathBuf, Option<String>);

impl ControlFile {
    /// Loads a control file and tries it out over the steps of each stage.
    ///
    /// Errors name the file, the line and the knob: one that does not load or returns no table,
    /// an unknown knob, group or task, a value out of range, two answers for one step.
    pub fn load(path: &Path, origin: Origin, stages: &[Setting]) -> Result<ControlFile> {
        ControlFile::open(path, origin, stages).0
    }

    /// The same, and every file that was wanted, whether or not it could be loaded.
    pub fn open(
        path: &Path,
        origin: Origin,
        stages: &[Setting],
    ) -> (Result<ControlFile>, Vec<Touched>) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let sandbox = match Sandbox::new(folder, origin, stages[0].seed) {
            Ok(sandbox) => sandbox,
            Err(e) => return (Err(told(&e)), vec![(path.to_path_buf(), None)]),
        };
        let files = sandbox.files();
        let loaded = ControlFile::in_sandbox(sandbox, path, stages);
        // An error may be of any file.
        let loaded = loaded.map_err(|e| shown_in(e, &files.sources()));
        let sources = files.sources().into_iter().map(|s| (s.path, Some(s.sha256)));
        let touched = sources.chain(files.missing().into_iter().map(|path| (path, None)));
        (loaded, touched.collect())
    }

    fn in_sandbox(sandbox: Sandbox, path: &Path, stages: &[Setting]) -> Result<ControlFile> {
        let table = sandbox.load(path)?;
        let sources = sandbox.files().sources();
        let name = path.display().to_string();
        let program = Program::read(&table, &name, &sources[0].text, &stages[0])?;
        let mut control = ControlFile { sandbox, program, sources, seed: stages[0].seed };
        try_out(&mut control, stages)?;
        // A function may have required more when it was called.
        let files = control.sandbox.files();
        control.sources = files.sources();
        files.freeze();
        Ok(control)
    }

    /// The texts it was made from, the control file itself first.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }
}

impl Control for ControlFile {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        self.sandbox.refill();
        answer(&self.program, self.sandbox.lua(), self.seed, view)
            .map_err(|e| shown_in(e, &self.sources))
    }

    fn place(&self, knob: &str) -> String {
        self.program.place(knob)
    }
}

/// The error with the line of text it points at (`control.lua:3: ...`), where that is known.
fn shown_in(error: Error, sources: &[Source]) -> Error {
    let message = error.to_string();
    let line = sources.iter().find_map(|source| {
        let rest = message.strip_prefix(&format!("{}:", source.path.display()))?;
        let number: usize = rest.split(':').next()?.parse().ok()?;
        source.text.lines().nth(number.checked_sub(1)?).map(|text| format!("{number:>6} | {text}"))
    });
    match line {
        Some(line) => error.line(line),
        None => error,
    }
}
