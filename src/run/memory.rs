//! The explanation of a step for which the memory of its device does not suffice.

use crate::Error;
use compt_core::tensor::{device, dtype};
use compt_core::train::Trainer;
use serde_json::Value;
use tch::Kind;

/// What libtorch's allocators say: that of the CPU, and that of CUDA.
const MESSAGES: [&str; 2] = ["can't allocate memory", "out of memory"];

/// Adds the size of the step, its largest tensors and what to lower to an error of memory; other errors are returned
/// as they are.
pub fn explained(error: Error, trainer: &Trainer, specification: &Value) -> Error {
    let text = error.to_string();
    if !MESSAGES.iter().any(|message| text.contains(message)) {
        return error;
    }
    let parts = trainer.parts();
    let backbone = parts.backbone.borrow();
    let model = &backbone.model;
    let config = model.config_json();
    let dtype = dtype::name(model.kind());
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let prompt = number(&specification["method"]["length"]);
    let tokens = number(&specification["max_source_length"]) + prompt;
    let size = Size::new(&config, number(&specification["batch_size"]), tokens, model.kind());
    let what = format!(
        "step {} does not fit in the memory of {}: {}; {text}",
        trainer.steps() + 1,
        device::name(model.device()),
        size.described(&config, dtype),
    );
    let mut help = "lower 'batch_size' and raise 'accumulate' by the same factor, which gives the same gradient; lower \
                    'max_source_length'"
        .to_string();
    if specification["recompute"] != true {
        help += "; set recompute = true";
    }
    if model.kind() == Kind::Float {
        help += "; use dtype \"bfloat16\"";
    }
    Error::new(what).hint(help)
}

/// The size of a step, and in bytes those of the tensors that a layer keeps for the gradient.
struct Size {
    rows: f64,
    tokens: f64,
    attention: f64,
    feed_forward: f64,
}

impl Size {
    fn new(config: &Value, rows: f64, tokens: f64, kind: Kind) -> Size {
        let number = |key: &str| config[key].as_f64().unwrap_or_default();
        let bytes = kind.elt_size_in_bytes() as f64;
        // Attention weights are computed in float32.
        let attention = rows * number("num_heads") * tokens * tokens * 4.0;
        Size { rows, tokens, attention, feed_forward: rows * tokens * number("d_ff") * bytes }
    }

    fn described(&self, config: &Value, dtype: &str) -> String {
        let gib = |bytes: f64| format!("{:.2} GiB", bytes / f64::from(1 << 30));
        format!(
            "{} rows of up to {} tokens and prompt rows over {} layers of width {} in {dtype}; the largest tensors of a layer are its \
             attention weights with up to {} and its feed-forward activations with up to {}",
            self.rows,
            self.tokens,
            config["num_layers"],
            config["d_model"],
            gib(self.attention),
            gib(self.feed_forward)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_largest_tensors_are_named_with_their_sizes() {
        let config = json!({ "num_heads": 12, "d_ff": 2048, "num_layers": 12, "d_model": 768 });
        let text = Size::new(&config, 32.0, 256.0, Kind::Float).described(&config, "float32");
        assert!(
            text.starts_with(
                "32 rows of up to 256 tokens and prompt rows over 12 layers of width 768"
            ),
            "{text}"
        );
        // 32 * 12 * 256 * 256 * 4 and 32 * 256 * 2048 * 4 bytes.
        assert!(text.contains("up to 0.09 GiB") && text.contains("up to 0.06 GiB"), "{text}");
    }
}
