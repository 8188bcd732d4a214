//! Atomic files, records in JSON, hashes, and the detection of placeholders of files.
//! seem.

pub mod atomic;
pub mod exchange;
pub mod intact;
pub mod json;
pub mod source;
