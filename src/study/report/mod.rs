//! The report of some runs: one HTML file that needs nothing else.

mod answers;
mod controls;
mod data;
mod page;

pub use data::data;
pub use page::{Template, page};
