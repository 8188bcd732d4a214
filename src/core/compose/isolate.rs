//! Isolated prompts: evaluates a trained composition without some of its prompts
//! (figures 3, 4 and 6 of the paper).

use crate::{Error, Result};
use tch::Tensor;

/// The prompts that take part. Sources count from 0, as in the names `src0`, `src1`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// `total`: all prompts.
    Total,
    /// `src0`, `src1`, ...: one source. A sum excludes the private prompt; a product keeps
    /// it, because it would otherwise be empty.
    Source(usize),
    /// `all_src`: every source, no private prompt.
    AllSources,
    /// `private`: the private prompt, no source.
    Private,
    /// All but one source.
    Without(usize),
}

/// A composed prompt and its masked positions.
#[derive(Debug)]
pub struct Isolated {
    /// `[B, m', d]`
    pub prompt: Tensor,
    /// Masked positions (from 0), the same in every row.
    pub hidden: Vec<i64>,
}

impl Isolated {
    /// No position is masked.
    pub fn whole(prompt: Tensor) -> Self {
        Isolated { prompt, hidden: Vec::new() }
    }
}

impl Isolation {
    /// `only = name` for a composition of `sources` source prompts. Errors: an unknown prompt.
    pub fn only(name: &str, sources: usize) -> Result<Self> {
        Ok(match name {
            "total" => Isolation::Total,
            "all_src" => Isolation::AllSources,
            "private" => Isolation::Private,
            _ => Isolation::Source(source(name, sources, &["total", "all_src", "private"])?),
        })
    }

    /// `without = name`: all prompts but this one. Errors: an unknown prompt.
    pub fn without(name: &str, sources: usize) -> Result<Self> {
        Ok(match name {
            "private" => Isolation::AllSources,
            "all_src" => Isolation::Private,
            _ => match source(name, sources, &["private", "all_src"])? {
                _ if sources == 1 => Isolation::Private,
                index => Isolation::Without(index),
            },
        })
    }

    /// Whether a source takes part.
    pub fn keeps(self, source: usize) -> bool {
        match self {
            Isolation::Total | Isolation::AllSources => true,
            Isolation::Source(kept) => source == kept,
            Isolation::Private => false,
            Isolation::Without(dropped) => source != dropped,
        }
    }

    /// The sources that take part, for the router; `None` for all of them.
    pub fn kept(self, sources: usize) -> Option<Vec<usize>> {
        match self {
            Isolation::Total | Isolation::AllSources => None,
            _ => Some((0..sources).filter(|s| self.keeps(*s)).collect()),
        }
    }

    /// An error if the private prompt or all sources are excluded, for operators that
    /// need both.
    pub(crate) fn needs_both(self, operator: &str) -> Result<()> {
        let missing = match self {
            Isolation::AllSources => "the private prompt",
            Isolation::Private => "every source prompt",
            _ => return Ok(()),
        };
        Err(Error::new(format!(
            "the composition '{operator}' is a product, which is not defined without {missing}"
        ))
        .hint("isolate single sources (\"src0\", ...), each with the private prompt"))
    }
}

