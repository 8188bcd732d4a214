//! Routers: how much each source prompt weighs for each example of a batch.

mod constant;
mod free;
pub mod normalise;
pub mod relaxed_bernoulli;

pub use constant::Constant;
pub use free::Free;
pub use normalise::{Keep, Normalisation, Rule};
pub use relaxed_bernoulli::{Draw, RelaxedBernoulli};

use crate::Result;
use crate::nn::{Named, init};
use tch::{Device, Kind, Tensor};

/// What the weights are for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// `temperature` above 0, as the schedule gives it for this step.
    Train { temperature: f64 },
    /// The same with another normalisation.
    TrainAs { temperature: f64, by: Normalisation },
    /// With the router's own normalisation.
    Eval,
    /// With another normalisation.
    EvalAs(Normalisation),
}

/// The normalisation of each phase; ComPT's are softmax and softmax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Normalisations {
    pub train: Normalisation,
    pub eval: Normalisation,
}

impl Normalisations {
    fn of(self, phase: Phase) -> Normalisation {
        match phase {
            Phase::Train { .. } => self.train,
            Phase::Eval => self.eval,
            Phase::TrainAs { by, .. } | Phase::EvalAs(by) => by,
        }
    }
}

/// Weighs S source prompts for T tasks.
pub trait Router {
    /// The trainable logits `[T, S]`, where there are any.
    fn logits(&self) -> Option<&Tensor>;

    /// Whether training weights are drawn at a temperature.
    fn samples(&self) -> bool {
        false
    }

    /// What makes the weights of a phase comparable.
    fn normalisation(&self, phase: Phase) -> Normalisation;

    /// The weights `[B, S]` of a batch; `tasks` `[B]` holds each example's task, int64 from 0.
    /// With `keep` the sources left out weigh 0.
    fn weights(&self, tasks: &Tensor, phase: Phase, keep: Option<&Keep>) -> Result<Tensor>;

    /// `router.logits`, where there are any.
    fn parameters(&self) -> Named {
        let named = |logits: &Tensor| ("router.logits".to_string(), logits.shallow_clone());
        self.logits().map(named).into_iter().collect()
    }
}

