//! Relative position bias: a learned number per head and distance bucket
//! (Raffel et al. 2020; buckets as in mesh-tensorflow and `transformers`).

use crate::Result;
use std::cell::RefCell;
use tch::{Kind, Tensor};

/// The bias of one stack.
#[derive(Debug)]
pub struct PositionBias {
    /// `[buckets, heads]`
    table: Tensor,
    bidirectional: bool,
    max_distance: i64,
    /// The bias for the largest length so far; cached only while the table is frozen.
    widest: RefCell<Option<Tensor>>,
}

impl PositionBias {
    pub fn new(table: Tensor, bidirectional: bool, max_distance: i64) -> Self {
        PositionBias { table, bidirectional, max_distance, widest: RefCell::new(None) }
    }

    /// `[1, heads, length, length]`: rows are queries, columns keys.
    ///
    /// The bias depends only on the distance, so a shorter one is a corner of a longer one.
    pub fn for_length(&self, length: i64) -> Result<Tensor> {
        if self.table.requires_grad() {
            return self.compute(length);
        }
        let mut widest = self.widest.borrow_mut();
        let enough = widest.as_ref().is_some_and(|bias| bias.size()[3] >= length);
        if !enough {
            let room = (length as u64).next_power_of_two().max(32) as i64;
            *widest = Some(self.compute(room)?);
        }
        let bias = widest.as_ref().expect("just filled");
        Ok(bias.f_narrow(2, 0, length)?.f_narrow(3, 0, length)?)
    }

    fn compute(&self, length: i64) -> Result<Tensor> {
        let position = Tensor::f_arange(length, (Kind::Int64, self.table.device()))?;
        let relative = position.f_unsqueeze(0)?.f_sub(&position.f_unsqueeze(1)?)?;
        let bucket = self.bucket(&relative)?.f_flatten(0, -1)?;
        let bias = self.table.f_index_select(0, &bucket)?.f_view([length, length, -1])?;
        Ok(bias.f_permute([2, 0, 1])?.f_contiguous()?.f_unsqueeze(0)?)
    }

    /// The bucket of each `key position - query position`: half of the buckets for exact small
    /// distances, half growing with the logarithm up to `max_distance`.
    fn bucket(&self, relative: &Tensor) -> Result<Tensor> {
        let mut buckets = self.table.size()[0];
        let (side, distance) = if self.bidirectional {
            buckets /= 2;
            let after = relative.f_gt(0)?.f_to_kind(Kind::Int64)?.f_mul_scalar(buckets)?;
            (Some(after), relative.f_abs()?)
        } else {
            (None, relative.f_clamp_max(0)?.f_neg()?)
        };
        let exact = buckets / 2;
        let scale = (self.max_distance as f64 / exact as f64).ln();
        let far = distance
            .f_to_kind(Kind::Float)?
            .f_div_scalar(exact as f64)?
            .f_log()?
            .f_div_scalar(scale)?
            .f_mul_scalar((buckets - exact) as f64)?
            .f_to_kind(Kind::Int64)?
            .f_add_scalar(exact)?
            .f_clamp_max(buckets - 1)?;
        let bucket = distance.f_where_self(&distance.f_lt(exact)?, &far)?;
        match side {
            Some(side) => Ok(bucket.f_add(&side)?),
            None => Ok(bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn bias(bidirectional: bool) -> PositionBias {
        let table = Tensor::arange(32, (Kind::Float, Device::Cpu)).view([32, 1]);
        PositionBias::new(table, bidirectional, 128)
    }

    /// Buckets of the first query, from `transformers`' `T5Attention._relative_position_bucket`.
    #[test]
    fn buckets_are_those_of_transformers() {
        let b = bias(true);
        let row: Vec<f32> = b.for_length(130).unwrap().get(0).get(0).get(0).try_into().unwrap();
        assert_eq!(row[..9], [0., 17., 18., 19., 20., 21., 22., 23., 24.]);
        assert_eq!([row[15], row[16], row[32], row[64], row[127]], [25., 26., 28., 30., 31.]);
        let b = bias(false);
        let last: Vec<f32> = b.for_length(130).unwrap().get(0).get(0).get(129).try_into().unwrap();
        assert_eq!([last[129], last[128], last[114], last[113]], [0., 1., 15., 16.]);
        assert_eq!(last[0], 31.0);
    }

    #[test]
    fn a_shorter_bias_is_a_corner_of_a_longer_one() {
        let b = bias(true);
        let short = b.for_length(5).unwrap().copy();
        let long = b.for_length(70).unwrap();
        assert_eq!(short, long.narrow(2, 0, 5).narrow(3, 0, 5));
    }
}
