//! A report on runs: one self-contained HTML file, or a page that is served on this machine while runs train.

mod controls;
mod curves;
mod data;
mod live;
mod page;
mod predictions;
mod serve;
mod texts;

pub use data::data;
pub use live::{Live, Parts};
pub use page::{Page, Template};
pub use serve::Server;
