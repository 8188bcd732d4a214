//! Adafactor (Shazeer & Stern, 2018) with an external learning rate, as in `transformers`:
//! for a matrix only row and column means of the squared gradient are stored.

use super::{Group, Make, Optimizer, gradient, restored};
use crate::Result;
use crate::nn::{Named, named};
use crate::options::{Options, Registered};
use std::collections::BTreeMap;
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

/// The moving average of squared gradients.
enum Square {
    Full(Tensor),
    Factored { rows: Tensor, columns: Tensor },
}

struct Average {
    steps: i64,
    square: Square,
}

struct Adafactor {
    options: AdafactorOptions,
    state: BTreeMap<String, Average>,
}

impl Adafactor {
    fn new(options: AdafactorOptions) -> Self {
        Adafactor { options, state: BTreeMap::new() }
    }
}

/// The shapes of a matrix's row and column means; `None` for other tensors.
fn factors(shape: &[i64]) -> Option<[Vec<i64>; 2]> {
    let [front @ .., rows, columns] = shape else { return None };
    Some([rows, columns].map(|last| [front, &[*last]].concat()))
}

impl Square {
    fn zeros(parameter: &Tensor) -> Result<Self> {
        let options = (Kind::Float, parameter.device());
        Ok(match factors(&parameter.size()) {
            None => Square::Full(Tensor::f_zeros(parameter.size(), options)?),
            Some([rows, columns]) => Square::Factored {
                rows: Tensor::f_zeros(rows, options)?,
                columns: Tensor::f_zeros(columns, options)?,
            },
        })
    }

    /// Adds a gradient with weight `share`, and returns it divided by the root of the average.
    fn normalise(&mut self, grad: &Tensor, eps: f64, share: f64) -> Result<Tensor> {
        let square = grad.f_square()?.f_add_scalar_(eps)?;
        match self {
            Square::Full(average) => {
                Ok(average.f_lerp_(&square, share)?.f_rsqrt()?.f_mul_(grad)?)
            }
            Square::Factored { rows, columns } => {
                let rows = rows.f_lerp_(&square.f_mean_dim(-1, false, None)?, share)?;
                let columns = columns.f_lerp_(&square.f_mean_dim(-2, false, None)?, share)?;
                let relative = rows.f_div(&rows.f_mean_dim(-1, true, None)?)?;
                let update = grad.f_mul(&relative.f_rsqrt()?.f_unsqueeze(-1)?)?;
                Ok({ update }.f_mul_(&columns.f_rsqrt()?.f_unsqueeze(-2)?)?)
            }
        }
    }
}

fn rms(tensor: &Tensor) -> Result<Tensor> {
    Ok(tensor.f_norm()?.f_div_scalar((tensor.numel() as f64).sqrt())?)
}

impl AdafactorOptions {
    fn update(
        &self,
        average: &mut Average,
        parameter: &mut Tensor,
        grad: &Tensor,
        lr: f64,
        weight_decay: f64,
    ) -> Result<()> {
        average.steps += 1;
        let share = (average.steps as f64).powf(-self.decay_rate);
        let mut update = average.square.normalise(grad, self.eps, share)?;
        let excess = rms(&update)?.f_div_scalar(self.clip_threshold)?.f_clamp_min(1.0)?;
        // All factors of the step, computed on the device.
        let mut rate = excess.f_reciprocal()?.f_mul_scalar_(lr)?;
        let mut decay = lr * weight_decay;
        if self.scale_parameter {
            let scale = rms(parameter)?.f_clamp_min(self.min_scale)?;
            rate = rate.f_mul_(&scale)?;
            decay *= scale.f_double_value(&[])?;
        }
        if decay != 0.0 {
            let _ = parameter.f_mul_scalar_(1.0 - decay)?;
        }
        let _ = parameter.f_sub_(&update.f_mul_(&rate)?)?;
        Ok(())
    }
}

impl Optimizer for Adafactor {
    fn step(&mut self, group: &Group, lr: f64, weight_decay: f64) -> Result<()> {
        tch::no_grad(|| {
            for (name, parameter) in &group.parameters {
                let Some(grad) = gradient(parameter)? else { continue };
                if !self.state.contains_key(name) {
                    let average = Average { steps: 0, square: Square::zeros(parameter)? };
                    self.state.insert(name.clone(), average);
                }
                let average = self.state.get_mut(name).expect("inserted above");
                let mut parameter = parameter.shallow_clone();
                self.options.update(average, &mut parameter, &grad, lr, weight_decay)?;
            }
            Ok(())
        })
    }

    fn state(&self) -> Result<Named> {
        let mut all = Vec::new();
        for (name, average) in &self.state {
            all.push((format!("{name}.step"), Tensor::from(average.steps)));
            let parts = match &average.square {
                Square::Full(square) => vec![("exp_avg_sq", square)],
                Square::Factored { rows, columns } => {
                    vec![("exp_avg_sq_row", rows), ("exp_avg_sq_col", columns)]
                }
            };
            for (quantity, tensor) in parts {
                all.push((format!("{name}.{quantity}"), tensor.f_detach_copy()?));
            }
        }
        Ok(all)
    }

    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()> {
        let mut loaded = BTreeMap::new();
        for (name, parameter) in groups.iter().flat_map(|group| &group.parameters) {
            let value = |quantity: &str| named::find(state, &format!("{name}.{quantity}"));
            let Ok(steps) = value("step") else { continue };
            let part =
                |quantity, shape: &[i64]| restored(value(quantity)?, shape, parameter.device());
            let square = match factors(&parameter.size()) {
                None => Square::Full(part("exp_avg_sq", &parameter.size())?),
                Some([rows, columns]) => Square::Factored {
                    rows: part("exp_avg_sq_row", &rows)?,
                    columns: part("exp_avg_sq_col", &columns)?,
                },
            };
            loaded.insert(name.clone(), Average { steps: steps.f_int64_value(&[])?, square });
        }
        self.state = loaded;
        Ok(())
    }
}
