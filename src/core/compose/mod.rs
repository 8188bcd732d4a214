//! Composition: how a private prompt and weighted source prompts become the prompt of an example. An
//! operator is a file here and a line of `BUILT_IN`.
//!
//! An operator takes `private` `[B, m', d]`, `sources` `[S, m, d]` and `weights` `[B, S]` and
//! returns `[B, m', d]`; all of it is differentiable.

mod concat;
mod isolate;
mod private;
mod product;
mod sum;

pub use isolate::{Isolated, Isolation};

use crate::nn::Named;
use crate::{Error, Result};
use std::rc::Rc;
use tch::Tensor;

/// A composition as a study names it.
pub trait Operator {
    fn name(&self) -> &str;

    /// m', the rows of a private prompt, for S sources of m rows.
    fn private_length(&self, _sources: i64, length: i64) -> i64 {
        length
    }

    /// What it trains beside the prompts: `operator.NAME`.
    fn parameters(&self) -> Named {
        Named::new()
    }

    /// private `[B, m', d]`, sources `[S, m, d]`, weights `[B, S]` to `[B, m', d]`
    ///
    /// # Errors
    ///
    /// Shapes that do not fit; and what an operator of the user fails with.
    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor>;

    /// The composition with some prompts left out. `weights` are 0 for the sources left out
    /// (`isolation.kept`). By default a source without weight adds nothing and the private
    /// prompt is part of every column.
    ///
    /// # Errors
    ///
    /// As of `compose`; an isolation that leaves the operator nothing to compose.
    fn isolate(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        isolation.needs_both(self.name())?;
        Ok(Isolated::whole(self.compose(private, sources, weights)?))
    }
}

type Make = fn() -> Rc<dyn Operator>;

/// Every built-in operator by its name.
const BUILT_IN: &[(&str, Make)] = &[
    ("sum", || Rc::new(sum::Sum)),
    ("product", || Rc::new(product::Product)),
    ("concat", || Rc::new(concat::Concat)),
    ("private", || Rc::new(private::Private)),
];

/// The names of the built-in operators.
pub fn built_in_names() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// A built-in operator.
///
/// # Errors
///
/// An unknown name, with the nearest known one.
pub fn built_in(name: &str) -> Result<Rc<dyn Operator>> {
    match BUILT_IN.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => Ok(make()),
        None => Err(Error::unknown("composition", name, built_in_names())),
    }
}

/// sum_s w_s P_s: sources `[S, m, d]`, weights `[B, S]` to `[B, m, d]`
fn weighted_sum(sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (_, m, d) = dimensions(sources, weights)?;
    Ok(weights.f_matmul(&sources.f_flatten(1, 2)?)?.f_view([-1, m, d])?)
}

/// S, m, d of sources that fit the weights.
fn dimensions(sources: &Tensor, weights: &Tensor) -> Result<(i64, i64, i64)> {
    match (&sources.size()[..], &weights.size()[..]) {
        (&[s, m, d], &[_, n]) if s == n => Ok((s, m, d)),
        (sources, weights) => Err(Error::new(format!(
            "sources {sources:?} and weights {weights:?} do not fit: they must be [S, m, d] and \
             [B, S]"
        ))),
    }
}

/// The private prompts must have the shape of the mixed source prompts, `mixed` `[B, m', d]`.
fn check_private(private: &Tensor, mixed: &Tensor) -> Result<()> {
    let (found, wanted) = (private.size(), mixed.size());
    if found != wanted {
        return Err(Error::new(format!(
            "the private prompts are {found:?} and must be {wanted:?}"
        ))
        .hint("[B, m, d] for sum and product, [B, S * m, d] for concat"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Golden;

    #[test]
    fn operators_match_their_golden_values_and_gradients() {
        let golden = Golden::open();
        for (name, suffix) in [("sum", ""), ("product", ""), ("concat", "_long")] {
            let [p, s, w] = [&format!("private{suffix}"), "sources", "weights"]
                .map(|x| golden.leaf(&format!("compose.{x}")));
            let operator = built_in(name).unwrap();
            assert_eq!(operator.private_length(2, 4), p.size()[1]);
            let prompt = operator.compose(&p, &s, &w).unwrap();
            golden.assert_gradients(
                &format!("compose.{name}"),
                &prompt,
                &format!("compose.cotangent{suffix}"),
                &[("private", &p), ("sources", &s), ("weights", &w)],
            );
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_explained() {
        let golden = Golden::open();
        let [p, s, w] =
            ["private", "sources", "weights"].map(|x| golden.get(&format!("compose.{x}")));
        let compose = |name: &str, weights: &Tensor| {
            built_in(name).unwrap().compose(&p, &s, weights).unwrap_err().to_string()
        };
        let text = compose("concat", &w);
        assert!(text.contains("[3, 4, 6] and must be [3, 8, 6]"), "{text}");
        let text = compose("sum", &w.narrow(1, 0, 1));
        assert!(text.contains("[3, 1] do not fit"), "{text}");
        assert!(built_in("summ").err().unwrap().to_string().contains("'sum'"));
    }
}
