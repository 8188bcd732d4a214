//! Parameters as parts of one tensor: a kernel reads or writes all of them.

use super::Group;
use crate::Result;
use crate::nn::Named;
use crate::tensor::autograd::clear_grads;
use std::ops::Range;
use tch::Tensor;

/// The maximum number of elements of several parameters together, which bounds the memory of a step. A
/// larger parameter is alone.
const MOST: usize = 1 << 22;

/// Consecutive parameters of a group, with the same dtype and device.
pub struct Flat {
    /// The index of their group.
    pub group: usize,
    parameters: Named,
    /// The first element of each parameter in `values`, and the end of the last.
    starts: Vec<i64>,
    /// `[n]`: the parameters are views of it, once they are joined.
    values: Tensor,
}

/// The gradients of the parameters of a [`Flat`] that have one.
pub struct Gradients {
    /// The index of its [`Flat`].
    pub flat: usize,
    /// The indices of the parameters, ascending.
    which: Vec<usize>,
    /// Their gradients, one after the other: `[g]`.
    pub(super) values: Tensor,
}

/// Consecutive parameters with a gradient: the parts of their values and of their gradients.
pub(super) struct Run {
    pub(super) parameters: Range<usize>,
    pub(super) values: Tensor,
    pub(super) gradients: Tensor,
}

impl Flat {
    /// The parameters of groups, in their order.
    pub fn of(groups: &[Group]) -> Vec<Flat> {
        Flat::with_room(groups, MOST)
    }

    /// Each parameter of groups alone: joining contiguous ones leaves them where they are, so that other tensors that
    /// share their memory still do.
    pub fn each(groups: &[Group]) -> Vec<Flat> {
        Flat::with_room(groups, 0)
    }

    fn with_room(groups: &[Group], most: usize) -> Vec<Flat> {
        let mut all: Vec<Flat> = Vec::new();
        for (group, Group { parameters, .. }) in groups.iter().enumerate() {
            for (name, tensor) in parameters {
                let added = (name.clone(), tensor.shallow_clone());
                let has_room =
                    |flat: &&mut Flat| flat.group == group && flat.has_room(tensor, most);
                match all.last_mut().filter(has_room) {
                    Some(flat) => flat.push(added),
                    None => {
                        let (parameters, starts) = (Vec::new(), vec![0]);
                        let mut flat = Flat { group, parameters, starts, values: Tensor::new() };
                        flat.push(added);
                        all.push(flat);
                    }
                }
            }
        }
        all
    }

    fn push(&mut self, parameter: (String, Tensor)) {
        self.starts.push(self.numel() + parameter.1.numel() as i64);
        self.parameters.push(parameter);
    }

    fn has_room(&self, next: &Tensor, most: usize) -> bool {
        let like = |(_, own): &(String, Tensor)| {
            own.kind() == next.kind() && own.device() == next.device()
        };
        self.parameters.first().is_some_and(like) && self.numel() as usize + next.numel() <= most
    }

    fn numel(&self) -> i64 {
        self.starts[self.parameters.len()]
    }

    pub(super) fn parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    /// `[n]`: the values of the joined parameters.
    pub(super) fn values(&self) -> &Tensor {
        &self.values
    }

    /// The view of a parameter in a tensor `[n]` like the values.
    pub(super) fn part(&self, all: &Tensor, parameter: usize) -> Result<Tensor> {
        let part = self.span(all, parameter..parameter + 1)?;
        Ok(part.f_view(&self.parameters[parameter].1.size()[..])?)
    }

    /// The part of consecutive parameters in a tensor `[n]` like the values.
    pub(super) fn span(&self, all: &Tensor, parameters: Range<usize>) -> Result<Tensor> {
        let (start, end) = (self.starts[parameters.start], self.starts[parameters.end]);
        Ok(all.f_narrow(0, start, end - start)?)
    }

