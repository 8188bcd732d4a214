//! Files that are written whole or not at all, records of JSON, hashes, and files that are not what they
//! seem.

pub mod atomic;
pub mod intact;
pub mod json;
pub mod source;
