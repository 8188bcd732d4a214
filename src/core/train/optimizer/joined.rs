//! States that are parts of one tensor for each [`Flat`].

use super::Group;
use super::flat::Flat;
use super::states::{Entry, States};
use crate::Result;
use std::collections::BTreeMap;
use tch::Tensor;

/// States of parameters with a tensor of the parameter's shape for each of some names.
pub(super) struct Joined {
    names: Vec<String>,
    /// Their tensors are views of `all`.
    pub(super) states: States,
    /// The tensors of a [`Flat`], `[n]` for each name, by the name of its first parameter.
    all: BTreeMap<String, Vec<Tensor>>,
}

impl Joined {
    pub(super) fn new(names: Vec<String>) -> Self {
        Joined { names, states: States::default(), all: BTreeMap::new() }
    }

    /// The tensors of these parameters, `[n]` for each name; those of a loaded state become views of them.
    pub(super) fn tensors(&mut self, flat: &Flat) -> Result<Vec<Tensor>> {
        let first = &flat.parameters()[0].0;
        if !self.all.contains_key(first) {
            let zeros = self.names.iter().map(|_| Ok(flat.values().f_zeros_like()?));
            let tensors = zeros.collect::<Result<Vec<Tensor>>>()?;
            for (i, (name, _)) in flat.parameters().iter().enumerate() {
                let Some(entry) = self.states.0.get_mut(name) else { continue };
                for ((_, loaded), tensor) in entry.tensors.iter_mut().zip(&tensors) {
                    let mut part = flat.part(tensor, i)?;
                    part.f_copy_(loaded)?;
                    *loaded = part;
                }
            }
            self.all.insert(first.clone(), tensors);
        }
        Ok(self.all[first].iter().map(Tensor::shallow_clone).collect())
    }

    /// The state of a parameter; before its first step it has parts of `tensors`.
    pub(super) fn entry(
        &mut self,
        flat: &Flat,
        parameter: usize,
        tensors: &[Tensor],
    ) -> Result<&mut Entry> {
        let name = &flat.parameters()[parameter].0;
        if !self.states.0.contains_key(name) {
            let views = self.names.iter().zip(tensors);
            let views = views.map(|(name, all)| Ok((name.clone(), flat.part(all, parameter)?)));
            let entry = Entry { tensors: views.collect::<Result<_>>()?, ..Entry::default() };
            self.states.0.insert(name.clone(), entry);
        }
        Ok(self.states.0.get_mut(name).expect("inserted above"))
    }

    /// As `States::load`.
    pub(super) fn load(
        &mut self,
        groups: &[Group],
        state: &[(String, Tensor)],
        scaled: bool,
    ) -> Result<()> {
        let layout =
            |shape: &[i64]| self.names.iter().map(|name| (name.clone(), shape.to_vec())).collect();
        self.states = States::load(groups, state, scaled, layout)?;
        self.all.clear();
        Ok(())
    }
}
