//! Converts scores to weights: the normalisation over the sources, also without some of
//! them.

use crate::names;
use crate::{Error, Result};
use tch::{Kind, Tensor};

/// Scores `[B, S]` before normalisation.
pub enum Scores {
    /// Any real numbers.
    Logits(Tensor),
    /// Relaxed Bernoulli samples: already sigmoids, in (0, 1).
    Samples(Tensor),
}

/// The normalisation of scores. Samples are already sigmoids, so
/// for samples `softmax_sigmoid` equals `softmax`, and `sigmoid` equals `none`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Normalisation {
    /// softmax of the logits, or of the samples (ComPT).
    #[default]
    Softmax,
    /// softmax of the logits' sigmoids.
    SoftmaxSigmoid,
    /// Sigmoids divided by their sum (MP2, Sun et al. 2023).
    Sum,
    /// Sigmoids without further normalisation.
    Sigmoid,
    /// The unchanged scores.
    None,
}

names!(
    Normalisation,
    "normalisation",
    Softmax = "softmax",
    SoftmaxSigmoid = "softmax_sigmoid",
    Sum = "sum",
    Sigmoid = "sigmoid",
    None = "none"
);

impl Normalisation {
    fn apply(self, scores: &Scores) -> Result<Tensor> {
        let (Scores::Logits(raw) | Scores::Samples(raw)) = scores;
        let sigmoids = || match scores {
            Scores::Logits(logits) => logits.f_sigmoid(),
            Scores::Samples(samples) => Ok(samples.shallow_clone()),
        };
        Ok(match self {
            Normalisation::Softmax => raw.f_softmax(-1, Kind::Float)?,
            Normalisation::SoftmaxSigmoid => sigmoids()?.f_softmax(-1, Kind::Float)?,
            Normalisation::Sum => {
                let gates = sigmoids()?;
                // At low temperatures all samples of a row may be 0.
                let total = gates.f_sum_dim_intlist(-1, true, Kind::Float)?.f_add_scalar(1e-12)?;
                gates.f_div(&total)?
            }
            Normalisation::Sigmoid => sigmoids()?,
            Normalisation::None => raw.shallow_clone(),
        })
    }
}

/// The weights of the kept sources if others are excluded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rule {
    /// The others are excluded before the normalisation (as published): a single kept source has weight 1
    /// under a softmax.
    #[default]
    Renormalised,
    /// The weights are those with all sources.
    AsLearned,
}

names!(Rule, "rule for router weights", Renormalised = "renormalised", AsLearned = "as_learned");

/// The sources (from 0) to keep, and how they are weighted; the weights of others are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    pub sources: Vec<usize>,
    pub rule: Rule,
}

/// Weights `[B, S]` of scores `[B, S]`.
pub fn weights(scores: &Scores, by: Normalisation, keep: Option<&Keep>) -> Result<Tensor> {
    let Some(keep) = keep else { return by.apply(scores) };
    let (Scores::Logits(raw) | Scores::Samples(raw)) = scores;
    let kept = keep.index(raw)?;
    let select = |x: &Tensor| x.f_index_select(1, &kept);
    let chosen = match (keep.rule, scores) {
        (Rule::AsLearned, _) => select(&by.apply(scores)?)?,
        (Rule::Renormalised, Scores::Logits(x)) => by.apply(&Scores::Logits(select(x)?))?,
        (Rule::Renormalised, Scores::Samples(x)) => by.apply(&Scores::Samples(select(x)?))?,
    };
    Ok(raw.f_zeros_like()?.f_index_copy(1, &kept, &chosen)?)
}

/// Keeps the `k` largest weights of each row of `[B, S]` and sets the others to 0. Rows that summed to 1 are
/// renormalised.
pub fn top_k(weights: &Tensor, k: usize, by: Normalisation) -> Result<Tensor> {
    let k = i64::try_from(k).unwrap_or(i64::MAX);
    if k >= weights.size()[1] {
        return Ok(weights.shallow_clone());
    }
    let (_, best) = weights.f_topk(k, -1, true, false)?;
    let mask = weights.f_zeros_like()?.f_scatter_value(1, &best, 1.0)?;
    let kept = weights.f_mul(&mask)?;
    match by {
        Normalisation::Sigmoid | Normalisation::None => Ok(kept),
        _ => {
            let total = kept.f_sum_dim_intlist(-1, true, Kind::Float)?.f_add_scalar(1e-12)?;
            Ok(kept.f_div(&total)?)
        }
    }
}

