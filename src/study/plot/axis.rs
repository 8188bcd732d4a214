//! The axes of charts and their round ticks.

use super::number::{plain, short};

/// The factor between values above which a logarithmic axis may be suitable.
const LOG_FROM: f64 = 100.0;
/// Numbers that differ by less than this, or than this fraction, have no ticks between them.
const SMALLEST: f64 = 1e-300;
const NEAREST: f64 = 1e-9;
const LARGEST: f64 = 1e307;
/// The number of ticks of an axis of values, and of the axis of steps.
const TICKS: usize = 5;
const STEP_TICKS: usize = 9;
/// The maximum number of distinct x values that are used as ticks.
const PLACES: usize = 10;

#[derive(Clone)]
pub struct Axis {
    low: f64,
    high: f64,
    pub log: bool,
    /// Positions and labels.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis for these values that starts and ends at ticks; it includes 0 if that is close.
    pub fn even(values: &[f64]) -> Axis {
        let (low, high) = range(values);
        Rounded::about(low, high).axis()
    }

    /// An axis for x values of the data, with a small margin. The values are its
    /// ticks if they are few, else round numbers. It is logarithmic if requested and possible.
    pub fn of_places(values: &[f64], log: bool) -> Axis {
        let places = distinct(values.iter().copied());
        if places.len() > PLACES {
            return Axis::about(values, log, 0.01);
        }
        let ticks = places.iter().map(|&x| (x, short(x))).collect();
        Axis { ticks, ..Axis::about(values, log, 0.06) }
    }

    /// A logarithmic axis for values, if possible.
    pub fn logarithmic(values: &[f64]) -> Axis {
        match range(values).0 >= SMALLEST {
            true => Axis::about(values, true, 0.05),
            false => Axis::even(values),
        }
    }

    /// Spans the values and a margin of `room` times their range, with round ticks.
    fn about(values: &[f64], log: bool, room: f64) -> Axis {
        let (low, high) = range(values);
        let log = log && low >= SMALLEST;
        let (low, high) = match log {
            true => {
                let room = 10f64.powf((high.log10() - low.log10()).max(NEAREST) * room);
                let room = if low < high { room } else { 2.0 };
                ((low / room).max(SMALLEST), (high * room).min(LARGEST))
            }
            false => {
                let level = high / 2.0 - low / 2.0 <= SMALLEST.max(high.abs() * NEAREST);
                let room = if level { (high.abs() / 10.0).max(0.5) } else { (high - low) * room };
                (low - room, high + room)
            }
        };
        Axis { low, high, log, ticks: Axis::round_within(low, high, log) }
    }

    /// Round ticks between two numbers, inclusive.
    fn round_within(low: f64, high: f64, log: bool) -> Vec<(f64, String)> {
        let even = || {
            let step = Step::between(low, high, STEP_TICKS);
            let first = (low / step.size() - 1e-9).ceil() as i64;
            let last = (high / step.size() + 1e-9).floor() as i64;
            (first..=last).map(|i| step.tick(i)).collect()
        };
        if !log {
            return even();
        }
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let digits: &[i64] = if high.log10() - low.log10() < 3.0 { &[1, 2, 5] } else { &[1] };
        let every = ((last - first) as usize).div_ceil(STEP_TICKS).max(1);
        let powers = (first..=last).step_by(every);
        let ticks =
            powers.flat_map(|k| digits.iter().map(move |&digit| Step { digit, power: k }.tick(1)));
        let ticks: Vec<_> = ticks.filter(|(x, _)| (low..=high).contains(x)).collect();
        if ticks.len() < 3 { even() } else { ticks }
    }

    /// The steps of a run, each half a step wide to either side. The ticks are the first step and
    /// round numbers.
    pub fn of_steps(last: u64) -> Axis {
        let last = last.max(1) as f64;
        let mut step = Step::between(0.0, last, STEP_TICKS);
        if step.power < 0 {
            step = Step { digit: 1, power: 0 };
        }
        let round = (1..).map(|i| step.tick(i)).take_while(|(x, _)| *x <= last);
        let first = (1.0, "1".to_string());
        let ticks = std::iter::once(first).chain(round.filter(|(x, _)| *x > 1.0)).collect();
        Axis { low: 0.5, high: last + 0.5, log: false, ticks }
    }

    /// From one number to another, with round ticks.
    pub fn between(low: f64, high: f64, log: bool) -> Axis {
        Axis { low, high, log, ticks: Axis::round_within(low, high, log) }
    }

    /// With these ticks; those beyond its ends are left out.
    pub fn with_ticks(self, ticks: &[f64]) -> Axis {
        let inside = ticks.iter().filter(|tick| self.contains(**tick));
        let ticks = inside.map(|&tick| (tick, short(tick))).collect();
        Axis { ticks, ..self }
    }

