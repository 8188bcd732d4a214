//! A report on runs: one self-contained HTML file.

mod controls;
mod curves;
mod data;
mod page;
mod predictions;
mod texts;

pub use page::{Page, Template};