/// The weights `[B, S]` of a router that was not told about `keep`: those of excluded sources are 0. By
/// [`Rule::Renormalised`] rows that `sum_to_one` are divided by what is left of them, which for a softmax equals
/// leaving sources out before it.
///
/// # Errors
///
/// Nothing is left of a row that is to sum to 1.
pub fn kept(weights: &Tensor, keep: &Keep, sum_to_one: bool) -> Result<Tensor> {
    let ones = Tensor::f_ones_like(&weights.f_narrow(0, 0, 1)?)?;
    let mask = ones.f_zeros_like()?.f_index_copy(
        1,
        &keep.index(weights)?,
        &ones.f_narrow(1, 0, keep.sources.len() as i64)?,
    )?;
    let kept = weights.f_mul(&mask)?;
    if keep.sources.is_empty() || keep.rule == Rule::AsLearned || !sum_to_one {
        return Ok(kept);
    }
    let total = kept.f_sum_dim_intlist(-1, true, Kind::Float)?;
    if total.f_eq(0.0)?.f_any()?.f_int64_value(&[])? == 1 {
        return Err(Error::new("the remaining source prompts have no weight in some row").hint(
            "leave the others out before the normalisation, with context.excluded, or evaluate with \
             weights = \"as_learned\"",
        ));
    }
    Ok(kept.f_div(&total)?)
}

impl Keep {
    /// The indices of the kept columns of `scores` `[B, S]`, on its device.
    fn index(&self, scores: &Tensor) -> Result<Tensor> {
        let sources = scores.size()[1];
        let kept: Vec<i64> = self.sources.iter().map(|s| *s as i64).collect();
        if let Some(s) = kept.iter().find(|s| **s >= sources) {
            return Err(Error::new(format!("no source prompt {s}: the router has {sources}")));
        }
        Ok(Tensor::from_slice(&kept).f_to_device(scores.device())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weights_stay_and_sum_to_what_they_did() {
        let weights = Tensor::from_slice(&[0.5f32, 0.2, 0.3, 0.1, 0.6, 0.3]).view([2, 3]);
        let row = |k, by, i| Vec::<f32>::try_from(top_k(&weights, k, by).unwrap().get(i)).unwrap();
        assert_eq!(row(2, Normalisation::Softmax, 0), [0.625, 0.0, 0.375]);
        assert_eq!(row(1, Normalisation::Sum, 1), [0.0, 1.0, 0.0]);
        assert_eq!(row(2, Normalisation::Sigmoid, 1), [0.0, 0.6, 0.3]);
        for k in [3, usize::MAX] {
            assert_eq!(row(k, Normalisation::Softmax, 1), [0.1, 0.6, 0.3]);
        }
    }

    #[test]
    fn weights_that_were_not_told_what_to_keep_are_cut_afterwards() {
        let weights = Tensor::from_slice(&[0.5f32, 0.2, 0.3, 0.75, 0.0, 0.25]).view([2, 3]);
        let cut = |sources: &[usize], rule, sum_to_one| {
            let keep = Keep { sources: sources.to_vec(), rule };
            kept(&weights, &keep, sum_to_one).map(|cut| Vec::<Vec<f32>>::try_from(&cut).unwrap())
        };
        let whole = cut(&[0, 2], Rule::Renormalised, true).unwrap();
        assert_eq!(whole, [[0.625, 0.0, 0.375], [0.75, 0.0, 0.25]]);
        for rows in [cut(&[0, 2], Rule::AsLearned, true), cut(&[0, 2], Rule::Renormalised, false)] {
            assert_eq!(rows.unwrap(), [[0.5, 0.0, 0.3], [0.75, 0.0, 0.25]]);
        }
        assert_eq!(cut(&[], Rule::Renormalised, true).unwrap(), [[0.0; 3]; 2]);
        let text = cut(&[1], Rule::Renormalised, true).unwrap_err().to_string();
        assert!(text.contains("have no weight in some row"), "{text}");
    }
}