/// The index in `src<index>`.
fn source(name: &str, sources: usize, others: &[&str]) -> Result<usize> {
    let index = name.strip_prefix("src").and_then(|digits| digits.parse().ok());
    index.filter(|i| *i < sources).ok_or_else(|| {
        let numbered: Vec<String> = (0..sources).map(|i| format!("src{i}")).collect();
        let known = numbered.iter().map(String::as_str).chain(others.iter().copied());
        Error::unknown("isolation", name, known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::built_in;
    use crate::golden::Golden;
    use tch::Kind;

    /// Two sources; the weights of kept ones are unchanged, the others are 0.
    fn isolate(operator: &str, only: Isolation) -> Result<(Isolated, [Tensor; 3])> {
        let golden = Golden::open();
        let long = if operator == "concat" { "_long" } else { "" };
        let p = golden.get(&format!("compose.private{long}"));
        let s = golden.get("compose.sources");
        let mask: Vec<f32> = (0..2).map(|i| f32::from(u8::from(only.keeps(i)))).collect();
        let w = golden.get("compose.weights") * Tensor::from_slice(&mask);
        Ok((built_in(operator)?.isolate(&p, &s, &w, only)?, [p, s, w]))
    }

    fn close(found: &Tensor, wanted: &Tensor) {
        assert!(found.allclose(wanted, 1e-5, 1e-6, false), "{found} is not {wanted}");
    }

    #[test]
    fn names_and_what_they_keep() {
        assert_eq!(Isolation::only("src1", 3).unwrap().kept(3), Some(vec![1]));
        assert_eq!(Isolation::without("src1", 3).unwrap().kept(3), Some(vec![0, 2]));
        assert_eq!(Isolation::only("total", 3).unwrap().kept(3), None);
        assert_eq!(Isolation::only("private", 3).unwrap().kept(3), Some(vec![]));
        assert_eq!(Isolation::without("private", 3).unwrap(), Isolation::AllSources);
        assert_eq!(Isolation::without("all_src", 3).unwrap(), Isolation::Private);
        assert_eq!(Isolation::without("src0", 1).unwrap(), Isolation::Private);
        let text = Isolation::only("src3", 3).unwrap_err().to_string();
        assert!(text.contains("unknown isolation 'src3'") && text.contains("src0"), "{text}");
        assert!(Isolation::without("total", 3).is_err());
    }

    #[test]
    fn a_sum_adds_nothing_for_what_is_left_out() {
        let run = |only| isolate("sum", only).unwrap();
        let mixed = |s: &Tensor, w: &Tensor| Tensor::einsum("bs,smd->bmd", &[w, s], None::<i64>);
        let (alone, [_, s, w]) = run(Isolation::Source(1));
        close(&alone.prompt, &(w.select(1, 1).view([3, 1, 1]) * s.get(1)));
        let (sources, [_, s, w]) = run(Isolation::AllSources);
        close(&sources.prompt, &mixed(&s, &w));
        let (private, [p, ..]) = run(Isolation::Private);
        close(&private.prompt, &p);
        let (without, [p, s, w]) = run(Isolation::Without(0));
        close(&without.prompt, &(&p + w.select(1, 1).view([3, 1, 1]) * s.get(1)));
        assert!(without.hidden.is_empty());
    }

    #[test]
    fn a_column_of_a_product_is_a_source_times_the_private_prompt() {
        let (column, [p, s, w]) = isolate("product", Isolation::Source(0)).unwrap();
        close(&column.prompt, &(&p * w.select(1, 0).view([3, 1, 1]) * s.get(0)));
        for only in [Isolation::AllSources, Isolation::Private] {
            for operator in ["product", "concat"] {
                let text = isolate(operator, only).unwrap_err().to_string();
                assert!(text.contains("is a product, which is not defined"), "{text}");
            }
        }
    }

    #[test]
    fn concatenated_positions_stay_and_are_hidden() {
        let (column, [p, s, w]) = isolate("concat", Isolation::Source(1)).unwrap();
        assert_eq!(column.hidden, [0, 1, 2, 3]);
        assert_eq!(column.prompt.size(), [3, 8, 6]);
        let seen = column.prompt.narrow(1, 4, 4);
        close(&seen, &(p.narrow(1, 4, 4) * w.select(1, 1).view([3, 1, 1]) * s.get(1)));
        assert_eq!(column.prompt.narrow(1, 0, 4).abs().sum(Kind::Float).double_value(&[]), 0.0);
        assert_eq!(isolate("concat", Isolation::Without(1)).unwrap().0.hidden, [4, 5, 6, 7]);
        assert!(isolate("concat", Isolation::Total).unwrap().0.hidden.is_empty());
    }

    #[test]
    fn prompt_tuning_has_only_its_private_prompt() {
        let (private, [p, ..]) = isolate("private", Isolation::Private).unwrap();
        close(&private.prompt, &p);
        assert!(isolate("private", Isolation::Source(0)).is_err());
    }
}
