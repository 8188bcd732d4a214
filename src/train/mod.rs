//! Training: what a control may turn (`knobs`) and how the trainer asks for it (`control`); which
//! rows make a batch (`sampler`) and how they reach the backbone (`gather`).

pub mod control;
pub mod gather;
pub mod knobs;
pub mod optimizer;
pub mod sampler;
