//! What is checked of the control in use while a run trains: that it is fast, and that a new load of it gives the same
//! settings.

use super::in_use::InUse;
use super::{Loader, Origin, Program};
use compt_core::train::control::{Setting, View};
use compt_core::train::knobs::shown_or_nil;
use std::time::{Duration, Instant};

/// The steps over which the share of the control is measured.
const STEPS: u32 = 20;
/// The share of a step above which the control is reported.
const SHARE: f64 = 0.1;

/// The time that a control takes of each step.
#[derive(Default)]
struct Pace {
    since: Option<Instant>,
    steps: u32,
    spent: Duration,
    is_reported: bool,
}

impl Pace {
    /// Adds the time of a call. Returns a description, once, if the calls take more than a tenth of the steps' time.
    fn add(&mut self, call: Duration) -> Option<String> {
        let since = *self.since.get_or_insert_with(|| Instant::now() - call);
        self.spent += call;
        self.steps += 1;
        if self.steps <= STEPS || self.is_reported {
            return None;
        }
        let (all, spent) = (since.elapsed().as_secs_f64(), self.spent.as_secs_f64());
        let steps = f64::from(self.steps);
        *self = Pace { is_reported: spent > SHARE * all, ..Pace::default() };
        self.is_reported.then(|| {
            let (ms, of) = (1e3 * spent / steps, 1e3 * all / steps);
            let percent = 100.0 * spent / all;
            format!(
                "the control takes {percent:.0} % of each step ({ms:.1} ms of {of:.1} ms): its functions \
                 should compute less"
            )
        })
    }
}

/// The checks of the control in use.
#[derive(Default)]
pub struct Audit {
    pace: Pace,
    /// The stage and the step of the last call. A view would keep the history of its step, which is then copied.
    last: Option<(String, u64)>,
    /// How it differs from a new load, if it does.
    kept_state: Option<String>,
}

impl Audit {
    /// After a call for a view: a description if the control is slow, once.
    pub fn called(&mut self, view: &View, began: Instant) -> Option<String> {
        self.last = Some((view.stage.clone(), view.step));
        self.pace.add(began.elapsed())
    }

    /// At a checkpoint: compares a control file with a new load of its sources, as a resumed run makes one. Returns
    /// the difference, if there is one now or was one before, and whether it is new.
    pub fn at_checkpoint(
        &mut self,
        upper: &mut InUse,
        load: Loader,
        stages: &[Setting],
    ) -> Option<(String, bool)> {
        let is_new = self.kept_state.is_none();
        if let (true, Some((stage, step)), InUse::File(version)) = (is_new, &self.last, upper)
            && let Some(setting) = stages.iter().find(|setting| setting.stage == *stage)
        {
            let view = setting.trial_view(*step);
            self.kept_state = difference_to_new_load(&mut *version.control, load, stages, &view);
        }
        self.kept_state.clone().map(|difference| (difference, is_new))
    }
}

/// `temperature is 4 in this run and 2 after a new load of control.lua`.
fn difference_to_new_load(
    control: &mut dyn Program,
    load: Loader,
    stages: &[Setting],
    view: &View,
) -> Option<String> {
    let sources = control.sources().to_vec();
    let path = sources.first()?.path.clone();
    let mut new = load(&path, Origin::Recorded(sources), stages).program.ok()?;
    let (output, other) = (control.output(), new.output());
    let here = output.quietly(|| control.knobs(view)).ok()?;
    let there = other.quietly(|| new.knobs(view)).ok()?;
    let (knob, a, b) = here.differences(&there).next()?;
    let (a, b) = (shown_or_nil(a), shown_or_nil(b));
    Some(format!("{knob} is {a} in this run and {b} after a new load of {}", path.display()))
}

/// The text about a control that keeps state.
pub(crate) fn impure(difference: &str) -> String {
    format!(
        "the control keeps state between calls: {difference}. A resumed run makes other steps; a knob's function \
         must depend on its step and view only"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_control_is_reported_once() {
        let mut pace = Pace::default();
        let reports = (0..100).filter_map(|_| pace.add(Duration::from_millis(5))).count();
        assert_eq!(reports, 1);
        let mut pace = Pace::default();
        assert_eq!((0..100).filter_map(|_| pace.add(Duration::ZERO)).count(), 0);
    }
}
