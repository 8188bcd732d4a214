//! Numbers as label strings, in the format of T5's STS-B targets (Raffel et al. 2020).

/// The step to which numbers are rounded, half to even like NumPy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    steps_per_unit: f64,
    decimals: usize,
}

impl Rounding {
    /// `step` > 0: 0.2 is T5's (round(5x)/5), 0.1 that of published prompt-tuning code.
    pub fn new(step: f64) -> Self {
        let whole = (1.0 / step).round();
        let fits = (whole * step - 1.0).abs() < 1e-9;
        let written = |d: &usize| (step * 10f64.powi(*d as i32)).fract().abs() < 1e-9;
        Rounding {
            steps_per_unit: if fits { whole } else { 1.0 / step },
            decimals: (1..6).find(written).unwrap_or(6),
        }
    }

    /// The number as text, with at least one decimal: 3.13 with step 0.2 is "3.2".
    pub fn text(self, number: f64) -> String {
        let rounded = (number * self.steps_per_unit).round_ties_even() / self.steps_per_unit;
        format!("{:.*}", self.decimals, rounded + 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"%.1f" % (numpy.round(x * 5) / 5)`, and the same with 10.
    #[test]
    fn rounds_as_t5_does() {
        let t5 = Rounding::new(0.2);
        let cases =
            [(0.1, "0.0"), (0.3, "0.4"), (2.5, "2.4"), (3.13, "3.2"), (4.75, "4.8"), (5.0, "5.0")];
        for (number, text) in cases {
            assert_eq!(t5.text(number), text, "{number}");
        }
        let fine = Rounding::new(0.1);
        for (number, text) in [(0.25, "0.2"), (3.13, "3.1"), (3.75, "3.8"), (5.0, "5.0")] {
            assert_eq!(fine.text(number), text, "{number}");
        }
    }

    #[test]
    fn shows_as_many_decimals_as_the_step_needs() {
        assert_eq!(Rounding::new(0.25).text(0.8), "0.75");
        assert_eq!(Rounding::new(1.0).text(2.6), "3.0");
        assert_eq!(Rounding::new(0.5).text(-0.2), "0.0");
    }
}
