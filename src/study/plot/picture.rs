//! Draws SVG as PNG and PDF with embedded fonts: the same bytes on every machine.

use compt_base::notice;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Family, Query, Source};
use resvg::usvg::{Options, Tree};
use std::sync::{Arc, OnceLock};
use svg2pdf::{ConversionOptions, PageOptions};
use ttf_parser::Face;

/// The fonts of the program, for the generic families.
const SANS: &str = "DejaVu Sans";
const SERIF: &str = "DejaVu Serif";
/// The maximum size of a side in pixels.
const LARGEST: f32 = 16_384.0;
/// Pixels of CSS per inch.
const DPI: f32 = 96.0;

/// Renders an SVG as PNG with `scale` pixels per pixel of CSS. Text is in DejaVu Sans, in DejaVu Serif for the family
/// `serif`, or in an installed font.
///
/// # Errors
/// Text that is not SVG, a family that is not installed, or a picture with a side of 0 or more than 16,384 pixels.
pub fn png(svg: &str, scale: f32, font: Option<&str>) -> Result<Vec<u8>, String> {
    let tree = parsed(svg, font)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let fits = |side: f32| side > 0.0 && side <= LARGEST;
    if !(fits(width) && fits(height)) {
        return Err(format!(
            "a picture of {width} x {height} pixels: each side must have 1 to {LARGEST}"
        ));
    }
    let (across, down) = (width.ceil(), height.ceil());
    let mut pixels = Pixmap::new(across as u32, down as u32)
        .ok_or_else(|| format!("not enough memory for {width} x {height} pixels"))?;
    // Scales so that the last pixels are complete.
    let whole = Transform::from_scale(across / tree.size().width(), down / tree.size().height());
    resvg::render(&tree, whole, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

/// An SVG as a PDF file of one page of its size. Text stays text, in the same fonts as in [`png`], which are embedded.
///
/// # Errors
/// Text that is not SVG, or a family that is not installed.
pub fn pdf(svg: &str, font: Option<&str>) -> Result<Vec<u8>, String> {
    let tree = parsed(svg, font)?;
    let page = PageOptions { dpi: DPI };
    svg2pdf::to_pdf(&tree, ConversionOptions::default(), page).map_err(|error| error.to_string())
}

fn parsed(svg: &str, font: Option<&str>) -> Result<Tree, String> {
    let fontdb = match font {
        Some("serif") => {
            let mut fonts = Database::clone(bundled());
            fonts.set_serif_family(SERIF);
            Arc::new(fonts)
        }
        None | Some("sans-serif" | SANS | SERIF) => bundled().clone(),
        Some(family) => installed(family)?,
    };
    if let Some(c) = unknown(svg, &fontdb) {
        notice::say_once(&format!(
            "note: the fonts of the picture have no character '{c}' and show a box; name a font that has it (`font`), \
             or write SVG"
        ));
    }
    let options = Options { font_family: SANS.to_string(), fontdb, ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| format!("not an SVG: {error}"))
}

/// The first character of the texts that no font has.
fn unknown(svg: &str, fonts: &Database) -> Option<char> {
    let texts = svg.split('>').filter_map(|part| part.split('<').next());
    let mut others: Vec<char> = texts.flat_map(str::chars).filter(|c| !c.is_ascii()).collect();
    others.sort_unstable();
    others.dedup();
    let has = |c: char| {
        fonts.faces().any(|face| {
            let glyph = |data: &[u8], index| Face::parse(data, index).ok()?.glyph_index(c);
            fonts.with_face_data(face.id, glyph).flatten().is_some()
        })
    };
    others.into_iter().find(|c| !has(*c))
}

fn bundled() -> &'static Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        let files = [
            dejavu::sans::regular(),
            dejavu::sans::bold(),
            dejavu::serif::regular(),
            dejavu::serif::bold(),
        ];
        for font in files {
            fonts.load_font_source(Source::Binary(Arc::new(font)));
        }
        // Families that are not loaded are skipped; usvg tries serif last.
        fonts.set_sans_serif_family(SANS);
        fonts.set_serif_family(SANS);
        fonts.set_monospace_family(SANS);
        fonts.set_cursive_family(SANS);
        fonts.set_fantasy_family(SANS);
        Arc::new(fonts)
    })
}

