//! The control events of an earlier run.

use compt_study::records::events::Event;
use std::collections::VecDeque;

/// The control events of an earlier run, to be applied again.
#[derive(Default)]
pub struct Past {
    pub events: VecDeque<Event>,
    /// The last attempt that they control; later ones are live.
    pub until: u64,
    /// Nothing is live after them.
    pub alone: bool,
}
