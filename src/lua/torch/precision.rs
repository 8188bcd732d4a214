//! Determinism and precision of CUDA's operators, by PyTorch's names.

use super::args::Args;
use super::op::{Op, Out, Outcome};
use crate::Error;
use compt_core::tensor::context;
use mlua::Value;

pub const FUNCTIONS: &[Op] = &[
    Op::positional("use_deterministic_algorithms", |args| {
        context::use_deterministic_algorithms(args.truth_or(1, true)?);
        Ok(Out::Nothing)
    }),
    Op::positional("are_deterministic_algorithms_enabled", |_| {
        Ok(Out::Lua(Value::Boolean(context::are_deterministic_algorithms_enabled())))
    }),
    Op::positional("set_float32_matmul_precision", set_precision),
    Op::positional("get_float32_matmul_precision", |args| {
        let name = if context::is_tf32() { HIGH } else { HIGHEST };
        Ok(Out::Lua(Value::String(args.lua.create_string(name)?)))
    }),
];

const HIGHEST: &str = "highest";
const HIGH: &str = "high";

fn set_precision(args: &Args) -> Outcome {
    let name = args.string(1)?;
    match name.as_str() {
        HIGHEST => context::set_tf32(false),
        HIGH => context::set_tf32(true),
        _ => return Err(Error::unknown("precision", &name, [HIGHEST, HIGH]).into()),
    }
    Ok(Out::Nothing)
}
