//! A run's folder and records, and its progress on the screen.

pub mod catalog;
pub mod checkpoints;
pub mod claim;
pub mod curve;
pub mod environment;
pub mod events;
pub mod folder;
pub mod modules;
pub mod progress;
pub mod settings;
pub mod tally;

pub use folder::{RunFolder, Start};
