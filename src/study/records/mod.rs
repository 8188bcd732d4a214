//! Runs on disk: the folder of a run and the records in it.

pub mod catalog;
pub mod claim;
pub mod continued;
pub mod curve;
pub mod delete;
pub mod environment;
pub mod events;
pub mod folder;
pub mod libtorch;
pub mod modules;
pub mod settings;
mod shape;

pub use folder::{RunFolder, Start};
