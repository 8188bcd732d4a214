//! The colours of lines, groups and bars.

use serde::{Deserialize, Deserializer};

/// Okabe and Ito (2008), without yellow, which is too light for lines on white, and with grey: colours that readers
/// with a colour vision deficiency can distinguish.
const OKABE_ITO: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#777777"];
/// Tol (2021), "Colour schemes": for colour-blind readers, too.
const TOL_BRIGHT: [&str; 7] =
    ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb"];
const TOL_MUTED: [&str; 9] = [
    "#332288", "#cc6677", "#117733", "#ddcc77", "#88ccee", "#882255", "#44aa99", "#999933",
    "#aa4499",
];
const GREY: [&str; 4] = ["#000000", "#6e6e6e", "#3d3d3d", "#a0a0a0"];
/// The names of the palettes, for messages.
const NAMES: &str =
    "\"okabe-ito\", \"tol-bright\", \"tol-muted\", \"grey\", or a list of \"#rrggbb\"";

/// Colours by index; they repeat after the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette(Vec<String>);

impl Default for Palette {
    fn default() -> Palette {
        Palette::of(&OKABE_ITO)
    }
}

impl Palette {
    fn of(colours: &[&str]) -> Palette {
        Palette(colours.iter().map(ToString::to_string).collect())
    }

    fn named(name: &str) -> Option<Palette> {
        match name {
            "okabe-ito" => Some(Palette::of(&OKABE_ITO)),
            "tol-bright" => Some(Palette::of(&TOL_BRIGHT)),
            "tol-muted" => Some(Palette::of(&TOL_MUTED)),
            "grey" | "gray" => Some(Palette::of(&GREY)),
            _ => None,
        }
    }

    /// The number of colours.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the palette of greys.
    pub fn is_grey(&self) -> bool {
        *self == Palette::of(&GREY)
    }

    /// The colour with this index.
    pub fn colour(&self, index: usize) -> &str {
        &self.0[index % self.0.len()]
    }
}

impl<'de> Deserialize<'de> for Palette {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Palette, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Name(String),
            Colours(Vec<String>),
            Other(serde_json::Value),
        }
        let wrong = |what: String| serde::de::Error::custom(format!("{what}: expected {NAMES}"));
        match Given::deserialize(from)? {
            Given::Name(name) => {
                Palette::named(&name).ok_or_else(|| wrong(format!("unknown palette {name:?}")))
            }
            Given::Colours(colours) => match colours.iter().find(|colour| !is_colour(colour)) {
                Some(colour) => Err(wrong(format!("{colour:?} is not a colour"))),
                None if colours.is_empty() => Err(wrong("a palette without colours".into())),
                None => Ok(Palette(colours)),
            },
            Given::Other(value) => Err(wrong(format!("{value} is not a palette"))),
        }
    }
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Palette, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn palettes_are_named_or_listed() {
        assert_eq!(read("\"okabe-ito\""), Ok(Palette::default()));
        assert_eq!(read("[\"#123456\"]").unwrap().colour(7), "#123456");
        for wrong in ["\"rainbow\"", "[\"red\"]", "[]", "3", "[\"#12345\u{e9}\"]"] {
            let why = read(wrong).unwrap_err();
            assert!(why.contains("tol-bright"), "{wrong}: {why}");
        }
    }

    /// The linear light of a colour as a dichromat sees it: Viénot, Brettel and Mollon (1999).
    fn seen(colour: &str, matrix: [[f64; 3]; 3]) -> [f64; 3] {
        let part = |at: usize| {
            let byte = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let light = [part(1), part(3), part(5)];
        matrix.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
    }

    /// The distance of two colours in CIELAB (CIE 1976).
    fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
        let lab = |[r, g, b]: [f64; 3]| {
            let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505;
            let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089;
            let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
        };
        let (a, b) = (lab(a), lab(b));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn colour_blind_readers_tell_the_first_colours_apart() {
        let normal = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let protan = [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]];
        let deutan = [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]];
        for matrix in [normal, protan, deutan] {
            for (i, colour) in OKABE_ITO[..7].iter().enumerate() {
                for other in &OKABE_ITO[..i] {
                    let between = distance(seen(colour, matrix), seen(other, matrix));
                    assert!(between > 10.0, "{colour} and {other}: {between}");
                }
            }
        }
    }
}
