//! Names of dtypes, PyTorch's and short ones.

use crate::{Error, Result};
use tch::Kind;

/// (PyTorch's name, short name, kind)
const NAMES: [(&str, &str, Kind); 8] = [
    ("float32", "f32", Kind::Float),
    ("bfloat16", "bf16", Kind::BFloat16),
    ("float64", "f64", Kind::Double),
    ("float16", "f16", Kind::Half),
    ("int64", "i64", Kind::Int64),
    ("int32", "i32", Kind::Int),
    ("uint8", "u8", Kind::Uint8),
    ("bool", "b8", Kind::Bool),
];

/// `"float32"` or `"f32"` and so on. Errors: an unknown name.
pub fn parse(name: &str) -> Result<Kind> {
    NAMES
        .iter()
        .find(|(long, short, _)| name == *long || name == *short)
        .map(|(.., kind)| *kind)
        .ok_or_else(|| Error::unknown("dtype", name, NAMES.iter().map(|n| n.0)))
}

/// PyTorch's name of a kind.
pub fn name(kind: Kind) -> &'static str {
    NAMES.iter().find(|n| n.2 == kind).map_or("other", |n| n.0)
}

/// The short name of a kind, as tensors print it.
pub fn short(kind: Kind) -> &'static str {
    NAMES.iter().find(|n| n.2 == kind).map_or("other", |n| n.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_parse_and_a_wrong_one_is_explained() {
        assert_eq!(parse("bf16").unwrap(), Kind::BFloat16);
        assert_eq!(parse("bfloat16").unwrap(), Kind::BFloat16);
        assert_eq!(short(Kind::Float), "f32");
        assert!(parse("floot32").unwrap_err().to_string().contains("'float32'"));
    }
}
