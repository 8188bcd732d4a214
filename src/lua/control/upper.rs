//! What stands above the method's own control.

use super::changes::{Side, changes, later};
use super::printed::Printed;
use super::{ControlFile, TableControl};
use crate::Result;
use compt_core::train::control::{Control, Setting, View};
use compt_core::train::knobs::{Knobs, Value};

pub enum Upper {
    Nothing,
    Table(TableControl),
    File(Version),
    /// The settings of the last good step, because of an error.
    Held(Knobs),
}

/// A version of the control file, and the step it took effect at.
pub struct Version {
    pub control: ControlFile,
    pub since: u64,
}

impl Upper {
    pub fn answer(&mut self, view: &View) -> Result<Knobs> {
        match self {
            Upper::Nothing => Ok(Knobs::default()),
            Upper::Table(table) => table.knobs(view),
            Upper::File(version) => version.control.knobs(view),
            Upper::Held(knobs) => Ok(knobs.clone()),
        }
    }

    /// The same, where nobody wants to know what it prints.
    fn quiet_answer(&mut self, view: &View) -> Result<Knobs> {
        match self.printed() {
            Some(printed) => printed.quietly(|| self.answer(view)),
            None => self.answer(view),
        }
    }

    /// What it prints.
    pub fn printed(&self) -> Option<Printed> {
        match self {
            Upper::Table(table) => Some(table.printed()),
            Upper::File(version) => Some(version.control.printed()),
            Upper::Nothing | Upper::Held(_) => None,
        }
    }

    /// Where it is written.
    pub fn name(&self) -> String {
        match self {
            Upper::File(version) => version.control.sources()[0].path.display().to_string(),
            _ => "control".to_string(),
        }
    }

    /// What goes on where the control file holds what does not work.
    pub fn stays(&self) -> String {
        match self {
            Upper::File(version) => format!("the version of step {} stays", version.since),
            _ => "the last good settings stay".to_string(),
        }
    }

    /// It as it is at a view, for comparison.
    fn side(&mut self, view: &View) -> Side {
        let now = self.quiet_answer(view).unwrap_or_default();
        let texts = match self {
            Upper::File(version) => version.control.program.texts(),
            Upper::Table(table) => table.program.texts(),
            Upper::Held(knobs) => {
                knobs.iter().map(|(name, v)| (name.to_string(), Some(v.to_string()))).collect()
            }
            Upper::Nothing => Vec::new(),
        };
        Side { texts: texts.into_iter().collect(), now }
    }

    /// What a control file changes that takes its place, now or later, under settings by hand.
    pub fn difference(
        &mut self,
        control: &mut ControlFile,
        view: &View,
        stages: &[Setting],
        by_hand: &Knobs,
    ) -> String {
        let printed = control.printed();
        let old = self.side(view);
        let now = printed.quietly(|| control.knobs(view)).unwrap_or_default();
        let new = Side { texts: control.program.texts().into_iter().collect(), now };
        if let Some(mut told) = changes(&old, &new) {
            for name in new.by_hand(&old, by_hand) {
                let stays = by_hand.get(&name).map_or(String::new(), Value::to_string);
                told.push_str(&format!(" ({name} stays {stays}: it is set by hand)"));
            }
            return told;
        }
        let mut in_use = |view: &View| self.quiet_answer(view);
        let mut another = |view: &View| printed.quietly(|| control.knobs(view));
        match later(&mut in_use, &mut another, stages, view) {
            Some((step, how)) => format!("in use; it differs from step {step} on: {how}"),
            None => "in use; it asks for the same at every step it was tried at".to_string(),
        }
    }
}
