//! The interface between training and a model: the `Backbone` trait of a frozen encoder-decoder,
//! and model-independent types.
//!
//! A batch is passed as packed rows (`Layout`): embeddings in, states and logits out. Errors are those of
//! libtorch unless a function documents others.

mod architecture;
mod beam;
mod change;
mod encoded;
mod generate;
mod layout;
mod loaded;
mod losses;
mod model;
mod padded;
pub(crate) mod recompute;
mod score;
#[cfg(test)]
pub(crate) mod toy;

pub use architecture::{Architecture, WeightSource};
pub use beam::Beams;
pub use change::{Bottleneck, Change, Changes, Place, PlaceKind};
pub use encoded::{Decoded, Encoded};
pub use generate::{Generate, Generation};
pub use layout::{Group, GroupCost, Layout};
pub use loaded::{LoadedBackbone, Origin};
pub use losses::{IGNORED, TokenLosses};
pub(crate) use model::check_id;
pub use model::{Backbone, DecoderState, ModelConfig};
pub use recompute::Tape;
