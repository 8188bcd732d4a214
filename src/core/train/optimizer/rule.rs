//! Update rules that are not in this crate: those of users. Counting, states and checkpoints are here.

use super::flat::{Flat, Gradients};
use super::joined::Joined;
use super::states::{Entry, Layout, States};
use super::{Group, Optimizer};
use crate::Result;
use crate::nn::Named;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A tensor that a rule keeps for a parameter; all are zeros before its first update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Of the parameter's shape, dtype and device.
    Like,
    /// A float32 number `[]` on the parameter's device.
    Scalar,
}

/// How a parameter is updated.
pub trait Rule {
    /// What it keeps for each parameter, by name.
    fn state(&self) -> &[(String, Kept)];

    /// Whether the update of an element depends on that element alone. Neighbouring parameters are then updated
    /// together; the state has no `Kept::Scalar`.
    fn is_elementwise(&self) -> bool;

    /// Changes values and state in place, without gradients.
    ///
    /// # Errors
    /// Those of the rule.
    fn update(&self, update: &Update) -> Result<()>;
}

/// What a rule is given.
pub struct Update {
    /// The parameter; `None` for several together.
    pub name: Option<String>,
    /// The values, of the parameter's shape, or `[n]` for several together. They require no gradient.
    pub values: Tensor,
    /// The gradient, of the same shape; it belongs to the update.
    pub gradient: Tensor,
    pub state: Named,
    pub lr: f64,
    pub weight_decay: f64,
    /// The number of updates of the parameter, with this one.
    pub step: i64,
}

/// The optimizer that updates by a rule.
///
/// An elementwise rule keeps no scalars.
pub fn of_rule(rule: Rc<dyn Rule>) -> Box<dyn Optimizer> {
    let names = rule.state().iter().map(|(name, _)| name.clone()).collect();
    Box::new(OfRule { rule, states: Joined::new(names), before: Vec::new() })
}

/// The updates and the tensors of a parameter before a step; `None` before its first one.
type Before = (String, Option<(i64, Vec<Tensor>)>);

struct OfRule {
    rule: Rc<dyn Rule>,
    /// For rules that are not elementwise its tensors are not joined.
    states: Joined,
    /// What the current step has changed.
    before: Vec<Before>,
}

fn layout(kept: &[(String, Kept)], shape: &[i64]) -> Layout {
    let shape_of = |kept: &Kept| match kept {
        Kept::Like => shape.to_vec(),
        Kept::Scalar => Vec::new(),
    };
    kept.iter().map(|(name, kept)| (name.clone(), shape_of(kept))).collect()
}

impl OfRule {
    /// Notes the state of a parameter before a step.
    fn note(&mut self, name: &str) -> Result<()> {
        let copies = |entry: &Entry| -> Result<(i64, Vec<Tensor>)> {
            let copies = entry.tensors.iter().map(|(_, tensor)| Ok(tensor.f_detach_copy()?));
            Ok((entry.steps, copies.collect::<Result<_>>()?))
        };
        let before = self.states.states.0.get(name).map(copies).transpose()?;
        self.before.push((name.to_string(), before));
        Ok(())
    }

    fn each(&mut self, flat: &Flat, gradients: &Gradients, rates: (f64, f64)) -> Result<()> {
        for part in gradients.parts(flat) {
            let (name, parameter, gradient) = part?;
            self.note(name)?;
            let states = &mut self.states.states.0;
            if !states.contains_key(name) {
                let zeros = |(name, kept): &(String, Kept)| -> Result<(String, Tensor)> {
                    let zeros = match kept {
                        Kept::Like => parameter.f_zeros_like()?,
                        Kept::Scalar => Tensor::f_zeros([], (Kind::Float, parameter.device()))?,
                    };
                    Ok((name.clone(), zeros))
                };
                let tensors = self.rule.state().iter().map(zeros).collect::<Result<_>>()?;
                states.insert(name.to_string(), Entry { tensors, ..Entry::default() });
            }
            let entry = states.get_mut(name).expect("inserted above");
            entry.steps += 1;
            let state = entry.tensors.iter().map(|(name, t)| (name.clone(), t.shallow_clone()));
            self.rule.update(&Update {
                name: Some(name.to_string()),
                values: parameter.f_detach()?,
                gradient,
                state: state.collect(),
                lr: rates.0,
                weight_decay: rates.1,
                step: entry.steps,
            })?;
        }
        Ok(())
    }

    fn together(&mut self, flat: &Flat, gradients: &Gradients, rates: (f64, f64)) -> Result<()> {
        let tensors = self.states.tensors(flat)?;
        for &i in gradients.which() {
            self.note(&flat.parameters()[i].0)?;
            self.states.entry(flat, i, &tensors)?.steps += 1;
        }
        let steps = |name: &str| self.states.states.0[name].steps;
        for run in gradients.runs(flat, |a, b| steps(a) == steps(b))? {
            let span = |tensor: &Tensor| flat.span(tensor, run.parameters.clone());
            let state = self.rule.state().iter().zip(&tensors);
            let state = state.map(|((name, _), tensor)| Ok((name.clone(), span(tensor)?)));
            self.rule.update(&Update {
                name: None,
                state: state.collect::<Result<_>>()?,
                lr: rates.0,
                weight_decay: rates.1,
                step: steps(&flat.parameters()[run.parameters.start].0),
                values: run.values,
                gradient: run.gradients,
            })?;
        }
        Ok(())
    }
}

impl Optimizer for OfRule {
    fn step(&mut self, flat: &Flat, gradients: &Gradients, lr: f64, decay: f64) -> Result<()> {
        tch::no_grad(|| match self.rule.is_elementwise() {
            true => self.together(flat, gradients, (lr, decay)),
            false => self.each(flat, gradients, (lr, decay)),
        })
    }

    fn state(&self) -> Result<Named> {
        self.states.states.named()
    }

    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()> {
        if self.rule.is_elementwise() {
            return self.states.load(groups, state, false);
        }
        let of_shape = |shape: &[i64]| layout(self.rule.state(), shape);
        self.states.states = States::load(groups, state, false, of_shape)?;
        Ok(())
    }

    fn end(&mut self, failed: bool) -> Result<()> {
        let before = std::mem::take(&mut self.before);
        if !failed {
            return Ok(());
        }
        tch::no_grad(|| {
            for (name, before) in before {
                let Some(entry) = self.states.states.0.get_mut(&name) else { continue };
                match before {
                    Some((steps, copies)) => {
                        entry.steps = steps;
                        for ((_, tensor), copy) in entry.tensors.iter_mut().zip(&copies) {
                            tensor.f_copy_(copy)?;
                        }
                    }
                    None => {
                        // Joined tensors are those of the next first update.
                        for (_, tensor) in &mut entry.tensors {
                            let _ = tensor.f_zero_()?;
                        }
                        self.states.states.0.remove(&name);
                    }
                }
            }
            Ok(())
        })
    }
}
