//! Passes whose layers are computed again on the way back (gradient checkpointing, Chen et al. 2016): of
//! each layer the input is kept and, on a CPU, which draws slowly, its dropout masks as booleans.

use crate::Result;
use crate::tensor::autograd::backward;
use std::cell::{Cell, RefCell};
use tch::{Device, Kind, Tensor};

/// The forward pass of a step by layers, and its way back.
///
/// torch's graph of a recomputed layer ends at its output, which is a new leaf. The way back runs layer by
/// layer from the last: the layer is computed with a graph, and the gradient of its output goes through it
/// to its inputs and parameters.
#[derive(Default)]
pub struct Tape {
    recomputes: bool,
    /// The random draws of each layer start from this seed and the layer's number.
    seed: Option<u64>,
    layers: Cell<u64>,
    steps: RefCell<Vec<Step>>,
}

enum Step {
    /// A tensor with a graph before the layers, and the leaf that they read in its place.
    Entered(Tensor, Tensor),
    Layer {
        output: Tensor,
        number: u64,
        forward: Box<dyn Fn() -> Result<Tensor>>,
        masks: Vec<Tensor>,
    },
}

/// A layer that is computed twice.
enum Twice {
    /// Its masks so far.
    First(Vec<Tensor>),
    /// The masks that are left, and the gradient of its output until it is taken.
    Again(std::vec::IntoIter<Tensor>, Option<Tensor>),
}

thread_local! {
    /// The layer that is being computed, if it is computed twice.
    static LAYER: RefCell<Option<Twice>> = const { RefCell::new(None) };
}

/// Random zeros and ones: those of `draw`, or what it drew in the layer's first computation, which costs
/// less. Errors: those of `draw`.
pub(crate) fn drawn(draw: impl FnOnce() -> Result<Tensor>, kind: Kind) -> Result<Tensor> {
    LAYER.with_borrow_mut(|layer| match layer {
        None => draw(),
        Some(Twice::First(masks)) => {
            let mask = draw()?;
            masks.push(mask.f_to_kind(Kind::Bool)?);
            Ok(mask)
        }
        Some(Twice::Again(masks, _)) => match masks.next() {
            Some(mask) => Ok(mask.f_to_kind(kind)?),
            None => draw(),
        },
    })
}

/// The gradient of the output of the layer that is computed again. Who takes it returns, instead of the
/// output, a number whose gradients are those of the output's product with it.
pub(crate) fn take_gradient() -> Option<Tensor> {
    LAYER.with_borrow_mut(|layer| match layer {
        Some(Twice::Again(_, gradient)) => gradient.take(),
        _ => None,
    })
}

impl Tape {
    /// The tape of a step. If its layers `draw` random numbers, these follow from torch's generator and are
    /// the same whether it `recomputes` or not. Errors: those of libtorch.
    pub fn new(recomputes: bool, draws: bool) -> Result<Self> {
        let seed = || -> Result<u64> {
            let seed = Tensor::f_randint(i64::MAX, [1], (Kind::Int64, Device::Cpu))?;
            Ok(Vec::<i64>::try_from(&seed)?[0] as u64)
        };
        // A panic may have left a layer.
        LAYER.take();
        let seed = draws.then(seed).transpose()?;
        Ok(Tape { recomputes, seed, ..Tape::default() })
    }

    /// Starts the random draws of a layer.
    fn seed(&self, number: u64) {
        if let Some(seed) = self.seed {
            tch::manual_seed(seed.wrapping_add(number) as i64);
        }
    }

    /// The result of `f`, which is not computed again. Errors: those of `f`.
    pub fn once<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        self.layers.set(self.layers.get() + 1);
        self.seed(self.layers.get());
        f()
    }

    /// The tensor as the layers read it. Errors: those of libtorch.
    pub fn enter(&self, tensor: &Tensor) -> Result<Tensor> {
        if !self.recomputes || !tensor.requires_grad() || tensor.is_leaf() {
            return Ok(tensor.shallow_clone());
        }
        let leaf = tensor.f_detach()?.f_set_requires_grad(true)?;
        let entered = Step::Entered(tensor.shallow_clone(), leaf.shallow_clone());
        self.steps.borrow_mut().push(entered);
        Ok(leaf)
    }

    /// The output of a layer, a function of entered tensors, outputs of layers and parameters. Errors: those
    /// of `forward`.
    pub fn layer(&self, forward: impl Fn() -> Result<Tensor> + 'static) -> Result<Tensor> {
        if !self.recomputes {
            return self.once(forward);
        }
        // With a graph, which is dropped: without one libtorch takes other operators, which give other
        // roundings.
        let (output, twice) = within(Twice::First(Vec::new()), || self.once(&forward))?;
        if !output.requires_grad() {
            return Ok(output);
        }
        let masks = if let Twice::First(masks) = twice { masks } else { Vec::new() };
        let output = output.f_detach()?.f_set_requires_grad(true)?;
        let (number, forward) = (self.layers.get(), Box::new(forward));
        let layer = Step::Layer { output: output.shallow_clone(), number, forward, masks };
        self.steps.borrow_mut().push(layer);
        Ok(output)
    }

    /// Accumulates the gradients of a loss `[]` of the pass; `shares` if the loss also depends on entered
    /// tensors past the layers. Errors: those of libtorch and of the layers.
    pub fn backward(self, loss: &Tensor, shares: bool) -> Result<()> {
        backward(loss, shares && self.recomputes)?;
        let mut steps = self.steps.take();
        let mut entered = Vec::new();
        while let Some(step) = steps.pop() {
            match step {
                Step::Entered(tensor, leaf) => entered.push((tensor, leaf.f_grad()?)),
                Step::Layer { output, number, forward, masks } => {
                    pull(std::mem::take(&mut entered))?;
                    let gradient = output.f_grad()?;
                    drop(output);
                    if !gradient.defined() {
                        continue;
                    }
                    self.seed(number);
                    let twice = Twice::Again(masks.into_iter(), Some(gradient));
                    match within(twice, forward)? {
                        (output, Twice::Again(_, Some(gradient))) => {
                            pull(vec![(output, gradient)])?
                        }
                        (product, _) if product.requires_grad() => product.f_backward()?,
                        _ => {}
                    }
                }
            }
        }
        pull(entered)?;
        self.seed(u64::MAX);
        Ok(())
    }
}

