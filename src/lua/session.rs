//! What the command line decided: the session a script runs in.

use crate::tensor::device;
use crate::{Error, Result};
use serde_json::{Map, Number, Value};
use std::path::PathBuf;
use tch::Device;

/// Kept in the main state's app data; bindings read it with `lua.app_data_ref::<Session>()`.
#[derive(Debug, Clone)]
pub struct Session {
    /// The values of `--set`, which a script sees as `compt.args`.
    pub args: Map<String, Value>,
    /// Where runs are recorded, if `--out` was given.
    pub out: Option<PathBuf>,
    /// The default device: `cpu`, `cuda`, `cuda:1` or `auto`.
    pub device: String,
    /// Seeds torch and `math.random`.
    pub seed: u64,
    pub script: Option<Script>,
}

/// The script that is run.
#[derive(Debug, Clone)]
pub struct Script {
    pub path: PathBuf,
    pub source: String,
}

impl Default for Session {
    fn default() -> Self {
        Session { args: Map::new(), out: None, device: "auto".into(), seed: 0, script: None }
    }
}

impl Session {
    /// The default device. A CUDA device is seeded here, because libtorch's CUDA part is only
    /// loaded once one is wanted.
    pub fn device(&self) -> Result<Device> {
        let device = device::parse(&self.device)?;
        if device.is_cuda() {
            tch::Cuda::manual_seed_all(self.seed);
        }
        Ok(device)
    }
}

/// Reads `key=value`: a number, `true`, `false` or else text. `a.b=1` is the key `a.b`.
pub fn parse_arg(text: &str) -> Result<(String, Value)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_string(), arg_value(value))),
        _ => Err(Error::new(format!("expected key=value, got '{text}'"))),
    }
}

fn arg_value(text: &str) -> Value {
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(integer) = text.parse::<i64>() {
        return integer.into();
    }
    // Rust also reads "inf" and "nan" as numbers.
    let starts_as_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = text.parse().ok().filter(|_| starts_as_number).and_then(Number::from_f64);
    number.map_or_else(|| text.into(), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_numbers_booleans_or_text() {
        let value = |text: &str| parse_arg(text).unwrap().1;
        assert_eq!(value("k=16"), json!(16));
        assert_eq!(value("lr=-1e-3"), json!(-0.001));
        assert_eq!(value("residual=false"), json!(false));
        for text in ["t5-base", "nan", "inf", "-inf", "1e999", "", "a=b", "0x10", "1_000"] {
            assert_eq!(value(&format!("x={text}")), json!(text));
        }
        assert_eq!(parse_arg("a.b=1").unwrap().0, "a.b");
    }

    #[test]
    fn a_value_needs_a_key() {
        let text = parse_arg("shots").unwrap_err().to_string();
        assert_eq!(text, "expected key=value, got 'shots'");
        assert!(parse_arg("=3").is_err());
    }
}
