//! Routers: the weight of each source prompt for each example of a batch. A kind of router is a file
//! here and a line of `KINDS`. Errors are those of libtorch unless a function documents others.

mod constant;
mod free;
pub mod normalise;
mod relaxed_bernoulli;

pub use normalise::{Keep, Normalisation, Rule};

use crate::Result;
use crate::nn::{Named, init};
use crate::options::{Options, Registered, Variant};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// The sizes of a router: T tasks, S source prompts.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub tasks: usize,
    pub sources: usize,
    pub device: Device,
}

type Make = fn(&Options, Sizes) -> Result<Rc<dyn Router>>;

/// All kinds of routers.
pub const KINDS: &[Registered<Make>] = &[relaxed_bernoulli::KIND, free::KIND, constant::KIND];

/// The default kind: ComPT's.
pub const DEFAULT: &str = relaxed_bernoulli::KIND.name;

/// Creates a router.
///
/// # Errors
///
/// An unknown kind or option, an invalid value, or no source prompts.
pub fn make(variant: &Variant, of: Sizes) -> Result<Rc<dyn Router>> {
    let (kind, options) = variant.among("router", KINDS)?;
    if of.sources == 0 {
        return Err(options.error("'sources' must be at least 1"));
    }
    (kind.make)(&options, of)
}

/// The phase that the weights are computed for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// `temperature` above 0, from the schedule of this step.
    Train { temperature: f64 },
    /// The same with another normalisation.
    TrainAs { temperature: f64, by: Normalisation },
    /// With the router's own normalisation.
    Eval,
    /// With another normalisation.
    EvalAs(Normalisation),
}

/// The normalisation of each phase; ComPT uses softmax in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Normalisations {
    pub train: Normalisation,
    pub eval: Normalisation,
}

impl Normalisations {
    /// The options `train` and `eval`: names of normalisations, "softmax" by default.
    fn read(o: &Options) -> Result<Self> {
        let of = |key| o.named(key, Normalisation::default(), Normalisation::parse);
        Ok(Normalisations { train: of("train")?, eval: of("eval")? })
    }

    fn of(self, phase: Phase) -> Normalisation {
        match phase {
            Phase::Train { .. } => self.train,
            Phase::Eval => self.eval,
            Phase::TrainAs { by, .. } | Phase::EvalAs(by) => by,
        }
    }
}

/// The inputs of a batch of B rows of up to L tokens, as a router reads them.
pub struct Embedded {
    /// `[B, L, d]` float32: the embeddings of the tokens, zeros for padding.
    pub embeddings: Tensor,
    /// `[B, L]` float32: 1 for a token, 0 for padding.
    pub mask: Tensor,
}

/// What the weights of a batch of B rows can depend on.
pub struct Given<'a> {
    /// The task of each row, `[B]`, int64 from 0.
    pub tasks: &'a Tensor,
    /// Private prompts `[B, m', d]` and source prompts `[S, m, d]`; `None` for a router without a bank.
    pub prompts: Option<(&'a Tensor, &'a Tensor)>,
    pub inputs: Option<&'a Embedded>,
}

impl<'a> Given<'a> {
    /// The tasks alone.
    pub fn tasks(tasks: &'a Tensor) -> Self {
        Given { tasks, prompts: None, inputs: None }
    }
}

/// What the weights of a router depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// Only the task.
    Tasks,
    /// Also the prompts: still one row of weights for each task.
    Prompts,
    /// Also the inputs: the weights of each row are its own.
    Inputs,
}

/// Computes the weights of S source prompts for T tasks.
pub trait Router {
    /// The trainable logits `[T, S]`, if there are any.
    fn logits(&self) -> Option<&Tensor>;

    /// Whether training weights are sampled at a temperature.
    fn samples(&self) -> bool {
        false
    }

    /// The normalisation of a phase.
    fn normalisation(&self, phase: Phase) -> Normalisation;

    /// What the weights depend on: `weights` is given at least this.
    fn sees(&self) -> Sees {
        Sees::Tasks
    }

    /// The weights `[B, S]` of a batch. With `keep`, the weights of excluded sources are 0. Errors: shapes, a
    /// temperature of 0 or less, or what a user-defined router raises.
    fn weights(&self, given: &Given, phase: Phase, keep: Option<&Keep>) -> Result<Tensor>;

    /// `router.logits`, if there are any.
    fn parameters(&self) -> Named {
        let named = |logits: &Tensor| ("router.logits".to_string(), logits.shallow_clone());
        self.logits().map(named).into_iter().collect()
    }
}

