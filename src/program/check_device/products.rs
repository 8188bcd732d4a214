//! The matrix products of a training step alone: what the step's speed is compared with.

use super::Size;
use crate::Result;
use compt_core::tensor::device::synchronise;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

const ROUNDS: usize = 5;

/// The median time of the products of T5's layers with frozen weights: forward, and backward to their inputs.
///
/// # Errors
/// Those of libtorch, for example if the memory does not suffice.
pub fn seconds(size: &Size, kind: Kind, device: Device) -> Result<f64> {
    let weights = Weights::new(size, kind, device)?;
    let input = |length: i64| {
        let shape = [size.rows * length, size.width];
        Ok::<_, crate::Error>(Tensor::f_randn(shape, (kind, device))?.f_set_requires_grad(true)?)
    };
    let (source, target) = (input(size.source + size.prompt)?, input(size.target)?);
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        synchronise();
        let start = Instant::now();
        let (mut x, mut y) = (source.shallow_clone(), target.shallow_clone());
        for _ in 0..size.layers {
            x = weights.feed_forward(&weights.attention(&x)?)?;
            // Self-attention, and cross-attention with its keys and values of the source.
            let memory =
                source.f_matmul(&weights.square)?.f_add(&source.f_matmul(&weights.square)?)?;
            let crossed =
                weights.attention(&y)?.f_matmul(&weights.square)?.f_matmul(&weights.square)?;
            y = weights.feed_forward(&crossed)?.f_add(&memory.f_mean(kind)?)?;
        }
        x.f_mean(Kind::Float)?.f_add(&y.f_mean(Kind::Float)?)?.f_backward()?;
        synchronise();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[ROUNDS / 2])
}

struct Weights {
    square: Tensor,
    up: Tensor,
    down: Tensor,
}

impl Weights {
    fn new(size: &Size, kind: Kind, device: Device) -> Result<Weights> {
        let matrix = |rows: i64, columns: i64| {
            let scale = (rows as f64).powf(-0.5);
            Tensor::f_randn([rows, columns], (kind, device))?.f_mul_scalar(scale)
        };
        Ok(Weights {
            square: matrix(size.width, size.width)?,
            up: matrix(size.width, size.inner)?,
            down: matrix(size.inner, size.width)?,
        })
    }

    /// The products for queries, keys, values and the output.
    fn attention(&self, x: &Tensor) -> Result<Tensor> {
        let [q, k, v] = [x, x, x].map(|x| x.f_matmul(&self.square));
        Ok(q?.f_add(&k?)?.f_add(&v?)?.f_matmul(&self.square)?)
    }

    /// The gated feed-forward network.
    fn feed_forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = x.f_matmul(&self.up)?;
        Ok(gate.f_add(&x.f_matmul(&self.up)?)?.f_matmul(&self.down)?)
    }
}
