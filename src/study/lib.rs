//! Runs on disk and their results: records, grids, the hub, charts, reports. Neither libtorch nor Lua.

pub mod hub;
pub mod interrupt;
pub mod plot;
pub mod progress;
pub mod records;
pub mod report;
pub mod slurm;
pub mod sweep;
pub mod tables;
pub mod tensorboard;
pub mod watch;

pub(crate) use compt_error::{Error, Result};