    /// Cut at the ends of what a quantity can be, unless values are beyond them.
    pub fn within(mut self, [low, high]: [Option<f64>; 2], values: &[f64]) -> Axis {
        if let Some(low) = low.filter(|low| values.iter().all(|x| x >= low) && self.low < *low) {
            self.low = low.min(self.high);
        }
        if let Some(high) =
            high.filter(|high| values.iter().all(|x| x <= high) && self.high > *high)
        {
            self.high = high.max(self.low);
        }
        let (low, high) = (self.low, self.high);
        self.ticks.retain(|(tick, _)| (low..=high).contains(tick));
        self
    }

    /// The axis with the widest range of some.
    pub fn widest(axes: impl Iterator<Item = Axis>) -> Option<Axis> {
        axes.max_by(|a, b| (a.high / 2.0 - a.low / 2.0).total_cmp(&(b.high / 2.0 - b.low / 2.0)))
    }

    /// Whether a value is between the ends.
    pub fn contains(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }

    /// The relative position of a value: 0 at the lower end, 1 at the upper.
    pub fn place(&self, x: f64) -> f64 {
        // Halving avoids overflow of the difference of two large numbers.
        let scaled = |x: f64| if self.log { x.log10() } else { x / 2.0 };
        (scaled(x) - scaled(self.low)) / (scaled(self.high) - scaled(self.low))
    }
}

/// Whether a logarithmic axis suits these values better: all are positive, they span more than a factor
/// of 100, and most are near the smallest, which excludes straight lines.
pub fn suits_logarithm(values: &[f64]) -> bool {
    let (low, high) = range(values);
    let near = values.iter().filter(|&&x| x - low < 0.1 * (high - low)).count();
    low > 0.0 && high / low > LOG_FROM && 2 * near >= values.len()
}

/// The sorted distinct values.
fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// The minimum and the maximum, or 0 and 1 without values.
pub fn range(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least > most { (0.0, 1.0) } else { (least, most) }
}

/// The ends of an axis as multiples of a step, around two numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rounded {
    step: Step,
    first: i64,
    last: i64,
}

impl Rounded {
    fn about(mut low: f64, mut high: f64) -> Rounded {
        let level = |low: f64, high: f64| {
            high / 2.0 - low / 2.0 < SMALLEST.max(low.abs().max(high.abs()) * NEAREST)
        };
        if low > 0.0 && (low <= high / 2.0 || level(low, high)) {
            low = 0.0;
        } else if high < 0.0 && (high >= low / 2.0 || level(low, high)) {
            high = 0.0;
        }
        if level(low, high) {
            high = low + 1.0;
        }
        let step = Step::between(low, high, TICKS);
        let first = (low / step.size() + 1e-9).floor() as i64;
        let last = (high / step.size() - 1e-9).ceil() as i64;
        Rounded { step, first, last }
    }

    fn axis(self) -> Axis {
        let ticks: Vec<(f64, String)> =
            (self.first..=self.last).map(|i| self.step.tick(i)).collect();
        Axis { low: ticks[0].0, high: ticks[ticks.len() - 1].0, log: false, ticks }
    }
}

/// The distance of ticks: 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    digit: i64,
    power: i32,
}

impl Step {
    /// The smallest step with at most `most` ticks between two numbers.
    fn between(low: f64, high: f64, most: usize) -> Step {
        let least = high / most as f64 - low / most as f64;
        let power = least.log10().floor() as i32;
        let steps = [(1, power), (2, power), (5, power), (1, power + 1)];
        let steps = steps.map(|(digit, power)| Step { digit, power });
        steps.into_iter().find(|step| step.size() >= least * (1.0 - 1e-9)).expect("10 is enough")
    }

    fn size(&self) -> f64 {
        self.digit as f64 * power(self.power)
    }

    /// The tick at `count` steps from 0, exactly as it is printed.
    fn tick(&self, count: i64) -> (f64, String) {
        let x: f64 = format!("{}e{}", count * self.digit, self.power).parse().unwrap_or(f64::NAN);
        (x, plain(x))
    }
}