/// The fonts of the program and of the machine, if this family is among them.
fn installed(family: &str) -> Result<Arc<Database>, String> {
    let mut fonts = Database::clone(bundled());
    fonts.load_system_fonts();
    // The search for system fonts sets the generic families again.
    fonts.set_sans_serif_family(SANS);
    fonts.set_serif_family(SANS);
    match fonts.query(&Query { families: &[Family::Name(family)], ..Query::default() }) {
        Some(_) => Ok(Arc::new(fonts)),
        None => Err(format!(
            "the font {family:?} is not installed; PNG and PDF can have {SANS:?} and {SERIF:?} on every machine"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::all_sorts;
    use super::*;
    use resvg::tiny_skia::{Rect, Size};
    use resvg::usvg::{Group, Node};

    /// Each text of an SVG, its box, and whether it is horizontal; and the size of the SVG.
    fn texts(svg: &str) -> (Vec<(String, Rect, bool)>, Size) {
        fn walk(group: &Group, found: &mut Vec<(String, Rect, bool)>) {
            for node in group.children() {
                match node {
                    Node::Group(group) => walk(group, found),
                    Node::Text(text) => {
                        let chunks = text.chunks().iter().map(|chunk| chunk.text());
                        let level = !text.abs_transform().has_skew();
                        found.push((chunks.collect(), text.abs_bounding_box(), level));
                    }
                    _ => {}
                }
            }
        }
        let tree = parsed(svg, None).unwrap();
        let mut found = Vec::new();
        walk(tree.root(), &mut found);
        (found, tree.size())
    }

    fn svg(text: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">{text}</svg>"
        )
    }

    fn drawn(text: &str) -> usize {
        let png = png(&svg(text), 2.0, None).unwrap();
        let pixels = Pixmap::decode_png(&png).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (120, 40));
        pixels.pixels().iter().filter(|pixel| pixel.alpha() > 128).count()
    }

    #[test]
    fn text_is_drawn_in_whatever_family_and_weight() {
        let plain = drawn("<text x=\"2\" y=\"15\">Text</text>");
        let bold = drawn("<text x=\"2\" y=\"15\" font-weight=\"bold\">Text</text>");
        let other = drawn("<text x=\"2\" y=\"15\" font-family=\"Unknown\">Text</text>");
        assert!(plain > 100 && bold > plain && other == plain, "{plain} {bold} {other}");
    }

    #[test]
    fn the_last_pixels_are_whole() {
        let svg = svg("<rect width=\"100%\" height=\"100%\"/>").replace("\"20\"", "\"20.3\"");
        let pixels = Pixmap::decode_png(&png(&svg, 1.1, None).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (66, 23));
        assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
    }

    #[test]
    fn the_bytes_are_always_the_same() {
        let svg = svg("<text x=\"2\" y=\"15\">same</text>");
        assert_eq!(png(&svg, 1.5, None).unwrap(), png(&svg, 1.5, None).unwrap());
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(png("words", 1.0, None).unwrap_err().contains("not an SVG"));
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
            assert!(png(&svg(""), scale, None).unwrap_err().contains("pixels"), "{scale}");
        }
    }

    #[test]
    fn texts_of_charts_lie_within_the_picture_and_beside_each_other() {
        for chart in all_sorts() {
            let (texts, size) = texts(&chart.svg().unwrap());
            assert!(texts.len() > 5);
            for (i, (text, place, level)) in texts.iter().enumerate() {
                let inside = place.left() >= 0.0 && place.right() <= size.width();
                let inside = inside && place.top() >= 0.0 && place.bottom() <= size.height();
                assert!(inside, "{text:?} at {place:?} of {size:?}");
                for (other, beside, _) in texts[..i].iter().filter(|(.., also)| *level && *also) {
                    assert!(place.intersect(beside).is_none(), "{text:?} on {other:?}");
                }
            }
        }
    }

    #[test]
    fn text_in_a_pdf_is_text_of_an_embedded_font() {
        let bytes = pdf(&svg("<text x=\"2\" y=\"15\">Text</text>"), None).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-"), "{text}");
        for part in ["/FontFile", "DejaVuSans", "/ToUnicode"] {
            assert!(text.contains(part), "no {part}");
        }
        // 60 x 20 pixels of CSS are 45 x 15 points.
        assert!(text.contains("/MediaBox [0 0 45 15]"), "{text}");
        assert_eq!(pdf(&svg(""), None).unwrap(), pdf(&svg(""), None).unwrap());
    }

    #[test]
    fn characters_without_a_picture_are_found() {
        assert_eq!(unknown("<text>naïve ± …</text>", bundled()), None);
        assert_eq!(unknown("<text>a 中 b</text>", bundled()), Some('中'));
    }

    #[test]
    fn a_font_that_is_not_installed_is_an_error() {
        let why = pdf(&svg(""), Some("No Such Family")).unwrap_err();
        assert!(why.contains("\"No Such Family\"") && why.contains("DejaVu Serif"), "{why}");
        for family in ["serif", "sans-serif", "DejaVu Sans"] {
            assert!(pdf(&svg(""), Some(family)).is_ok(), "{family}");
        }
    }
}