/// Logits `[T, S]` from U(-bound, bound); ComPT starts from zero.
fn initial_logits(tasks: usize, sources: usize, bound: f64, device: Device) -> Result<Tensor> {
    let shape = [tasks as i64, sources as i64];
    if bound == 0.0 {
        return init::parameter(&Tensor::f_zeros(shape, (Kind::Float, Device::Cpu))?, device);
    }
    init::parameter(&init::uniform(&shape, bound)?, device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Golden;
    use crate::nn::named;
    use normalise::Scores;

    fn tasks() -> Tensor {
        Tensor::from_slice(&[0i64, 2, 2, 3, 1])
    }

    fn router(golden: &Golden, eval: Normalisation) -> RelaxedBernoulli {
        let normalise = Normalisations { eval, ..Default::default() };
        let router =
            RelaxedBernoulli::new(4, 3, 0.0, normalise, Draw::Example, Device::Cpu).unwrap();
        let value = ("router.logits".to_string(), golden.get("router.logits"));
        named::assign(&router.parameters(), &[value]).unwrap();
        router
    }

    fn keeps() -> [(&'static str, Keep); 2] {
        [("renormalised", Rule::Renormalised), ("as_learned", Rule::AsLearned)]
            .map(|(name, rule)| (name, Keep { sources: vec![0, 2], rule }))
    }

    #[test]
    fn samples_are_normalised_as_golden() {
        let golden = Golden::open();
        for name in Normalisation::NAMES {
            let logits = golden.leaf("router.logits");
            let rows = logits.index_select(0, &tasks());
            let samples = relaxed_bernoulli::relax(&rows, &golden.get("router.u"), 1.5).unwrap();
            golden.assert_close("router.samples", &samples);
            let scores = Scores::Samples(samples);
            let rule = Normalisation::parse(name).unwrap();
            let key = format!("router.train.{name}");
            for (kept, keep) in keeps() {
                let weights = normalise::weights(&scores, rule, Some(&keep)).unwrap();
                golden.assert_close(&format!("{key}.{kept}"), &weights);
            }
            let weights = normalise::weights(&scores, rule, None).unwrap();
            golden.assert_gradients(&key, &weights, "router.cotangent", &[("logits", &logits)]);
        }
    }

    #[test]
    fn logits_are_normalised_as_golden() {
        let golden = Golden::open();
        for name in Normalisation::NAMES {
            let router = router(&golden, Normalisation::parse(name).unwrap());
            let key = format!("router.eval.{name}");
            let weights = router.weights(&tasks(), Phase::Eval, None).unwrap();
            let logits = ("logits", router.logits().unwrap());
            golden.assert_gradients(&key, &weights, "router.cotangent", &[logits]);
            for (kept, keep) in keeps() {
                let weights = router.weights(&tasks(), Phase::Eval, Some(&keep)).unwrap();
                golden.assert_close(&format!("{key}.{kept}"), &weights);
            }
        }
    }

    #[test]
    fn a_free_router_is_a_relaxed_one_without_samples() {
        let golden = Golden::open();
        let free = Free::new(4, 3, 0.0, Normalisations::default(), Device::Cpu).unwrap();
        let value = ("router.logits".to_string(), golden.get("router.logits"));
        named::assign(&free.parameters(), &[value]).unwrap();
        for phase in [Phase::Train { temperature: 5.0 }, Phase::Eval] {
            let weights = free.weights(&tasks(), phase, None).unwrap();
            golden.assert_close("router.eval.softmax", &weights);
        }
    }

    #[test]
    fn a_single_kept_source_weighs_one_unless_as_learned() {
        let constant = Constant::new(4, Device::Cpu);
        let row = |keep: Option<Keep>| -> Vec<f32> {
            let weights = constant.weights(&tasks(), Phase::Eval, keep.as_ref()).unwrap();
            assert_eq!(weights.size(), [5, 4]);
            weights.get(3).try_into().unwrap()
        };
        let keep = |rule| Some(Keep { sources: vec![1], rule });
        assert_eq!(row(None), [0.25; 4]);
        assert_eq!(row(keep(Rule::Renormalised)), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(row(keep(Rule::AsLearned)), [0.0, 0.25, 0.0, 0.0]);
        assert_eq!(row(Some(Keep { sources: vec![], rule: Rule::Renormalised })), [0.0; 4]);
        let learned = router(&Golden::open(), Normalisation::Softmax);
        let alone = Keep { sources: vec![2], rule: Rule::Renormalised };
        let weights = learned.weights(&tasks(), Phase::Eval, Some(&alone)).unwrap();
        assert_eq!(Vec::<f32>::try_from(weights.get(0)).unwrap(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn draws_are_independent_or_shared_and_finite_at_any_temperature() {
        let make = |draw| {
            let normalise = Normalisations { train: Normalisation::None, ..Default::default() };
            RelaxedBernoulli::new(4, 3, 0.0, normalise, draw, Device::Cpu).unwrap()
        };
        let weights = |draw, temperature| {
            make(draw).weights(&tasks(), Phase::Train { temperature }, None).unwrap()
        };
        let each = weights(Draw::Example, 1.0);
        assert_ne!(each.get(1), each.get(2), "two examples of one task");
        let shared = weights(Draw::Step, 1.0);
        assert_eq!(shared.get(0), shared.get(4), "equal logits, one draw");
        for temperature in [5.0, 1e-3, 1e-12] {
            let sample = weights(Draw::Example, temperature);
            assert!(sample.isfinite().all().int64_value(&[]) == 1);
        }
        let zero = make(Draw::Example).weights(&tasks(), Phase::Train { temperature: 0.0 }, None);
        assert!(zero.unwrap_err().to_string().contains("temperature"));
    }

    #[test]
    fn logits_stay_finite_in_gradient_when_all_samples_vanish() {
        let logits =
            Tensor::full([1, 2], -50.0, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let u = Tensor::from_slice(&[0f32, 1.0]).view([1, 2]);
        let samples = Scores::Samples(relaxed_bernoulli::relax(&logits, &u, 1e-3).unwrap());
        let weights = normalise::weights(&samples, Normalisation::Sum, None).unwrap();
        weights.get(0).get(0).backward();
        assert_eq!(Vec::<f32>::try_from(weights.get(0)).unwrap(), [0.0, 0.0]);
        assert!(logits.grad().isfinite().all().int64_value(&[]) == 1);
    }
}
