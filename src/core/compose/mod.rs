//! Composition: a private prompt and weighted source prompts become the prompt of an example. An
//! operator is a file here and a line of `BUILT_IN`.
//!
//! An operator takes `private` `[B, m', d]`, `sources` `[S, m, d]` and `weights` `[B, S]` and
//! returns `[B, m', d]`; all of it is differentiable.

mod concat;
mod isolate;
mod operator;
mod private;
mod product;
mod sum;

pub use isolate::Isolation;
pub use operator::Operator;

use crate::{Error, Result};
use std::rc::Rc;

type Make = fn() -> Rc<dyn Operator>;

/// All built-in operators by name.
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
/// An unknown name; the nearest known one is named.
pub fn built_in(name: &str) -> Result<Rc<dyn Operator>> {
    match BUILT_IN.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => Ok(make()),
        None => Err(Error::unknown("composition", name, built_in_names())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Golden;
    use tch::Tensor;

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
        assert!(text.contains("[3, 1] do not match"), "{text}");
        assert!(built_in("summ").err().unwrap().to_string().contains("'sum'"));
    }
}
