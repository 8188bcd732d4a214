//! Adafactor (Shazeer & Stern, 2018) with an external learning rate, as in `transformers`:
//! for a matrix only row and column means of the squared gradient are stored.

use super::flat::{Flat, Gradients};
use super::states::{Entry, Layout, States};
use super::{Group, Make, Optimizer};
use crate::Result;
use crate::nn::Named;
use crate::options::{Options, Registered};
use tch::{Kind, Tensor};

/// - `scale_parameter`: whether the rate is relative to the size of the parameter (false)
/// - `decay_rate`: the decay of the moving averages is 1 - t^-decay_rate (0.8)
/// - `clip_threshold`: maximum root mean square of an update, before the rate (1)
pub(super) const KIND: Registered<Make> = Registered {
    name: "adafactor",
    options: &["scale_parameter", "decay_rate", "clip_threshold"],
    make,
};

fn make(o: &Options) -> Result<Box<dyn Optimizer>> {
    let default = AdafactorOptions::default();
    Ok(Box::new(Adafactor::new(AdafactorOptions {
        scale_parameter: o.get_or("scale_parameter", default.scale_parameter)?,
        decay_rate: o.get_or("decay_rate", default.decay_rate)?,
        clip_threshold: o.get_or("clip_threshold", default.clip_threshold)?,
        ..default
    })))
}

struct AdafactorOptions {
    /// Multiplies the rate by max(`min_scale`, RMS of the parameter).
    scale_parameter: bool,
    /// The decay of the moving averages is 1 - t^-decay_rate.
    decay_rate: f64,
    /// The maximum RMS of an update, before the rate.
    clip_threshold: f64,
    /// Added to squared gradients.
    eps: f64,
    min_scale: f64,
}

impl Default for AdafactorOptions {
    /// The settings of Lester et al. (2021): no scaling, decay 0.8, clipping at 1 (their rate is constant,
    /// 0.3, and their weight decay 1e-5). The weight decay is the group's, times the rate.
    fn default() -> Self {
        AdafactorOptions {
            scale_parameter: false,
            decay_rate: 0.8,
            clip_threshold: 1.0,
            eps: 1e-30,
            min_scale: 1e-3,
        }
    }
}

struct Adafactor {
    options: AdafactorOptions,
    states: States,
}

impl Adafactor {
    fn new(options: AdafactorOptions) -> Self {
        Adafactor { options, states: States::default() }
    }
}

/// The moving average of squared gradients: of a matrix, its row and column means.
fn layout(shape: &[i64]) -> Layout {
    let [front @ .., rows, columns] = shape else {
        return vec![("exp_avg_sq".into(), shape.to_vec())];
    };
    let means = [("exp_avg_sq_row", rows), ("exp_avg_sq_col", columns)];
    means.map(|(name, last)| (name.into(), [front, &[*last]].concat())).to_vec()
}

/// Adds a gradient with weight `share` to the averages, and returns it divided by the root of them.
fn normalise(
    averages: &mut [(String, Tensor)],
    grad: &Tensor,
    eps: f64,
    share: f64,
) -> Result<Tensor> {
    let square = grad.f_square()?.f_add_scalar_(eps)?;
    match averages {
        [(_, rows), (_, columns)] => {
            let rows = rows.f_lerp_(&square.f_mean_dim(-1, false, None)?, share)?;
            let columns = columns.f_lerp_(&square.f_mean_dim(-2, false, None)?, share)?;
            let relative = rows.f_div(&rows.f_mean_dim(-1, true, None)?)?;
            let update = grad.f_mul(&relative.f_rsqrt()?.f_unsqueeze(-1)?)?;
            Ok({ update }.f_mul_(&columns.f_rsqrt()?.f_unsqueeze(-2)?)?)
        }
        averages => Ok(averages[0].1.f_lerp_(&square, share)?.f_rsqrt()?.f_mul_(grad)?),
    }
}

fn rms(tensor: &Tensor) -> Result<Tensor> {
    Ok(tensor.f_norm()?.f_div_scalar((tensor.numel() as f64).sqrt())?)
}

impl AdafactorOptions {
    fn update(
        &self,
        state: &mut Entry,
        parameter: &mut Tensor,
        grad: &Tensor,
        lr: f64,
        weight_decay: f64,
    ) -> Result<()> {
        state.steps += 1;
        let share = (state.steps as f64).powf(-self.decay_rate);
        let mut update = normalise(&mut state.tensors, grad, self.eps, share)?;
        let excess = rms(&update)?.f_div_scalar(self.clip_threshold)?.f_clamp_min(1.0)?;
        // All factors of the step, computed on the device.
        let mut rate = excess.f_reciprocal()?.f_mul_scalar_(lr)?;
        let decay = lr * weight_decay;
        if self.scale_parameter {
            let scale = rms(parameter)?.f_clamp_min(self.min_scale)?;
            rate = rate.f_mul_(&scale)?;
            if decay != 0.0 {
                let _ = parameter.f_mul_(&scale.f_mul_scalar(-decay)?.f_add_scalar_(1.0)?)?;
            }
        } else if decay != 0.0 {
            let _ = parameter.f_mul_scalar_(1.0 - decay)?;
        }
        let _ = parameter.f_sub_(&update.f_mul_(&rate)?)?;
        Ok(())
    }
}

impl Optimizer for Adafactor {
    fn step(&mut self, flat: &Flat, gradients: &Gradients, lr: f64, decay: f64) -> Result<()> {
        tch::no_grad(|| {
            for part in gradients.parts(flat) {
                let (name, parameter, grad) = part?;
                if !self.states.0.contains_key(name) {
                    let options = (Kind::Float, parameter.device());
                    let zeros = |(name, shape)| Ok((name, Tensor::f_zeros(shape, options)?));
                    let tensors = layout(&parameter.size()).into_iter().map(zeros);
                    let tensors = tensors.collect::<Result<_>>()?;
                    self.states.0.insert(name.into(), Entry { tensors, ..Entry::default() });
                }
                let state = self.states.0.get_mut(name).expect("inserted above");
                let mut parameter = parameter.shallow_clone();
                self.options.update(state, &mut parameter, &grad, lr, decay)?;
            }
            Ok(())
        })
    }

    fn state(&self) -> Result<Named> {
        self.states.named()
    }

    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()> {
        self.states = States::load(groups, state, false, layout)?;
        Ok(())
    }
}