/// Computes a layer twice: also what is left of `twice`.
fn within<T>(twice: Twice, f: impl FnOnce() -> Result<T>) -> Result<(T, Twice)> {
    LAYER.set(Some(twice));
    let result = f();
    let twice = LAYER.take();
    Ok((result?, twice.expect("set above")))
}

/// Sends gradients back through the graphs of tensors.
fn pull(pairs: Vec<(Tensor, Tensor)>) -> Result<()> {
    // tch has no backward pass with a gradient: the one of a scalar product has it.
    let joined = |pair: &(Tensor, Tensor)| pair.0.requires_grad() && pair.1.defined();
    match product(pairs.into_iter().filter(joined))? {
        Some(product) => Ok(product.f_backward()?),
        None => Ok(()),
    }
}

/// The sum of the scalar products of tensors, `[]`.
pub(crate) fn product(pairs: impl IntoIterator<Item = (Tensor, Tensor)>) -> Result<Option<Tensor>> {
    let mut sum: Option<Tensor> = None;
    for (tensor, other) in pairs {
        let product = tensor.f_reshape([-1])?.f_dot(&other.f_reshape([-1])?)?;
        sum = Some(match sum {
            Some(sum) => sum.f_add(&product)?,
            None => product,
        });
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

    fn wave(start: i64) -> Tensor {
        Tensor::arange_start(start, start + 16, FLOAT).sin().view([4, 4])
    }

    /// The gradients of two parameters: every layer reads a function of the first, and the second. Other
    /// tests share torch's generator, so that the masks are not drawn from it.
    fn gradients(recomputes: bool, shares: bool) -> [Tensor; 2] {
        let (shared, weight) = (wave(0).set_requires_grad(true), wave(9).set_requires_grad(true));
        let tape = Tape::new(recomputes, false).unwrap();
        let given = shared.f_mul_scalar(2.0).unwrap().f_tanh().unwrap();
        let memory = tape.enter(&given).unwrap();
        let mut x = tape.enter(&tape.once(|| Ok(given.f_exp()?)).unwrap()).unwrap();
        let draws = Rc::new(Cell::new(0));
        for _ in 0..3 {
            let (memory, weight) = (memory.shallow_clone(), weight.shallow_clone());
            let draws = draws.clone();
            let layer = move || {
                let draw = || {
                    draws.set(draws.get() + 1);
                    Ok(wave(16 * draws.get()).f_gt(0)?.f_to_kind(Kind::Float)?)
                };
                Ok(x.f_matmul(&weight)?.f_add(&memory)?.f_mul(&drawn(draw, Kind::Float)?)?)
            };
            x = tape.layer(layer).unwrap();
        }
        let loss = x.f_pow_tensor_scalar(2).unwrap().f_mean(Kind::Float).unwrap();
        let loss = if shares { loss.f_add(&given.sum(Kind::Float)).unwrap() } else { loss };
        tape.backward(&loss, shares).unwrap();
        assert_eq!(draws.get(), 3);
        [shared.grad(), weight.grad()]
    }

    #[test]
    fn recomputed_gradients_are_those_of_the_plain_pass() {
        for shares in [false, true] {
            let (plain, again) = (gradients(false, shares), gradients(true, shares));
            for (plain, again) in plain.iter().zip(&again) {
                assert!(plain.allclose(again, 1e-5, 1e-6, false), "{plain} {again}");
            }
        }
    }

    #[test]
    fn a_layer_whose_output_is_not_used_has_no_gradient() {
        let weight = Tensor::ones([2], FLOAT).set_requires_grad(true);
        let tape = Tape::new(true, false).unwrap();
        let own = weight.shallow_clone();
        let _ = tape.layer(move || Ok(own.f_mul_scalar(2.0)?)).unwrap();
        tape.backward(&weight.sum(Kind::Float), false).unwrap();
        assert_eq!(Vec::<f32>::try_from(weight.grad()).unwrap(), [1.0, 1.0]);
    }
}
