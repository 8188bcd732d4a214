//! Shades of heat maps.

use serde::Deserialize;

/// ColorBrewer's Blues (Brewer 2003), from light to dark.
const BLUES: [[u8; 3]; 9] = [
    [0xf1, 0xf6, 0xfc],
    [0xde, 0xeb, 0xf7],
    [0xc6, 0xdb, 0xef],
    [0x9e, 0xca, 0xe1],
    [0x6b, 0xae, 0xd6],
    [0x42, 0x92, 0xc6],
    [0x21, 0x71, 0xb5],
    [0x08, 0x51, 0x9c],
    [0x08, 0x30, 0x6b],
];

const GREYS: [[u8; 3]; 2] = [[0xf4, 0xf4, 0xf4], [0x1e, 0x1e, 0x1e]];
/// ColorBrewer's RdBu in reverse order: blue below the centre, red above; colour-blind readers can use it.
const BLUE_RED: [[u8; 3]; 11] = [
    [0x05, 0x30, 0x61],
    [0x21, 0x66, 0xac],
    [0x43, 0x93, 0xc3],
    [0x92, 0xc5, 0xde],
    [0xd1, 0xe5, 0xf0],
    [0xf7, 0xf7, 0xf7],
    [0xfd, 0xdb, 0xc7],
    [0xf4, 0xa5, 0x82],
    [0xd6, 0x60, 0x4d],
    [0xb2, 0x18, 0x2b],
    [0x67, 0x00, 0x1f],
];

/// The shades of a heat map.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Shades {
    /// From light to dark blue.
    #[default]
    Sequential,
    /// From light to dark grey.
    Grey,
    /// From blue over white at the centre to red.
    Diverging,
}

#[derive(Clone, Copy)]
pub struct Shade([u8; 3]);

impl Shade {
    /// The shade at a position from 0, the lowest value, to 1, the highest.
    pub fn at(shades: Shades, place: f64) -> Shade {
        let stops: &[[u8; 3]] = match shades {
            Shades::Sequential => &BLUES,
            Shades::Grey => &GREYS,
            Shades::Diverging => &BLUE_RED,
        };
        let place = place.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let from = (place.floor() as usize).min(stops.len() - 2);
        let share = place - from as f64;
        let mix = |i: usize| {
            let (a, b) = (f64::from(stops[from][i]), f64::from(stops[from + 1][i]));
            (a + (b - a) * share).round() as u8
        };
        Shade([mix(0), mix(1), mix(2)])
    }

    pub fn hex(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// Black or white, whichever has the higher contrast.
    pub fn ink(self) -> &'static str {
        let light = self.luminance();
        // The contrast ratio of WCAG 2: (lighter + 0.05) / (darker + 0.05).
        match (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) {
            true => "#000000",
            false => "#ffffff",
        }
    }

    /// The relative luminance of sRGB (WCAG 2), 0 for black and 1 for white.
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_darken_all_the_way() {
        let light = |shades, at: f64| Shade::at(shades, at).luminance();
        for shades in [Shades::Sequential, Shades::Grey] {
            let light: Vec<f64> = (0..=100).map(|i| light(shades, f64::from(i) / 100.0)).collect();
            assert!(light.windows(2).all(|pair| pair[0] > pair[1]), "{light:?}");
        }
        let hex = |at| Shade::at(Shades::Sequential, at).hex();
        assert_eq!((hex(-1.0), hex(2.0)), ("#f1f6fc".into(), "#08306b".into()));
        let away: Vec<f64> =
            (0..=50).map(|i| light(Shades::Diverging, 0.5 + f64::from(i) / 100.0)).collect();
        assert!(away.windows(2).all(|pair| pair[0] > pair[1]), "{away:?}");
        let away: Vec<f64> =
            (0..=50).map(|i| light(Shades::Diverging, 0.5 - f64::from(i) / 100.0)).collect();
        assert!(away.windows(2).all(|pair| pair[0] > pair[1]), "{away:?}");
    }

    #[test]
    fn text_stands_out_on_every_shade() {
        for shades in [Shades::Sequential, Shades::Grey, Shades::Diverging] {
            for i in 0..=100 {
                let shade = Shade::at(shades, f64::from(i) / 100.0);
                let light = shade.luminance();
                let contrast = match shade.ink() {
                    "#000000" => (light + 0.05) / 0.05,
                    _ => 1.05 / (light + 0.05),
                };
                assert!(contrast >= 4.5, "{shades:?} {i}: {contrast}");
            }
        }
    }
}
