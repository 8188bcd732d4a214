//! The control in use above the method's own control.

use super::Program;
use super::difference::{Side, changes, later};
use super::output::Output;
use crate::Result;
use compt_core::train::control::{Setting, View};
use compt_core::train::knobs::{Knobs, Value};

pub enum InUse {
    Nothing,
    /// A table of the script.
    Table(Box<dyn Program>),
    File(Version),
    /// The settings of the last good step, because of an error.
    Held(Knobs),
}

/// A version of the control file, and the step at which it took effect.
pub struct Version {
    pub control: Box<dyn Program>,
    pub since: u64,
}

impl InUse {
    /// The settings for a view; errors of the control are returned.
    pub fn answer(&mut self, view: &View) -> Result<Knobs> {
        match self {
            InUse::Nothing => Ok(Knobs::default()),
            InUse::Table(table) => table.knobs(view),
            InUse::File(version) => version.control.knobs(view),
            InUse::Held(knobs) => Ok(knobs.clone()),
        }
    }

    /// The same, with its output discarded.
    fn quiet_answer(&mut self, view: &View) -> Result<Knobs> {
        match self.output() {
            Some(output) => output.quietly(|| self.answer(view)),
            None => self.answer(view),
        }
    }

    /// The output of the control.
    pub fn output(&self) -> Option<Output> {
        match self {
            InUse::Table(table) => Some(table.output()),
            InUse::File(version) => Some(version.control.output()),
            InUse::Nothing | InUse::Held(_) => None,
        }
    }

    /// Where the control is defined.
    pub fn name(&self) -> String {
        match self {
            InUse::File(version) => version.control.sources()[0].path.display().to_string(),
            _ => "control".to_string(),
        }
    }

    /// A description of what stays in use while the control file is invalid.
    pub fn stays(&self) -> String {
        match self {
            InUse::File(version) => format!("the version of step {} stays", version.since),
            _ => "the last good settings stay".to_string(),
        }
    }

    /// Its texts and its settings for a view, for comparison.
    fn side(&mut self, view: &View) -> Side {
        let now = self.quiet_answer(view).unwrap_or_default();
        let texts = match self {
            InUse::File(version) => version.control.texts(),
            InUse::Table(table) => table.texts(),
            InUse::Held(knobs) => {
                knobs.iter().map(|(name, v)| (name.to_string(), Some(v.to_string()))).collect()
            }
            InUse::Nothing => Vec::new(),
        };
        Side { texts: texts.into_iter().collect(), now }
    }

    /// The changes if a control file replaces this one, now or later, apart from settings by hand.
    pub fn difference(
        &mut self,
        control: &mut dyn Program,
        view: &View,
        stages: &[Setting],
        by_hand: &Knobs,
    ) -> String {
        let output = control.output();
        let old = self.side(view);
        let now = output.quietly(|| control.knobs(view)).unwrap_or_default();
        let new = Side { texts: control.texts().into_iter().collect(), now };
        if let Some(mut told) = changes(&old, &new) {
            for name in new.by_hand(&old, by_hand) {
                let stays = by_hand.get(&name).map_or(String::new(), Value::to_string);
                told.push_str(&format!(" ({name} stays {stays}: it is set by hand)"));
            }
            return told;
        }
        let mut in_use = |view: &View| self.quiet_answer(view);
        let mut another = |view: &View| output.quietly(|| control.knobs(view));
        match later(&mut in_use, &mut another, stages, view) {
            Some((step, how)) => format!("in use; it differs from step {step} on: {how}"),
            None => "in use; it gives the same settings at every sampled step".to_string(),
        }
    }
}
