//! Grids of runs: in this process, in several, or on a cluster.
//!
//! A plan ([`Plan`]) lists a grid's cells: what determines each, and where it is recorded. Processes
//! share only a cell's folder: `cell.json` has its description and its outcome, `claims/`
//! ([`crate::records::claim`]) the process that is working on it.

mod cell;
mod changes;
mod estimate;
mod identity;
mod indices;
mod jobs;
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
pub use jobs::Jobs;
pub use listing::Listing;
pub use plan::{Head, Launch, Plan};
pub use side_by_side::{Together, side_by_side};
pub use submission::{Submission, Wanted, queued, readable_submissions, submissions};
