//! Training and evaluation over any backbone.
//!
//! A step: a control sets the knobs (`control`, `knobs`), a sampler selects rows (`batches`, `sampler`,
//! `by_row`), a learner computes their prompts or changes (`learner`, `composition`), `gather` packs them for the
//! encoder, `pass` computes the loss and the gradients, and an optimizer updates the parameters
//! (`optimizer`). `evaluate` and `prompt_predictor` predict targets (`predict`).

mod answer;
pub mod batch;
mod batches;
pub mod by_row;
pub mod composition;
pub mod control;
pub mod copies;
pub mod declared;
pub mod evaluate;
mod gather;
pub mod history;
pub mod knobs;
mod labels;
pub mod learner;
pub mod optimizer;
pub mod pass;
pub mod plan;
mod predict;
pub mod prompt_predictor;
pub mod report;
pub mod rows;
pub mod sampler;
mod seed;
mod settings;
mod stage;
pub mod state;
#[cfg(test)]
mod tests;
mod trainer;

pub use answer::{Answer, GeneratedText};
pub use batches::{Batch, Batches, ByRow, TaskBatches, both_choose};
pub use labels::check_labels;
pub use seed::mix;
pub use settings::{NonFinite, Recompute, Settings};
pub use stage::{Parts, Stage};
pub use trainer::{NewRows, Trainer};