    /// Makes the parameters views of one tensor, unless they are: another trainer of the same parameters
    /// makes them views of its own.
    pub fn join(&mut self) -> Result<()> {
        if self.is_joined() {
            return Ok(());
        }
        let flattened = self.parameters.iter().map(|(_, p)| p.f_detach()?.f_reshape([-1]));
        let mut flattened = flattened.collect::<std::result::Result<Vec<_>, _>>()?;
        if let [(_, only)] = &self.parameters[..]
            && only.is_contiguous()
        {
            self.values = flattened.remove(0);
            return Ok(());
        }
        self.values = Tensor::f_cat(&flattened, 0)?;
        for (i, (_, parameter)) in self.parameters.iter().enumerate() {
            parameter.shallow_clone().f_set_data(&self.part(&self.values, i)?)?;
        }
        Ok(())
    }

    fn is_joined(&self) -> bool {
        if !self.values.defined() {
            return false;
        }
        let first = self.values.data_ptr() as usize;
        let width = self.values.kind().elt_size_in_bytes();
        self.parameters.iter().zip(&self.starts).all(|((_, parameter), start)| {
            let place = first + *start as usize * width;
            parameter.numel() == 0
                || parameter.data_ptr() as usize == place && parameter.is_contiguous()
        })
    }

    /// Copies of the joined parameters that have one of these gradients.
    pub fn copies(&self, gradients: &Gradients) -> Result<Named> {
        let (first, last) = (gradients.which[0], gradients.which[gradients.which.len() - 1]);
        let copy = self.span(&self.values, first..last + 1)?.f_detach_copy()?;
        let of_parameter = |&i: &usize| {
            let (name, parameter) = &self.parameters[i];
            let (start, size) = (self.starts[i] - self.starts[first], parameter.size());
            let part = copy.f_narrow(0, start, parameter.numel() as i64)?.f_view(&size[..])?;
            Ok((name.clone(), part))
        };
        gradients.which.iter().map(of_parameter).collect()
    }
}

impl Gradients {
    /// Takes the gradients of all parameters, which have none afterwards; a [`Flat`] without gradients is
    /// left out.
    pub fn take(flats: &[Flat]) -> Result<Vec<Gradients>> {
        let all = Gradients::of(flats)?;
        for gradients in &all {
            let parameters = &flats[gradients.flat].parameters;
            clear_grads(gradients.which.iter().map(|&i| &parameters[i].1))?;
        }
        Ok(all)
    }

    /// Copies of the gradients of all parameters, as in `take`; the parameters keep theirs.
    pub fn copies(flats: &[Flat]) -> Result<Vec<Gradients>> {
        let mut all = Gradients::of(flats)?;
        for gradients in all.iter_mut().filter(|gradients| gradients.which.len() == 1) {
            gradients.values = gradients.values.f_detach_copy()?;
        }
        Ok(all)
    }

    /// A single gradient is that of the parameter itself.
    fn of(flats: &[Flat]) -> Result<Vec<Gradients>> {
        let mut all = Vec::new();
        for (at, flat) in flats.iter().enumerate() {
            let (mut which, mut grads) = (Vec::new(), Vec::new());
            for (i, (_, parameter)) in flat.parameters.iter().enumerate() {
                let grad = parameter.f_grad()?;
                if grad.defined() {
                    which.push(i);
                    grads.push(grad.f_reshape([-1])?);
                }
            }
            let values = match grads.len() {
                0 => continue,
                1 => grads.remove(0),
                _ => Tensor::f_cat(&grads, 0)?,
            };
            all.push(Gradients { flat: at, which, values });
        }
        Ok(all)
    }

    /// The indices of the parameters that have a gradient, ascending.
    pub(super) fn which(&self) -> &[usize] {
        &self.which
    }

