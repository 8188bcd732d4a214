//! The control events of an earlier run.

use crate::{Error, Result};
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

/// A setting of a recorded event. Errors: it is not one.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Error::new(format!("a recorded setting: {e}")))
}
