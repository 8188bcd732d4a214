//! AdamW (Loshchilov & Hutter, 2019), and Adam with steps relative to each tensor's size.

use super::{Group, Make, Optimizer, gradient, restored};
use crate::Result;
use crate::nn::{Named, named};
use crate::options::{Options, Registered};
use std::collections::BTreeMap;
use tch::{Kind, Tensor};

/// - `betas`: decay of the first and the second moment ({ 0.9, 0.999 })
/// - `eps`: added to the root of the second moment (1e-8)
/// - `scale_by_rms`: whether a step is relative to the size of its tensor (false)
pub(super) const KIND: Registered<Make> =
    Registered { name: "adamw", options: &["betas", "eps", "scale_by_rms"], make };

fn make(o: &Options) -> Result<Box<dyn Optimizer>> {
    let default = AdamWOptions::default();
    let betas: Option<Vec<f64>> = o.get("betas")?;
    let betas = match betas.as_deref() {
        None => default.betas,
        Some(&[first, second]) => (first, second),
        Some(_) => return Err(o.error("'betas' must be two numbers")),
    };
    let scaled = o.get_or("scale_by_rms", false)?;
    Ok(Box::new(AdamW::new(AdamWOptions {
        betas,
        eps: o.get_or("eps", default.eps)?,
        scale_by_rms: scaled.then(RmsScale::default),
    })))
}

/// Makes a step relative: it is multiplied by max(`floor`, RMS of the tensor).
#[derive(Clone, Copy)]
pub(super) struct RmsScale {
    pub(super) floor: f64,
    /// The interval, in steps of the tensor, at which the RMS is computed again.
    pub(super) every: i64,
}

impl Default for RmsScale {
    fn default() -> Self {
        RmsScale { floor: 1e-3, every: 20 }
    }
}

pub(super) struct AdamWOptions {
    pub(super) betas: (f64, f64),
    pub(super) eps: f64,
    /// Scales the step, but not the weight decay.
    pub(super) scale_by_rms: Option<RmsScale>,
}

impl Default for AdamWOptions {
    /// torch's defaults: (0.9, 0.999), 1e-8, no scaling. The weight decay is the group's.
    fn default() -> Self {
        AdamWOptions { betas: (0.9, 0.999), eps: 1e-8, scale_by_rms: None }
    }
}

struct Moments {
    steps: i64,
    first: Tensor,
    second: Tensor,
    /// The scale of the step.
    scale: f64,
}

pub(super) struct AdamW {
    options: AdamWOptions,
    state: BTreeMap<String, Moments>,
}

impl AdamW {
    pub(super) fn new(options: AdamWOptions) -> Self {
        AdamW { options, state: BTreeMap::new() }
    }
}

impl AdamWOptions {
    /// p <- p (1 - lr decay) - lr scale m^ / (sqrt(v^) + eps), with bias-corrected m^ and v^.
    fn update(
        &self,
        moments: &mut Moments,
        parameter: &mut Tensor,
        grad: &Tensor,
        lr: f64,
        weight_decay: f64,
    ) -> Result<()> {
        if let Some(RmsScale { floor, every }) = self.scale_by_rms
            && moments.steps % every.max(1) == 0
        {
            moments.scale = rms(parameter)?.max(floor);
        }
        moments.steps += 1;
        let (beta1, beta2) = self.betas;
        let bias = |beta: f64| 1.0 - beta.powf(moments.steps as f64);
        let root = bias(beta2).sqrt();
        let _ = moments.first.f_lerp_(grad, 1.0 - beta1)?;
        let _ = moments.second.f_lerp_(&grad.f_square()?, 1.0 - beta2)?;
        if weight_decay != 0.0 {
            let _ = parameter.f_mul_scalar_(1.0 - lr * weight_decay)?;
        }
        // Multiplying numerator and denominator by sqrt(1 - beta2^t) saves an operation.
        let below = moments.second.f_sqrt()?.f_add_scalar_(self.eps * root)?;
        let above = moments.first.f_mul_scalar(-lr * moments.scale * root / bias(beta1))?;
        let _ = parameter.f_addcdiv_(&above, &below)?;
        Ok(())
    }
}

fn rms(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.f_norm()?.f_double_value(&[])? / (tensor.numel() as f64).sqrt())
}

impl Optimizer for AdamW {
    fn step(&mut self, group: &Group, lr: f64, weight_decay: f64) -> Result<()> {
        tch::no_grad(|| {
            for (name, parameter) in &group.parameters {
                let Some(grad) = gradient(parameter)? else { continue };
                if !self.state.contains_key(name) {
                    let (first, second) = (parameter.f_zeros_like()?, parameter.f_zeros_like()?);
                    let moments = Moments { steps: 0, first, second, scale: 1.0 };
                    self.state.insert(name.clone(), moments);
                }
                let moments = self.state.get_mut(name).expect("inserted above");
                let mut parameter = parameter.shallow_clone();
                self.options.update(moments, &mut parameter, &grad, lr, weight_decay)?;
            }
            Ok(())
        })
    }

    fn state(&self) -> Result<Named> {
        let mut all = Vec::new();
        for (name, moments) in &self.state {
            all.push((format!("{name}.step"), Tensor::from(moments.steps)));
            all.push((format!("{name}.exp_avg"), moments.first.f_detach_copy()?));
            all.push((format!("{name}.exp_avg_sq"), moments.second.f_detach_copy()?));
            all.push((format!("{name}.scale"), Tensor::from(moments.scale)));
        }
        Ok(all)
    }

    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()> {
        let mut loaded = BTreeMap::new();
        for (name, parameter) in groups.iter().flat_map(|group| &group.parameters) {
            let value = |quantity: &str| named::find(state, &format!("{name}.{quantity}"));
            let Ok(steps) = value("step") else { continue };
            let shape = parameter.size();
            let like = |quantity| restored(value(quantity)?, &shape, parameter.device());
            let moments = Moments {
                steps: steps.f_int64_value(&[])?,
                first: like("exp_avg")?,
                second: like("exp_avg_sq")?,
                scale: value("scale")?.f_to_kind(Kind::Double)?.f_double_value(&[])?,
            };
            loaded.insert(name.clone(), moments);
        }
        self.state = loaded;
        Ok(())
    }
}
