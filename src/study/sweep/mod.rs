//! Grids of runs: in this process, in several, or on a cluster.
//!
//! A plan ([`Plan`]) lists a grid's cells: what each is made of, and where it is recorded. A cell's
//! folder is all that processes share: `cell.json` says what it is and what became of it, `claims/`
//! ([`crate::records::claim`]) who is at work there.

mod cell;
mod changes;
mod estimate;
mod identity;
mod indices;
mod listing;
mod plan;
mod pool;
mod side_by_side;
mod submission;
#[cfg(test)]
mod tests;

pub use cell::{Cell, CellState, Outcome, described, now};
pub use changes::{code_changes, data_changes};
pub use estimate::Estimate;
pub use identity::{Basis, contents};
pub use indices::Indices;
pub use listing::Listing;
pub use plan::{Head, Launch, Plan};
pub use side_by_side::side_by_side;
pub use submission::{Submission, Wanted, queued, submissions};
