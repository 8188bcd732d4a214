//! Losses and similarities.

use super::arg::TensorArg;
use super::op::{Op, Outcome, ops};
use super::read::{Arg, Dim};
use crate::{Error, Result};
use mlua::Value;
use tch::Tensor;

pub const OPS: &[Op] = ops! {
    "cross_entropy": (
        input: Tensor, target: TensorArg, weight: Option<Tensor>;
        ignore_index: i64 = -100, reduction: Reduction = "mean", label_smoothing: f64 = 0
    ) => {
        let target = target.tensor()?;
        input.f_cross_entropy_loss(&target, weight, reduction.0, ignore_index, label_smoothing)?
    };
    "nll_loss": (
        input: Tensor, target: TensorArg, weight: Option<Tensor>;
        ignore_index: i64 = -100, reduction: Reduction = "mean"
    ) => input.f_nll_loss_nd(&target.tensor()?, weight, reduction.0, ignore_index)?;
    "mse_loss": (input: Tensor, target: TensorArg; reduction: Reduction = "mean", weight: Option<Tensor>) => {
        let target = target.beside(&input)?.f_to_kind(input.f_kind()?)?;
        match weight {
            None => input.f_mse_loss(&target, reduction.0)?,
            Some(weight) => {
                let losses = input.f_mse_loss(&target, tch::Reduction::None)?.f_mul(&weight)?;
                match reduction.0 {
                    tch::Reduction::None => losses,
                    tch::Reduction::Sum => losses.f_sum(None)?,
                    _ => losses.f_sum(None)?.f_div(&weight.f_sum(None)?)?,
                }
            }
        }
    };
    "smooth_l1_loss": (input: Tensor, target: TensorArg; reduction: Reduction = "mean", beta: f64 = 1) => {
        let target = target.beside(&input)?.f_to_kind(input.f_kind()?)?;
        if beta == 0.0 { input.f_l1_loss(&target, reduction.0)? } else { input.f_smooth_l1_loss(&target, reduction.0, beta)? }
    };
    "binary_cross_entropy_with_logits": (
        input: Tensor, target: TensorArg, weight: Option<Tensor>;
        reduction: Reduction = "mean", pos_weight: Option<Tensor>
    ) => {
        let target = target.beside(&input)?.f_to_kind(input.f_kind()?)?;
        same_size(&input, &target)?;
        input.f_binary_cross_entropy_with_logits(&target, weight, pos_weight, reduction.0)?
    };
    "kl_div": (input: Tensor, target: Tensor; reduction: Divergence = "mean", log_target: bool = false) => {
        let (reduction, by_batch) = (reduction.0, reduction.1);
        let loss = input.f_kl_div(&target, reduction, log_target)?;
        match by_batch {
            false => loss,
            true if input.dim() == 0 => loss,
            true => loss.f_div_scalar(input.size()[0])?,
        }
    };
    "cosine_similarity": (x1: Tensor, x2: Tensor, dim: Dim = 2, eps: f64 = 1e-8) => {
        let wider = if x1.dim() >= x2.dim() { &x1 } else { &x2 };
        Tensor::f_cosine_similarity(&x1, &x2, dim.of(wider)?, eps)?
    };
    "cdist": (x1: Tensor, x2: Tensor, p: f64 = 2, compute_mode: Option<String>) => {
        let mode = compute_mode.map(|mode| compute_mode_of(&mode)).transpose()?;
        Tensor::f_cdist(&x1, &x2, p, mode)?
    };
};

/// The option `reduction`: `"mean"`, `"sum"` or `"none"`.
pub struct Reduction(tch::Reduction);

/// `reduction` of a divergence, which can be `"batchmean"`: the sum by the number of rows.
pub struct Divergence(tch::Reduction, bool);

const REDUCTIONS: [&str; 4] = ["mean", "sum", "none", "batchmean"];

/// A reduction, and whether it is by batch.
fn reduction(name: &str, names: &[&str]) -> Result<(tch::Reduction, bool)> {
    if !names.contains(&name) {
        return Err(Error::unknown("reduction", name, names.iter().copied()));
    }
    Ok(match name {
        "mean" => (tch::Reduction::Mean, false),
        "none" => (tch::Reduction::None, false),
        "batchmean" => (tch::Reduction::Sum, true),
        _ => (tch::Reduction::Sum, false),
    })
}

impl Arg for Reduction {
    const WANTED: &'static str = "\"mean\", \"sum\" or \"none\"";

    fn takes(value: &Value) -> bool {
        value.is_string()
    }

    fn read(value: &Value, name: &'static str) -> Result<Self> {
        Ok(Reduction(reduction(&String::read(value, name)?, &REDUCTIONS[..3])?.0))
    }
}

impl Arg for Divergence {
    const WANTED: &'static str = "\"mean\", \"sum\", \"none\" or \"batchmean\"";

    fn takes(value: &Value) -> bool {
        value.is_string()
    }

    fn read(value: &Value, name: &'static str) -> Result<Self> {
        let (reduction, by_batch) = reduction(&String::read(value, name)?, &REDUCTIONS)?;
        Ok(Divergence(reduction, by_batch))
    }
}

impl From<&str> for Reduction {
    fn from(_mean: &str) -> Self {
        Reduction(tch::Reduction::Mean)
    }
}

impl From<&str> for Divergence {
    fn from(_mean: &str) -> Self {
        Divergence(tch::Reduction::Mean, false)
    }
}

/// PyTorch's names of the ways to compute Euclidean distances, as libtorch counts them.
fn compute_mode_of(mode: &str) -> Result<i64> {
    const MODES: [&str; 3] = [
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    ];
    let at = MODES.iter().position(|known| *known == mode);
    at.map(|at| at as i64).ok_or_else(|| Error::unknown("compute_mode", mode, MODES))
}

/// PyTorch refuses targets that would broadcast.
fn same_size(input: &Tensor, target: &Tensor) -> Outcome<()> {
    if input.size() == target.size() {
        return Ok(());
    }
    let what =
        format!("target {:?} must have the shape of input {:?}", target.size(), input.size());
    Err(Error::new(what).into())
}
