//! The answer of a sampler, checked.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Weights or an order of the rows of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// Rows are drawn with replacement, in proportion to these.
    Weights(Vec<f64>),
    /// Each row once, in this order.
    Order(Vec<usize>),
}

impl Chosen {
    /// Weights of `rows` rows.
    ///
    /// # Errors
    /// Another number of weights; a weight that is negative or not finite, or none above 0.
    pub fn weights(values: Vec<f64>, rows: usize) -> Result<Chosen> {
        if values.len() != rows {
            let what = format!("it returned {} weights for {rows} rows", values.len());
            return Err(Error::new(what).hint("a weight for each entry of `rows`, in its order"));
        }
        if let Some(row) = values.iter().position(|weight| !(0.0..f64::INFINITY).contains(weight)) {
            let what = format!("the weight of row {} is {}", row + 1, values[row]);
            return Err(Error::new(what).hint("weights are finite numbers that are at least 0"));
        }
        let sum: f64 = values.iter().sum();
        match sum {
            0.0 => Err(Error::new("no row has a weight above 0")),
            sum if !sum.is_finite() => Err(Error::new("the sum of the weights is not finite")),
            _ => Ok(Chosen::Weights(values)),
        }
    }

    /// An order of `rows` rows, as row numbers from 1.
    ///
    /// # Errors
    /// It is no permutation: the first row that is unknown, missing or repeated is named.
    pub fn order(numbers: &[i64], rows: usize) -> Result<Chosen> {
        let wrong = |what: String| {
            let hint = format!("an order has each of the numbers 1 to {rows} once");
            Err(Error::new(what).hint(hint))
        };
        let mut seen = vec![false; rows];
        for &number in numbers {
            if !(1..=rows as i64).contains(&number) {
                return wrong(format!("there is no row {number}: there are {rows}"));
            }
            if std::mem::replace(&mut seen[number as usize - 1], true) {
                return wrong(format!("row {number} is in the order twice"));
            }
        }
        match seen.iter().position(|seen| !seen) {
            Some(row) => wrong(format!("row {} is not in the order", row + 1)),
            None => Ok(Chosen::Order(numbers.iter().map(|number| *number as usize - 1).collect())),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Chosen::Weights(values) => values.len(),
            Chosen::Order(rows) => rows.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_checked() {
        let refused = |values: &[f64], text: &str| {
            let error = Chosen::weights(values.to_vec(), 3).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        refused(&[1.0, 2.0], "it returned 2 weights for 3 rows");
        refused(&[1.0, -2.0, 0.0], "the weight of row 2 is -2");
        refused(&[1.0, 1.0, f64::NAN], "the weight of row 3 is NaN");
        refused(&[f64::INFINITY, 1.0, 1.0], "the weight of row 1 is inf");
        refused(&[0.0, 0.0, -0.0], "no row has a weight above 0");
        refused(&[f64::MAX, f64::MAX, 1.0], "the sum of the weights is not finite");
        assert!(Chosen::weights(vec![0.0, 1e-300, 2.0], 3).is_ok());
    }

    #[test]
    fn an_order_is_a_permutation() {
        let refused = |numbers: &[i64], text: &str| {
            let error = Chosen::order(numbers, 3).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        refused(&[1, 2], "row 3 is not in the order");
        refused(&[1, 2, 2], "row 2 is in the order twice");
        refused(&[0, 1, 2], "there is no row 0: there are 3");
        refused(&[1, 2, 3, 4], "there is no row 4: there are 3");
        assert_eq!(Chosen::order(&[3, 1, 2], 3), Ok(Chosen::Order(vec![2, 0, 1])));
    }
}
