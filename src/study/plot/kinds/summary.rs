//! The statistics of a group of values: those of box plots, and densities.

use crate::plot::panel::drawable;

/// The maximum length of whiskers in interquartile ranges.
const REACH: f64 = 1.5;
/// The number of places of a density.
const PLACES: usize = 64;
/// How far a density reaches beyond the values, in bandwidths, as in seaborn.
const CUT: f64 = 2.0;

/// The statistics of a box plot.
#[derive(Debug, PartialEq)]
pub struct Summary {
    pub quartiles: [f64; 3],
    pub whiskers: [f64; 2],
    pub outliers: Vec<f64>,
    pub mean: f64,
}

impl Summary {
    /// `None` without values.
    pub fn of(values: &[f64]) -> Option<Summary> {
        let mut values: Vec<f64> = values.iter().copied().filter(drawable).collect();
        values.sort_by(f64::total_cmp);
        if values.is_empty() {
            return None;
        }
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        let reach = REACH * (quartiles[2] - quartiles[0]);
        let (least, most) = (quartiles[0] - reach, quartiles[2] + reach);
        let within = || values.iter().copied().filter(|x| (least..=most).contains(x));
        // An interpolated quartile can be outside of all values within reach.
        let whiskers =
            [within().fold(quartiles[0], f64::min), within().fold(quartiles[2], f64::max)];
        let count = values.len() as f64;
        Some(Summary {
            quartiles,
            whiskers,
            outliers: values.iter().copied().filter(|x| !(least..=most).contains(x)).collect(),
            mean: values.iter().map(|x| x / count).sum(),
        })
    }
}

/// The quantile of sorted values by linear interpolation, as `numpy.quantile`.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// The kernel density of some values at places from below to above them: a Gaussian kernel with Scott's bandwidth (1992),
/// as `scipy.stats.gaussian_kde`. `None` if the values do not differ.
pub fn density(values: &[f64]) -> Option<Vec<(f64, f64)>> {
    let values: Vec<f64> = values.iter().copied().filter(drawable).collect();
    let count = values.len() as f64;
    let mean = values.iter().map(|x| x / count).sum::<f64>();
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let width = variance.sqrt() * count.powf(-0.2);
    if values.len() < 2 || !width.is_normal() {
        return None;
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min) - CUT * width;
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + CUT * width;
    let scale = 1.0 / (count * width * (2.0 * std::f64::consts::PI).sqrt());
    let at = |i: usize| {
        let place = low + (high - low) * i as f64 / (PLACES - 1) as f64;
        let kernel = |x: &f64| (-0.5 * ((place - x) / width).powi(2)).exp();
        (place, scale * values.iter().map(kernel).sum::<f64>())
    };
    Some((0..PLACES).map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8, 20], [.25, .5, .75]) and of [1, 2, 3, 4].
        let summary = Summary::of(&[20.0, 1.0, 4.0, 8.0, 2.0]).unwrap();
        assert_eq!(summary.quartiles, [2.0, 4.0, 8.0]);
        assert_eq!(summary.whiskers, [1.0, 8.0]);
        assert_eq!((summary.outliers, summary.mean), (vec![20.0], 7.0));
        let even = Summary::of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(even.quartiles, [1.75, 2.5, 3.25]);
        assert_eq!((even.whiskers, even.outliers), ([1.0, 4.0], vec![]));
    }

    #[test]
    fn densities_are_those_of_scipy() {
        let values = [1.0, 2.0, 4.0, 8.0, 20.0];
        let density = density(&values).unwrap();
        // low = 1 - 2 * bandwidth; the density there and at the highest place, by scipy.stats.gaussian_kde.
        let (low, high) = (density[0], density[PLACES - 1]);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-8;
        assert!(close(low.0, -10.22823826837411) && close(low.1, 0.0038948801991776955), "{low:?}");
        assert!(
            close(high.0, 31.22823826837411) && close(high.1, 0.0019262611362947577),
            "{high:?}"
        );
        assert!(density[1..].windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!((super::density(&[3.0]), super::density(&[3.0, 3.0])), (None, None));
    }

    #[test]
    fn few_values_have_a_box_too() {
        let one = Summary::of(&[3.0, f64::NAN]).unwrap();
        assert_eq!((one.quartiles, one.whiskers), ([3.0; 3], [3.0; 2]));
        assert_eq!(Summary::of(&[f64::INFINITY]), None);
        let far = Summary::of(&[0.0, 10.0, 10.0, 10.0]).unwrap();
        assert_eq!((far.whiskers, far.outliers), ([7.5, 10.0], vec![0.0]));
    }
}
