//! The files of user-defined parts of a run: a new version is used once it is valid.

use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_base::notice;
use compt_study::records::events::{Change, Event, Role};

/// A user-defined part in its own file, reloaded like a control.
pub trait PartFile {
    fn role(&self) -> Role;
    fn name(&self) -> &str;
    /// The version in use.
    fn source(&self) -> Source;
    /// The text of the file if it has changed, or the error if it cannot be read.
    fn news(&self) -> Option<Result<Source>>;
    /// Replaces it by another version; if `dry_run`, only if that version works with the current shapes.
    fn take(&self, source: Source, dry_run: bool) -> Result<()>;
    /// Restores the previous version after the current one failed, if there is a previous one.
    fn back(&self) -> Option<Source>;
}

/// The parts whose files are watched.
#[derive(Default)]
pub struct Parts(Vec<Part>);

impl Parts {
    pub fn add(&mut self, file: Box<dyn PartFile>) {
        self.0.push(Part { file, is_broken: false, rejected: None });
    }

    /// The events of the versions that the first step uses.
    pub fn first(&self) -> Vec<Event> {
        let first =
            |part: &Part| Event { step: 1, attempt: 1, change: part.change(part.file.source()) };
        self.0.iter().map(first).collect()
    }

    /// The new versions that are used from this step on. An invalid version is reported and ignored; in a strict
    /// run it is an error.
    pub fn adopt(&mut self, step: u64, strict: bool) -> Result<Vec<Change>> {
        let mut taken = Vec::new();
        for part in &mut self.0 {
            taken.extend(part.adopt(step, strict)?.map(|source| part.change(source)));
        }
        Ok(taken)
    }

    /// Restores the previous version of the part that failed, if there is one.
    pub fn back(&self) -> Option<Change> {
        self.0.iter().find_map(|part| Some(part.change(part.file.back()?)))
    }

    /// Takes a recorded version. Errors: no part has this name, or the version is invalid.
    pub fn take(&self, role: Role, name: &str, source: Source) -> Result<()> {
        let mut all = self.0.iter().map(|part| &part.file);
        match all.find(|file| file.role() == role && file.name() == name) {
            Some(file) => file.take(source, false),
            None => {
                let role = role.name();
                Err(Error::new(format!("the run had the {role} '{name}' in a file of its own")))
            }
        }
    }
}

struct Part {
    file: Box<dyn PartFile>,
    /// Whether the file is currently invalid.
    is_broken: bool,
    /// The hash of the last version that was rejected: a save can be reported twice.
    rejected: Option<String>,
}

impl Part {
    fn change(&self, source: Source) -> Change {
        Change::Part { role: self.file.role(), name: self.file.name().to_string(), source }
    }

    fn adopt(&mut self, step: u64, strict: bool) -> Result<Option<Source>> {
        let Some(news) = self.file.news() else { return Ok(None) };
        let name = self.file.name().to_string();
        let used = self.file.source();
        if news.as_ref().is_ok_and(|source| *source == used) {
            if std::mem::take(&mut self.is_broken) {
                let path = used.path.display();
                notice::say(&format!(
                    "step {step}: {path}: complete again: '{name}' stays as it is"
                ));
            }
            return Ok(None);
        }
        let hash = news.as_ref().ok().map(|source| source.sha256.clone());
        if self.is_broken && hash.is_some() && hash == self.rejected {
            return Ok(None);
        }
        self.rejected = hash;
        let taken = news.and_then(|source| self.file.take(source.clone(), true).map(|()| source));
        self.is_broken = taken.is_err();
        match taken {
            Ok(source) => {
                let path = source.path.display();
                let role = match self.file.role() {
                    Role::Operator => "composition",
                    role => role.name(),
                };
                notice::say(&format!("step {step}: {path}: {role} '{name}' is a new version"));
                Ok(Some(source))
            }
            Err(e) if strict => Err(broken_off(e)),
            Err(e) => {
                notice::say(&format!("step {step}: '{name}' stays as it was: {e}"));
                Ok(None)
            }
        }
    }
}

/// The error that ends a strict run.
pub fn broken_off(error: Error) -> Error {
    error.hint("an invalid edit ends a --strict run")
}
