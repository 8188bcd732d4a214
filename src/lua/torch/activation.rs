//! Activations, softmax, losses and layers without state.

use super::args::Args;
use super::op::{Op, Outcome};
use crate::Error;
use tch::{Kind, Reduction, Tensor};

pub const OPS: &[Op] = &[
    Op::unary("tanh", Tensor::f_tanh),
    Op::unary("sigmoid", Tensor::f_sigmoid),
    Op::unary("relu", Tensor::f_relu),
    Op::unary("silu", Tensor::f_silu),
    Op::unary("softplus", Tensor::f_softplus),
    Op::with_options("gelu", gelu),
    Op::positional("softmax", softmax),
    Op::positional("log_softmax", log_softmax),
    Op::with_options("cross_entropy", cross_entropy),
    Op::with_options("mse_loss", mse_loss),
    Op::with_options("layer_norm", layer_norm),
    Op::with_options("dropout", dropout),
    Op::positional("embedding", embedding),
    Op::positional("one_hot", one_hot),
];

/// In-place methods.
pub const IN_PLACE: &[Op] = &[
    Op::unary_in_place("tanh_", Tensor::f_tanh_),
    Op::unary_in_place("sigmoid_", Tensor::f_sigmoid_),
    Op::unary_in_place("relu_", Tensor::f_relu_),
];

/// `gelu(t, { approximate = "none" | "tanh" })`.
fn gelu(args: &Args) -> Outcome {
    let approximate = args.option_or("approximate", "none".to_string())?;
    if !["none", "tanh"].contains(&approximate.as_str()) {
        return Err(Error::unknown("approximation", &approximate, ["none", "tanh"]).into());
    }
    Ok(args.tensor(1)?.f_gelu(&approximate)?.into())
}

/// `softmax(t, dim = -1)`.
fn softmax(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_softmax(args.dim(2, &t, Some(-1))?, None)?.into())
}

/// `log_softmax(t, dim = -1)`.
fn log_softmax(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_log_softmax(args.dim(2, &t, Some(-1))?, None)?.into())
}

/// The option `reduction`: `"mean"` (the default), `"sum"` or `"none"`.
fn reduction(args: &Args) -> Outcome<Reduction> {
    match args.option_or("reduction", "mean".to_string())?.as_str() {
        "mean" => Ok(Reduction::Mean),
        "sum" => Ok(Reduction::Sum),
        "none" => Ok(Reduction::None),
        other => Err(Error::unknown("reduction", other, ["mean", "sum", "none"]).into()),
    }
}

/// `cross_entropy(logits, targets, { reduction, weight, ignore_index = -100, label_smoothing = 0 })`.
/// Logits [n, classes, ...]; targets are class ids [n, ...], which count from 0.
fn cross_entropy(args: &Args) -> Outcome {
    let (logits, targets) = (args.tensor(1)?, args.tensor_arg(2)?.tensor()?);
    let weight = args.tensor_option("weight")?;
    let ignore = args.option_or("ignore_index", -100)?;
    let smoothing = args.option_or("label_smoothing", 0.0)?;
    let reduction = reduction(args)?;
    Ok(logits.f_cross_entropy_loss(&targets, weight, reduction, ignore, smoothing)?.into())
}

/// `mse_loss(input, target, { reduction })`.
fn mse_loss(args: &Args) -> Outcome {
    let input = args.tensor(1)?;
    let target = args.beside(2, &input)?.f_to_kind(input.f_kind()?)?;
    Ok(input.f_mse_loss(&target, reduction(args)?)?.into())
}

/// `layer_norm(t, normalized_shape, { weight, bias, eps = 1e-5 })`; the shape is a number or list.
fn layer_norm(args: &Args) -> Outcome {
    let (weight, bias) = (args.tensor_option("weight")?, args.tensor_option("bias")?);
    let eps = args.option_or("eps", 1e-5)?;
    Ok(args.tensor(1)?.f_layer_norm(args.sizes(2)?, weight, bias, eps, false)?.into())
}

/// `dropout(t, p = 0.5, { training = true })`.
fn dropout(args: &Args) -> Outcome {
    let p = if args.value(2).is_nil() { 0.5 } else { args.number(2)?.float() };
    Ok(args.tensor(1)?.f_dropout(p, args.option_or("training", true)?)?.into())
}

/// `embedding(weight, ids)`: rows of `weight` [n, d] by ids, which count from 0.
fn embedding(args: &Args) -> Outcome {
    let (weight, ids) = (args.tensor(1)?, args.tensor_arg(2)?.tensor()?);
    check_ids(&ids, weight.size().first().copied().unwrap_or(0))?;
    Ok(Tensor::f_embedding(&weight, &ids, -1, false, false)?.into())
}

/// `one_hot(ids, classes)`: int64 with one more dimension; ids count from 0.
fn one_hot(args: &Args) -> Outcome {
    let (ids, classes) = (args.tensor_arg(1)?.tensor()?, args.int(2)?);
    check_ids(&ids, classes)?;
    Ok(ids.f_one_hot(classes)?.into())
}

fn check_ids(ids: &Tensor, count: i64) -> Outcome<()> {
    if ids.numel() == 0 || !matches!(ids.f_kind()?, Kind::Int64 | Kind::Int) {
        return Ok(());
    }
    for id in [ids.f_min()?.f_int64_value(&[])?, ids.f_max()?.f_int64_value(&[])?] {
        if id < 0 || id >= count {
            return Err(Error::new(format!("id {id} is not in 0 .. {}", count - 1)).into());
        }
    }
    Ok(())
}
