//! Initial values. They are drawn on the CPU, so that a seed gives the same values on every device.

use crate::Result;
use tch::{Device, Kind, Tensor};

/// A float32 leaf on `device` with a value of any shape, which requires gradients.
pub fn parameter(value: &Tensor, device: Device) -> Result<Tensor> {
    let value = value.f_detach()?.f_to_device(device)?.f_to_kind(Kind::Float)?;
    Ok(value.f_set_requires_grad(true)?)
}

/// A parameter initialised with a copy of `value`, of any shape.
pub fn parameter_of(value: &Tensor, device: Device) -> Result<Tensor> {
    let value = tch::no_grad(|| value.f_detach()?.f_to_kind(Kind::Float)?.f_contiguous())?;
    parameter(&value.f_detach_copy()?, device)
}

/// Values from U(-bound, bound) of this shape, float32 on the CPU.
pub fn uniform(shape: &[i64], bound: f64) -> Result<Tensor> {
    Ok(Tensor::f_empty(shape, (Kind::Float, Device::Cpu))?.f_uniform_(-bound, bound)?)
}
