//! T5, mT5 and umT5, written for frozen backbones.
//!
//! Raffel et al. 2020, "Exploring the limits of transfer learning with a unified text-to-text
//! transformer"; compared with `transformers` (tests/all/t5.rs). Errors are those of libtorch unless a
//! function documents others.

mod architecture;
mod attention;
mod cache;
mod checkpoint;
mod config;
mod cross;
mod dropout;
mod layers;
mod linear;
mod model;
mod norm;
mod operators;
mod parameters;
mod pass;
mod places;
mod position;
mod product;
mod stacks;

pub use config::Config;
pub use model::T5;