    /// Each parameter with its gradient, of the parameter's shape.
    pub fn parts<'a>(
        &'a self,
        flat: &'a Flat,
    ) -> impl Iterator<Item = Result<(&'a str, &'a Tensor, Tensor)>> {
        let mut start = 0;
        self.which.iter().map(move |&i| {
            let (name, parameter) = &flat.parameters[i];
            let (size, count) = (parameter.size(), parameter.numel() as i64);
            let part = self.values.f_narrow(0, start, count)?.f_view(&size[..])?;
            start += count;
            Ok((name.as_str(), parameter, part))
        })
    }

    /// The parameters with a gradient in runs whose neighbours are alike.
    pub(super) fn runs(&self, flat: &Flat, alike: impl Fn(&str, &str) -> bool) -> Result<Vec<Run>> {
        let name = |i: usize| flat.parameters[i].0.as_str();
        let together = |a: &usize, b: &usize| a + 1 == *b && alike(name(*a), name(*b));
        let mut start = 0;
        let run = |which: &[usize]| {
            let parameters = which[0]..which[which.len() - 1] + 1;
            let values = flat.span(&flat.values, parameters.clone())?;
            let count = values.numel() as i64;
            let gradients = self.values.f_narrow(0, start, count)?;
            start += count;
            Ok(Run { parameters, values, gradients })
        };
        self.which.chunk_by(together).map(run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn group(sizes: &[i64]) -> Group {
        let leaf = |size: &i64| Tensor::ones([*size, 2], (Kind::Float, Device::Cpu));
        let named = |(i, size): (usize, &i64)| (i.to_string(), leaf(size).set_requires_grad(true));
        let parameters = sizes.iter().enumerate().map(named).collect();
        Group { name: "g".into(), parameters, weight_decay: 0.0 }
    }

    #[test]
    fn a_written_part_is_the_value_of_its_parameter() {
        let group = group(&[2, 1, 3]);
        let handle = group.parameters[1].1.shallow_clone();
        let [flat] = &mut Flat::of(std::slice::from_ref(&group))[..] else { panic!("one part") };
        flat.join().unwrap();
        let _ = flat.part(&flat.values, 1).unwrap().fill_(5.0);
        assert_eq!(Vec::<f32>::try_from(handle.flatten(0, -1)).unwrap(), [5.0, 5.0]);
        assert!(handle.requires_grad() && handle.is_leaf());
        let again = &mut Flat::of(std::slice::from_ref(&group))[0];
        again.join().unwrap();
        assert!(!flat.is_joined() && again.is_joined(), "the parameters belong to the last");
        let _ = again.values.fill_(7.0);
        flat.join().unwrap();
        assert_eq!(flat.values, again.values);
    }

    #[test]
    fn gradients_are_taken_and_their_neighbours_are_one_run() {
        let group = group(&[2, 1, 3, 1]);
        for (i, factor) in [(0, 2.0), (1, 3.0), (3, 4.0)] {
            (&group.parameters[i].1 * factor).sum(Kind::Float).backward();
        }
        let mut flats = Flat::of(std::slice::from_ref(&group));
        let taken = Gradients::take(&flats).unwrap();
        assert!(group.parameters.iter().all(|(_, p)| !p.grad().defined()));
        flats[0].join().unwrap();
        let runs = |alike: fn(&str, &str) -> bool| taken[0].runs(&flats[0], alike).unwrap();
        let ranges = |runs: &[Run]| runs.iter().map(|r| r.parameters.clone()).collect::<Vec<_>>();
        let joint = runs(|_, _| true);
        assert_eq!(ranges(&joint), [0..2, 3..4]);
        assert_eq!(Vec::<f32>::try_from(&joint[1].gradients).unwrap(), [4.0, 4.0]);
        assert_eq!(ranges(&runs(|a, b| a == b)), [0..1, 1..2, 3..4]);
        let copies = flats[0].copies(&taken[0]).unwrap();
        let names: Vec<&str> = copies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["0", "1", "3"]);
        assert_eq!(copies[2].1.size(), [1, 2]);
    }

    #[test]
    fn a_large_parameter_and_one_of_another_dtype_are_alone() {
        let mut group = group(&[2, MOST as i64, 1]);
        group.parameters.push(("half".into(), Tensor::zeros([2], (Kind::Half, Device::Cpu))));
        let counts: Vec<usize> = Flat::of(&[group]).iter().map(|f| f.parameters.len()).collect();
        assert_eq!(counts, [1, 1, 1, 1]);
    }
}
