//! The report on some runs: one HTML file that needs nothing else.

mod controls;
mod curves;
mod data;
mod page;
mod predictions;
mod texts;

pub use page::{Page, Template};
