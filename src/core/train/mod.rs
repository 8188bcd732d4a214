//! Training: what a control may turn (`knobs`) and how the trainer asks for it (`control`); which
//! rows make a batch (`sampler`) and how they reach the backbone (`gather`).

pub mod answering;
pub mod composition;
pub mod control;
pub mod declared;
pub mod evaluate;
pub mod gather;
pub mod history;
pub mod knobs;
mod labels;
pub mod learner;
pub mod optimizer;
mod parts;
pub mod pass;
pub mod plan;
pub mod predict;
pub mod report;
pub mod rows;
pub mod sampler;
mod seed;
pub mod state;
mod trainer;

pub use labels::check_labels;
pub use parts::{Batch, Batches, NonFinite, Parts, Settings, Stage, TaskBatches};
pub use seed::mix;
pub use trainer::Trainer;