/// Logits `[T, S]` from U(-bound, bound) with the option `bound`; ComPT's is 0.
fn initial_logits(o: &Options, of: Sizes) -> Result<Tensor> {
    let shape = [of.tasks as i64, of.sources as i64];
    let bound: f64 = o.get_or("bound", 0.0)?;
    if bound == 0.0 {
        return init::parameter(&Tensor::f_zeros(shape, (Kind::Float, Device::Cpu))?, of.device);
    }
    init::parameter(&init::uniform(&shape, bound)?, of.device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Golden;
    use crate::nn::named;
    use normalise::Scores;
    use serde_json::{Value, json};

    /// For four tasks.
    fn made(router: Value, sources: usize) -> Rc<dyn Router> {
        let variant = Variant::read(&router, "router", None).unwrap();
        make(&variant, Sizes { tasks: 4, sources, device: Device::Cpu }).unwrap()
    }

    fn tasks() -> Tensor {
        Tensor::from_slice(&[0i64, 2, 2, 3, 1])
    }

    /// A relaxed Bernoulli router with this normalisation at inference.
    fn router(golden: &Golden, eval: &str) -> Rc<dyn Router> {
        let router = made(json!({ "kind": "relaxed_bernoulli", "eval": eval }), 3);
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
            let router = router(&golden, name);
            let key = format!("router.eval.{name}");
            let weights = router.weights(&Given::tasks(&tasks()), Phase::Eval, None).unwrap();
            let logits = ("logits", router.logits().unwrap());
            golden.assert_gradients(&key, &weights, "router.cotangent", &[logits]);
            for (kept, keep) in keeps() {
                let weights =
                    router.weights(&Given::tasks(&tasks()), Phase::Eval, Some(&keep)).unwrap();
                golden.assert_close(&format!("{key}.{kept}"), &weights);
            }
        }
    }

    #[test]
    fn a_free_router_is_a_relaxed_one_without_samples() {
        let golden = Golden::open();
        let free = made(json!("free"), 3);
        let value = ("router.logits".to_string(), golden.get("router.logits"));
        named::assign(&free.parameters(), &[value]).unwrap();
        for phase in [Phase::Train { temperature: 5.0 }, Phase::Eval] {
            let weights = free.weights(&Given::tasks(&tasks()), phase, None).unwrap();
            golden.assert_close("router.eval.softmax", &weights);
        }
    }

    #[test]
    fn a_single_kept_source_weighs_one_unless_as_learned() {
        let constant = made(json!("constant"), 4);
        let row = |keep: Option<Keep>| -> Vec<f32> {
            let weights =
                constant.weights(&Given::tasks(&tasks()), Phase::Eval, keep.as_ref()).unwrap();
            assert_eq!(weights.size(), [5, 4]);
            weights.get(3).try_into().unwrap()
        };
        let keep = |rule| Some(Keep { sources: vec![1], rule });
        assert_eq!(row(None), [0.25; 4]);
        assert_eq!(row(keep(Rule::Renormalised)), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(row(keep(Rule::AsLearned)), [0.0, 0.25, 0.0, 0.0]);
        assert_eq!(row(Some(Keep { sources: vec![], rule: Rule::Renormalised })), [0.0; 4]);
        let learned = router(&Golden::open(), "softmax");
        let alone = Keep { sources: vec![2], rule: Rule::Renormalised };
        let weights = learned.weights(&Given::tasks(&tasks()), Phase::Eval, Some(&alone)).unwrap();
        assert_eq!(Vec::<f32>::try_from(weights.get(0)).unwrap(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn draws_are_independent_or_shared_and_finite_at_any_temperature() {
        let make =
            |per| made(json!({ "kind": "relaxed_bernoulli", "train": "none", "per": per }), 3);
        let weights = |per, temperature| {
            make(per).weights(&Given::tasks(&tasks()), Phase::Train { temperature }, None).unwrap()
        };
        let each = weights("example", 1.0);
        assert_ne!(each.get(1), each.get(2), "two examples of one task");
        let shared = weights("step", 1.0);
        assert_eq!(shared.get(0), shared.get(4), "equal logits, one draw");
        for temperature in [5.0, 1e-3, 1e-12] {
            let sample = weights("example", temperature);
            assert!(sample.isfinite().all().int64_value(&[]) == 1);
        }
        let zero = make("example").weights(
            &Given::tasks(&tasks()),
            Phase::Train { temperature: 0.0 },
            None,
        );
        assert!(zero.unwrap_err().to_string().contains("temperature"));
    }

    #[test]
    fn a_kind_takes_its_own_options_and_no_others() {
        let of = Sizes { tasks: 2, sources: 2, device: Device::Cpu };
        let refused = |router: Value| {
            let variant = Variant::read(&router, "router", None).unwrap();
            make(&variant, of).err().unwrap().to_string()
        };
        let text = refused(json!("fre"));
        assert!(text.contains("unknown router 'fre'") && text.contains("'free'"), "{text}");
        let text = refused(json!({ "kind": "free", "per": "step" }));
        assert!(text.starts_with("router 'free': unknown option 'per'"), "{text}");
        let text = refused(json!({ "kind": "free", "bound": "wide" }));
        assert!(text.contains("option 'bound' must be a number, got a string"), "{text}");
        let text = refused(json!({ "kind": "relaxed_bernoulli", "eval": "softmx" }));
        assert!(text.contains("did you mean 'softmax'?"), "{text}");
        let wide = made(json!({ "kind": "free", "bound": 2 }), 50);
        let largest = wide.logits().unwrap().abs().max().double_value(&[]);
        assert!(largest > 1.0 && largest <= 2.0, "{largest}");
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
