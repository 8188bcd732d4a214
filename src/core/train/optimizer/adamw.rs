//! AdamW (Loshchilov & Hutter, 2019), and Adam with steps relative to each tensor's size.

use super::flat::{Flat, Gradients, Run};
use super::joined::Joined;
use super::{Group, Make, Optimizer};
use crate::Result;
use crate::nn::Named;
use crate::options::{Options, Registered};
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
    let is_decay = |beta: f64| (0.0..1.0).contains(&beta);
    if !(is_decay(betas.0) && is_decay(betas.1)) {
        return Err(o.error("'betas' must be in [0, 1)"));
    }
    let eps: f64 = o.get_or("eps", default.eps)?;
    if eps.is_nan() || eps < 0.0 {
        return Err(o.error("'eps' must be 0 or more"));
    }
    let scaled = o.get_or("scale_by_rms", false)?;
    Ok(Box::new(AdamW::new(AdamWOptions {
        betas,
        eps,
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

/// The names of the moments in a checkpoint.
const MOMENTS: [&str; 2] = ["exp_avg", "exp_avg_sq"];

pub(super) struct AdamW {
    options: AdamWOptions,
    moments: Joined,
}

impl AdamW {
    pub(super) fn new(options: AdamWOptions) -> Self {
        AdamW { options, moments: Joined::new(MOMENTS.map(String::from).to_vec()) }
    }

    /// Counts a step of each parameter with a gradient.
    fn count(&mut self, flat: &Flat, gradients: &Gradients, moments: &[Tensor]) -> Result<()> {
        let mut due = Vec::new();
        for &i in gradients.which() {
            let (name, parameter) = &flat.parameters()[i];
            let entry = self.moments.entry(flat, i, moments)?;
            entry.scale.get_or_insert(1.0);
            if self.options.scale_by_rms.is_some_and(|rms| entry.steps % rms.every.max(1) == 0) {
                due.push((name, parameter));
            }
            entry.steps += 1;
        }
        if let Some(RmsScale { floor, .. }) = self.options.scale_by_rms.filter(|_| !due.is_empty())
        {
            let norms = due.iter().map(|(_, parameter)| parameter.f_norm());
            let norms = Tensor::f_stack(&norms.collect::<std::result::Result<Vec<_>, _>>()?, 0)?;
            // A single transfer from the device.
            let norms = Vec::<f64>::try_from(&norms.f_to_kind(Kind::Double)?)?;
            for ((name, parameter), norm) in due.into_iter().zip(norms) {
                let rms = norm / (parameter.numel() as f64).sqrt();
                let entry = self.moments.states.0.get_mut(name).expect("counted above");
                entry.scale = Some(rms.max(floor));
            }
        }
        Ok(())
    }
}

impl AdamWOptions {
    /// p <- p (1 - lr decay) - lr scale m^ / (sqrt(v^) + eps), with bias-corrected m^ and v^.
    fn update(
        &self,
        run: Run,
        (mut first, mut second): (Tensor, Tensor),
        (steps, scale): (i64, f64),
        lr: f64,
        weight_decay: f64,
    ) -> Result<()> {
        let Run { mut values, gradients, .. } = run;
        let (beta1, beta2) = self.betas;
        let bias = |beta: f64| 1.0 - beta.powf(steps as f64);
        let root = bias(beta2).sqrt();
        let _ = first.f_lerp_(&gradients, 1.0 - beta1)?;
        let _ = second.f_lerp_(&gradients.f_square()?, 1.0 - beta2)?;
        if weight_decay != 0.0 {
            let _ = values.f_mul_scalar_(1.0 - lr * weight_decay)?;
        }
        // Multiplying numerator and denominator by sqrt(1 - beta2^t) saves an operation.
        let below = second.f_sqrt()?.f_add_scalar_(self.eps * root)?;
        let above = first.f_mul_scalar(-lr * scale * root / bias(beta1))?;
        let _ = values.f_addcdiv_(&above, &below)?;
        Ok(())
    }
}

impl Optimizer for AdamW {
    fn step(&mut self, flat: &Flat, gradients: &Gradients, lr: f64, decay: f64) -> Result<()> {
        tch::no_grad(|| {
            let moments = self.moments.tensors(flat)?;
            self.count(flat, gradients, &moments)?;
            let at = |name: &str| {
                let entry = &self.moments.states.0[name];
                (entry.steps, entry.scale.unwrap_or(1.0))
            };
            for run in gradients.runs(flat, |a, b| at(a) == at(b))? {
                let at = at(&flat.parameters()[run.parameters.start].0);
                let of_run = |moment: &Tensor| flat.span(moment, run.parameters.clone());
                let own = (of_run(&moments[0])?, of_run(&moments[1])?);
                self.options.update(run, own, at, lr, decay)?;
            }
            Ok(())
        })
    }

    fn state(&self) -> Result<Named> {
        self.moments.states.named()
    }

    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()> {
        self.moments.load(groups, state, true)
    }
}
