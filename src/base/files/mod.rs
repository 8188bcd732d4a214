//! Atomic files, records in JSON, hashes, and the detection of placeholders of files.

pub mod atomic;
pub mod bounded;
pub mod exchange;
pub mod intact;
pub mod json;
pub mod source;
