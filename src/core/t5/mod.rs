//! T5, mT5 and umT5, written for frozen backbones.
//!
//! Raffel et al. 2020, "Exploring the limits of transfer learning with a unified text-to-text
//! transformer"; checked against `transformers` (tests/all/t5.rs).

mod attention;
mod beam;
mod cache;
pub mod change;
mod checkpoint;
pub mod config;
mod cross;
mod generate;
mod layers;
pub mod layout;
mod linear;
mod model;
mod norm;
mod padded;
mod parameters;
mod position;
mod product;
mod score;
mod stacks;

pub use beam::Beams;
pub use change::{Change, Changes};
pub use config::Config;
pub use generate::Generation;
pub use layout::{GroupCost, Layout};
pub use model::{Decoded, Encoded, IGNORED, T5, TokenLosses};
