//! Composition: how a private prompt and weighted source prompts become the prompt of an example.
//!
//! An operator takes `private` `[B, m', d]`, `sources` `[S, m, d]` and `weights` `[B, S]` and
//! gives `[B, m', d]`; all of it is differentiable.

mod concat;
mod isolate;
mod operator;
mod private;
mod product;
mod sum;

use concat::Concat;
pub use isolate::{Isolated, Isolation};
pub use operator::Operator;
use private::Private;
use product::Product;
use sum::Sum;

use crate::{Error, Result};

pub const BUILT_IN: [&str; 4] = ["sum", "product", "concat", "private"];

/// A built-in operator. Errors: an unknown name.
pub fn built_in(name: &str) -> Result<Box<dyn Operator>> {
    Ok(match name {
        "sum" => Box::new(Sum),
        "product" => Box::new(Product),
        "concat" => Box::new(Concat),
        "private" => Box::new(Private),
        _ => return Err(Error::unknown("composition", name, BUILT_IN)),
    })
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
        let text = Concat.compose(&p, &s, &w).unwrap_err().to_string();
        assert!(text.contains("[3, 4, 6] and must be [3, 8, 6]"), "{text}");
        let text = Sum.compose(&p, &s, &w.narrow(1, 0, 1)).unwrap_err().to_string();
        assert!(text.contains("[3, 1] do not fit"), "{text}");
        assert!(built_in("summ").err().unwrap().to_string().contains("'sum'"));
    }
}
