//! Shades of one hue, from light for low values to dark for high ones.

/// Steps of approximately equal lightness difference, from light to dark.
const STOPS: [[u8; 3]; 9] = [
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

#[derive(Clone, Copy)]
pub struct Shade([u8; 3]);

impl Shade {
    /// The shade at a position from 0, the lightest, to 1, the darkest.
    pub fn at(place: f64) -> Shade {
        let place = place.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
        let from = (place.floor() as usize).min(STOPS.len() - 2);
        let share = place - from as f64;
        let mix = |i: usize| {
            let (a, b) = (f64::from(STOPS[from][i]), f64::from(STOPS[from + 1][i]));
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
        let light: Vec<f64> =
            (0..=100).map(|i| Shade::at(f64::from(i) / 100.0).luminance()).collect();
        assert!(light.windows(2).all(|pair| pair[0] > pair[1]), "{light:?}");
        assert_eq!(
            (Shade::at(-1.0).hex(), Shade::at(2.0).hex()),
            ("#f1f6fc".into(), "#08306b".into())
        );
    }

    #[test]
    fn text_stands_out_on_every_shade() {
        for i in 0..=100 {
            let shade = Shade::at(f64::from(i) / 100.0);
            let light = shade.luminance();
            let contrast = match shade.ink() {
                "#000000" => (light + 0.05) / 0.05,
                _ => 1.05 / (light + 0.05),
            };
            assert!(contrast >= 4.5, "{i}: {contrast}");
        }
        assert_eq!((Shade::at(0.0).ink(), Shade::at(1.0).ink()), ("#000000", "#ffffff"));
    }
}
