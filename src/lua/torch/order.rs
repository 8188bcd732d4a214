//! Order and search. Indices count from 1.

use super::dim::one_based;
use super::op::{Op, Out, Outcome, ops};
use super::read::{Dim, dim_of};
use super::reduce::from_one;
use tch::Tensor;

pub const OPS: &[Op] = ops! {
    "nonzero": (input: Tensor; as_tuple: bool = false) => match as_tuple {
        false => Out::from(one_based(&input.f_nonzero()?)?),
        true => Out::from(input.f_nonzero_numpy()?.iter().map(one_based).collect::<Result<Vec<_>, _>>()?),
    };
    "argwhere": (input: Tensor) => one_based(&input.f_argwhere()?)?;
    "topk": (input: Tensor, k: i64, dim: Dim = -1, largest: bool = true, sorted: bool = true) => {
        from_one(input.f_topk(k, dim.of(&input)?, largest, sorted)?)?
    };
    "sort": (input: Tensor, dim: Dim = -1, descending: bool = false, stable: bool = true) => {
        from_one(input.f_sort_stable(stable, dim.of(&input)?, descending)?)?
    };
    "argsort": (input: Tensor, dim: Dim = -1, descending: bool = false, stable: bool = true) => {
        one_based(&input.f_sort_stable(stable, dim.of(&input)?, descending)?.1)?
    };
    "unique": (
        input: Tensor, sorted: bool = true, return_inverse: bool = false, return_counts: bool = false,
        dim: Option<Dim>
    ) => {
        let found = match dim_of(dim, &input)? {
            None => input.f_internal_unique2(sorted, return_inverse, return_counts)?,
            Some(dim) => input.f_unique_dim(dim, sorted, return_inverse, return_counts)?,
        };
        chosen(found, return_inverse, return_counts)?
    };
};

/// The distinct values, and on request the position of each element among them and their counts.
fn chosen(
    (values, inverse, counts): (Tensor, Tensor, Tensor),
    return_inverse: bool,
    return_counts: bool,
) -> Outcome {
    let mut found = vec![values];
    if return_inverse {
        found.push(one_based(&inverse)?);
    }
    if return_counts {
        found.push(counts);
    }
    Ok(Out::Several(found))
}
