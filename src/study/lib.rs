//! What a run is and what is made of runs: records, grids, exchange formats, the hub, charts, reports. No
//! Lua.

pub mod exchange;
pub mod hub;
pub mod interrupt;
pub mod plot;
pub mod progress;
pub mod records;
pub mod report;
pub mod run;
pub mod slurm;
pub mod sweep;
pub mod watch;

pub(crate) use compt_error::{Error, Result};
