//! Determinism and precision of CUDA's operators, by PyTorch's names.

use super::arith::one_of;
use super::op::{Op, Out, ops};
use compt_core::tensor::context;
use mlua::Value;

pub const FUNCTIONS: &[Op] = ops! {
    "use_deterministic_algorithms": (mode: bool = true) => context::use_deterministic_algorithms(mode);
    "are_deterministic_algorithms_enabled": () => context::are_deterministic_algorithms_enabled();
    "set_float32_matmul_precision": (precision: String) => {
        context::set_tf32(one_of("precision", &precision, &[HIGHEST, HIGH])? == HIGH)
    };
    "get_float32_matmul_precision": () => {
        let name = if context::is_tf32() { HIGH } else { HIGHEST };
        Out::make(move |lua| Ok(Value::String(lua.create_string(name)?)))
    };
};

const HIGHEST: &str = "highest";
const HIGH: &str = "high";