/// A power of ten, as accurate as possible.
fn power(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    fn of(values: &[f64]) -> Axis {
        Axis::even(values)
    }

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        assert_eq!(labels(&of(&[0.0, 0.1])), ["0", "0.02", "0.04", "0.06", "0.08", "0.1"]);
        assert_eq!(labels(&of(&[0.0, 0.7])), ["0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(&of(&[-1.0, 3.0])), ["-1", "0", "1", "2", "3"]);
        assert_eq!(labels(&of(&[0.9, 1.0])), ["0.9", "0.92", "0.94", "0.96", "0.98", "1"]);
        assert_eq!(labels(&of(&[0.0, 2e-5])), ["0", "5e-6", "1e-5", "1.5e-5", "2e-5"]);
        for high in [0.013, 0.3, 1.0, 7.7, 123.0, 1e6] {
            let axis = of(&[0.0, high]);
            assert!((3..=TICKS + 1).contains(&axis.ticks.len()), "{:?}", axis.ticks);
            assert!((0.5..=1.0).contains(&axis.place(high)), "{high}");
        }
    }

    #[test]
    fn level_and_missing_values_have_an_axis_too() {
        assert_eq!(of(&[2.0, 2.0]).place(0.0), 0.0);
        assert_eq!(of(&[2.0]).place(2.0), 1.0);
        assert_eq!(of(&[-2.0]).place(-2.0), 0.0);
        assert_eq!((of(&[0.0]).place(0.0), of(&[0.0]).place(1.0)), (0.0, 1.0));
        assert_eq!(of(&[]).place(0.5), 0.5);
        assert_eq!(of(&[0.0, 5e-324]).place(0.0), 0.0);
        assert!(of(&[5e-324, 1.0]).ticks.len() < 8);
        assert!(of(&[1.0, 1.0 + f64::EPSILON]).ticks.len() < 8);
    }

    #[test]
    fn positive_values_over_more_than_a_factor_of_100_suit_a_logarithm() {
        assert!(suits_logarithm(&[0.01, 1.01]));
        assert!(!suits_logarithm(&[0.01, 1.0]));
        assert!(!suits_logarithm(&[0.0, 1000.0]));
        assert!(!suits_logarithm(&[-1.0, 1000.0]));
        assert!(!suits_logarithm(&[]));
        let line: Vec<f64> = (0..100).map(|i| 5.0 - 0.05 * f64::from(i)).collect();
        assert!(!suits_logarithm(&line));
        let fall: Vec<f64> = (0..100).map(|i| 5.0 * 0.92f64.powi(i)).collect();
        assert!(suits_logarithm(&fall));
    }

    #[test]
    fn steps_begin_at_1_and_have_whole_ticks() {
        assert_eq!(labels(&Axis::of_steps(1)), ["1"]);
        assert_eq!(labels(&Axis::of_steps(3)), ["1", "2", "3"]);
        assert_eq!(labels(&Axis::of_steps(240)), ["1", "50", "100", "150", "200"]);
        assert_eq!(labels(&Axis::of_steps(8)), ["1", "2", "3", "4", "5", "6", "7", "8"]);
        assert_eq!(Axis::of_steps(1).place(1.0), 0.5);
        assert!(Axis::of_steps(1_000_000_000).ticks.len() < 12);
    }

    #[test]
    fn a_few_places_are_the_ticks_and_many_have_round_ones() {
        let shots = Axis::of_places(&[8.0, 32.0, 16.0, 8.0], false);
        assert_eq!(labels(&shots), ["8", "16", "32"]);
        assert!(shots.place(8.0) > 0.0 && shots.place(32.0) < 1.0);
        let steps: Vec<f64> = (1..=300).map(f64::from).collect();
        let ticks = ["0", "50", "100", "150", "200", "250", "300"];
        assert_eq!(labels(&Axis::of_places(&steps, false)), ticks);
        let ticks = ["1", "2", "5", "10", "20", "50", "100", "200"];
        assert_eq!(labels(&Axis::of_places(&steps, true)), ticks);
        let far: Vec<f64> = (0..50).map(|i| 10f64.powi(i)).collect();
        assert!((4..=10).contains(&Axis::of_places(&far, true).ticks.len()));
    }

    #[test]
    fn odd_places_have_an_axis_too() {
        for log in [false, true] {
            assert!((Axis::of_places(&[7.0], log).place(7.0) - 0.5).abs() < 1e-9);
            assert!(Axis::of_places(&[], log).place(0.5).is_finite());
            let axis = Axis::of_places(&[1e300, -1e300, 0.0], log);
            assert!(!axis.log && axis.place(1e300).is_finite());
        }
        let axis = Axis::of_places(&[1e-300, 1e300], true);
        assert!(axis.log && axis.place(1.0).is_finite());
        let loss = Axis::logarithmic(&[0.04, 3.0]);
        assert_eq!(labels(&loss), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(
            labels(&Axis::logarithmic(&[3.0, 4.4])),
            ["3", "3.2", "3.4", "3.6", "3.8", "4", "4.2", "4.4"]
        );
        assert!(!Axis::logarithmic(&[0.0, 3.0]).log);
        let far = Axis::even(&[0.001, 5.0, 0.001]);
        assert!(!far.log && far.place(0.0) == 0.0);
    }
}
