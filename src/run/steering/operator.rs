//! An operator file in a run: a new version is used once it is valid.

use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_base::notice;
use compt_study::records::events::{Change, Event};

/// An operator in its own file, reloaded like a control.
pub trait OperatorFile {
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

/// An operator whose file is watched.
pub struct Operator {
    pub file: Box<dyn OperatorFile>,
    /// Whether the file is currently invalid.
    is_broken: bool,
    /// The hash of the last version that was rejected: a save can be reported twice.
    rejected: Option<String>,
}

impl Operator {
    pub fn new(file: Box<dyn OperatorFile>) -> Operator {
        Operator { file, is_broken: false, rejected: None }
    }

    pub fn name(&self) -> String {
        self.file.name().to_string()
    }

    /// The event of the version that the first step uses.
    pub fn first(&self) -> Event {
        let change = Change::Operator { name: self.name(), source: self.file.source() };
        Event { step: 1, attempt: 1, change }
    }

    /// Returns the version to record if a new one is used from this step on. An invalid version is
    /// reported and ignored; in a strict run it is an error.
    pub fn adopt(&mut self, step: u64, strict: bool) -> Result<Option<Source>> {
        let Some(news) = self.file.news() else { return Ok(None) };
        let name = self.name();
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
                notice::say(&format!("step {step}: {path}: composition '{name}' is a new version"));
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
