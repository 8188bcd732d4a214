//! Renders SVG to PNG with embedded fonts: the same bytes on every machine.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};
use std::sync::{Arc, OnceLock};

/// The font that replaces all families.
const FONT: &str = "DejaVu Sans";
/// The maximum size of a side in pixels.
const LARGEST: f32 = 16_384.0;

/// Renders an SVG as PNG with `scale` pixels per unit. All text uses
/// DejaVu Sans.
///
/// # Errors
/// Text that is not SVG, or a picture with a side of 0 or more than 16,384 pixels.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, String> {
    let tree = parsed(svg)?;
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

fn parsed(svg: &str) -> Result<Tree, String> {
    let options =
        Options { font_family: FONT.to_string(), fontdb: fonts().clone(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| format!("not an SVG: {error}"))
}

fn fonts() -> &'static Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        for font in [dejavu::sans::regular(), dejavu::sans::bold()] {
            fonts.load_font_source(Source::Binary(Arc::new(font)));
        }
        // Families that are not loaded are skipped; usvg tries serif last.
        fonts.set_sans_serif_family(FONT);
        fonts.set_serif_family(FONT);
        fonts.set_monospace_family(FONT);
        fonts.set_cursive_family(FONT);
        fonts.set_fantasy_family(FONT);
        Arc::new(fonts)
    })
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
        let tree = parsed(svg).unwrap();
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
        let png = png(&svg(text), 2.0).unwrap();
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
        let pixels = Pixmap::decode_png(&png(&svg, 1.1).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (66, 23));
        assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
    }

    #[test]
    fn the_bytes_are_always_the_same() {
        let svg = svg("<text x=\"2\" y=\"15\">same</text>");
        assert_eq!(png(&svg, 1.5).unwrap(), png(&svg, 1.5).unwrap());
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(png("words", 1.0).unwrap_err().contains("not an SVG"));
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
            assert!(png(&svg(""), scale).unwrap_err().contains("pixels"), "{scale}");
        }
    }

    #[test]
    fn texts_of_charts_lie_within_the_picture_and_beside_each_other() {
        for chart in all_sorts() {
            let (texts, size) = texts(&chart.svg());
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
}
