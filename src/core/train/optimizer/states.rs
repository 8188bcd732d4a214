//! The states of an optimizer by parameter name, in the format of a checkpoint.

use super::Group;
use crate::nn::{Named, named};
use crate::{Error, Result};
use std::collections::BTreeMap;
use tch::{Kind, Tensor};

/// The tensors of a state and their shapes.
pub(super) type Layout = Vec<(String, Vec<i64>)>;

/// The state of one parameter.
#[derive(Default)]
pub(super) struct Entry {
    /// The number of updates.
    pub(super) steps: i64,
    /// The scale of an update, if the optimizer has one.
    pub(super) scale: Option<f64>,
    pub(super) tensors: Named,
}

/// The states of the parameters that were updated.
#[derive(Default)]
pub(super) struct States(pub(super) BTreeMap<String, Entry>);

impl States {
    /// As `Optimizer::state`.
    pub(super) fn named(&self) -> Result<Named> {
        let mut all = Vec::new();
        for (name, entry) in &self.0 {
            let mut add = |quantity: &str, value| all.push((format!("{name}.{quantity}"), value));
            add("step", Tensor::from(entry.steps));
            for (quantity, tensor) in &entry.tensors {
                add(quantity, tensor.f_detach_copy()?);
            }
            if let Some(scale) = entry.scale {
                add("scale", Tensor::from(scale));
            }
        }
        Ok(all)
    }

    /// As `Optimizer::load_state`, for states with the tensors that `layout` returns for the shape of a
    /// parameter, and a scale if they are `scaled`.
    pub(super) fn load(
        groups: &[Group],
        state: &[(String, Tensor)],
        scaled: bool,
        layout: impl Fn(&[i64]) -> Layout,
    ) -> Result<Self> {
        let mut loaded = States::default();
        for (name, parameter) in groups.iter().flat_map(|group| &group.parameters) {
            let value = |quantity: &str| named::find(state, &format!("{name}.{quantity}"));
            let Ok(steps) = value("step") else { continue };
            let mut entry = Entry { steps: steps.f_int64_value(&[])?, ..Entry::default() };
            for (quantity, shape) in layout(&parameter.size()) {
                let tensor =
                    restored(value(&quantity)?, &shape)?.f_to_device(parameter.device())?;
                entry.tensors.push((quantity, tensor));
            }
            if scaled {
                entry.scale = Some(value("scale")?.f_to_kind(Kind::Double)?.f_double_value(&[])?);
            }
            loaded.0.insert(name.clone(), entry);
        }
        Ok(loaded)
    }
}

/// A copy of a state tensor; an error if its shape differs from `shape`.
fn restored(value: &Tensor, shape: &[i64]) -> Result<Tensor> {
    if value.size() != shape {
        return Err(Error::new(format!(
            "an optimizer state has shape {:?} where {shape:?} is expected",
            value.size()
        ))
        .hint("the checkpoint belongs to other parameters or another optimizer"));
    }
    Ok(value.f_detach_copy()?)
}
