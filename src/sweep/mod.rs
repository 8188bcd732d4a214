//! The cells of a grid of runs: what each is made of, where it is recorded, and who works on it.
//!
//! A cell's folder is all that processes share: `cell.json` says what it is and what became of it,
//! `claims/` ([`crate::run::claim`]) who is at work there. Whatever runs a grid (one process, several, several machines)
//! goes through these two.

mod cell;
mod estimate;
mod identity;
mod pool;

pub use cell::{Cell, Outcome, State, now};
pub use estimate::Estimate;
pub use identity::{Basis, contents};
pub use pool::{Pool, threads_each};
