//! Passes whose layers are computed again on the way back (gradient checkpointing, Chen et al. 2016): of
//! each layer only the input is kept.

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
    },
}

impl Tape {
    /// The tape of a step. If its layers `draw` random numbers, these follow from torch's generator and are
    /// the same whether it `recomputes` or not. Errors: those of libtorch.
    pub fn new(recomputes: bool, draws: bool) -> Result<Self> {
        let seed = || -> Result<u64> {
            let seed = Tensor::f_randint(i64::MAX, [1], (Kind::Int64, Device::Cpu))?;
            Ok(Vec::<i64>::try_from(&seed)?[0] as u64)
        };
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
        let output = self.once(|| tch::no_grad(&forward))?.f_set_requires_grad(true)?;
        let (number, forward) = (self.layers.get(), Box::new(forward));
        let layer = Step::Layer { output: output.shallow_clone(), number, forward };
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
                Step::Layer { output, number, forward } => {
                    pull(std::mem::take(&mut entered))?;
                    let gradient = output.f_grad()?;
                    drop(output);
                    if gradient.defined() {
                        self.seed(number);
                        pull(vec![(forward()?, gradient)])?;
                    }
                }
            }
        }
        pull(entered)?;
        self.seed(u64::MAX);
        Ok(())
    }
}

/// Sends gradients back through the graphs of tensors.
fn pull(pairs: Vec<(Tensor, Tensor)>) -> Result<()> {
    // tch has no backward pass with a gradient: the one of a scalar product has it.
    let mut sum: Option<Tensor> = None;
    let joined = |pair: &&(Tensor, Tensor)| pair.0.requires_grad() && pair.1.defined();
    for (tensor, gradient) in pairs.iter().filter(joined) {
        let product = tensor.f_reshape([-1])?.f_dot(&gradient.f_reshape([-1])?)?;
        sum = Some(match sum {
            Some(sum) => sum.f_add(&product)?,
            None => product,
        });
    }
    Ok(sum.map_or(Ok(()), |sum| sum.f_backward())?)
}
