//! Creates training, validation and test splits if the data has fewer than three.

use super::sample::draw;
use crate::{Error, Result};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The three splits of one task.
#[derive(Debug, Serialize, Deserialize)]
pub struct Splits<T> {
    pub train: Vec<T>,
    pub validation: Vec<T>,
    pub test: Vec<T>,
}

/// Creates the missing splits.
///
/// - Validation and test exist: nothing is moved.
/// - Only validation exists, because the official test rows have no labels. A `small` task splits it
///   at random into validation (half, rounded down) and test. Any other uses it as test, and
///   holds `held_out` random training rows out as validation.
/// - Only test exists: validation is held out of training as above.
///
/// At most half of the training rows are held out. Errors: no validation or test rows, or too few to
/// split.
pub fn split<T>(
    train: Vec<T>,
    validation: Option<Vec<T>>,
    test: Option<Vec<T>>,
    small: bool,
    held_out: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Splits<T>> {
    match (validation, test) {
        (Some(validation), Some(test)) => Ok(Splits { train, validation, test }),
        (Some(rows), None) if small => {
            if rows.len() < 2 {
                return Err(Error::new("one validation row cannot be split in half"));
            }
            let half = rows.len() / 2;
            let (validation, test) = draw(rows, half, rng);
            Ok(Splits { train, validation, test })
        }
        (Some(test), None) | (None, Some(test)) => {
            let count = held_out.min(train.len() / 2);
            let (validation, train) = draw(train, count, rng);
            Ok(Splits { train, validation, test })
        }
        (None, None) => Err(Error::new("no rows to evaluate on")
            .hint("add 'test' rows, or 'validation' rows to split")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample::{Purpose, stream};

    fn rows(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    fn sizes(
        train: usize,
        validation: Option<usize>,
        test: Option<usize>,
        small: bool,
    ) -> [usize; 3] {
        let mut rng = stream(1, "rte", Purpose::Split);
        let (validation, test) = (validation.map(rows), test.map(rows));
        let s = split(rows(train), validation, test, small, 1000, &mut rng).unwrap();
        [s.train.len(), s.validation.len(), s.test.len()]
    }

    #[test]
    fn small_sets_halve_validation_and_large_ones_hold_rows_out() {
        assert_eq!(sizes(50, Some(139), None, true), [50, 69, 70]);
        assert_eq!(sizes(9999, Some(3734), None, false), [8999, 1000, 3734]);
        assert_eq!(sizes(1933, Some(999), None, false), [967, 966, 999]);
        assert_eq!(sizes(4000, None, Some(30), true), [3000, 1000, 30]);
        assert_eq!(sizes(4000, Some(20), Some(30), true), [4000, 20, 30]);
    }

    #[test]
    fn there_must_be_rows_to_evaluate_on() {
        let mut rng = stream(1, "rte", Purpose::Split);
        assert!(split(rows(9), None, None, false, 0, &mut rng).is_err());
        assert!(split(rows(9), Some(rows(1)), None, true, 0, &mut rng).is_err());
    }
}
