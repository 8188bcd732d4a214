//! A run's folder and records, and its progress on the screen.

pub mod environment;
pub mod files;
mod folder;
pub mod progress;
pub mod source;

pub use folder::{RunFolder, Start};
