//! Training: what a control may turn (`knobs`) and how the trainer asks for it (`control`).

pub mod control;
pub mod knobs;
