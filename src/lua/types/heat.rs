//! A table of weights as a heat map in text and HTML.

use compt_study::plot::{Shade, Shades, escape};

/// Rows of weights in [0, 1] with their names; columns are `src0`, `src1` ... In colour, a larger weight
/// has a lighter background; otherwise a fuller block follows it.
pub fn map(names: &[String], rows: &[Vec<f64>], colour: bool) -> String {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let columns = rows.first().map_or(0, Vec::len);
    let mut text = " ".repeat(width + 2);
    (0..columns).for_each(|i| text.push_str(&format!("  {:<5}", format!("src{i}"))));
    text.truncate(text.trim_end().len());
    for (name, row) in names.iter().zip(rows) {
        text.push_str(&format!("\n  {name}{}", " ".repeat(width - name.chars().count())));
        for &weight in row {
            text.push_str("  ");
            text.push_str(&if colour { shaded(weight) } else { filled(weight) });
        }
    }
    text
}

/// The same in HTML: a darker cell has a larger weight.
pub fn html(caption: &str, names: &[String], rows: &[Vec<f64>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let head: String = (0..columns).map(|i| format!("<th>src{i}</th>")).collect();
    let mut lines = vec![
        "<table>".to_string(),
        format!(
            "<caption style=\"text-align: left; white-space: nowrap\">{}</caption>",
            escape(caption)
        ),
        format!("<tr><th></th>{head}</tr>"),
    ];
    for (name, row) in names.iter().zip(rows) {
        let cell = |weight: &f64| {
            let shade = Shade::at(Shades::Sequential, *weight);
            let (ground, ink) = (shade.hex(), shade.ink());
            format!("<td style=\"background-color: {ground}; color: {ink}\">{weight:.3}</td>")
        };
        let cells: String = row.iter().map(cell).collect();
        lines.push(format!("<tr><th style=\"text-align: left\">{}</th>{cells}</tr>", escape(name)));
    }
    lines.push("</table>".to_string());
    lines.join("\n")
}

/// The 24 greys of a 256-colour terminal, with black text on the light ones.
fn shaded(weight: f64) -> String {
    let grey = 232 + (weight.clamp(0.0, 1.0) * 23.0).round() as u8;
    let letters = if grey > 243 { 16 } else { 231 };
    format!("\x1b[48;5;{grey}m\x1b[38;5;{letters}m{weight:.3}\x1b[0m")
}

fn filled(weight: f64) -> String {
    const BLOCKS: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let block = BLOCKS[(weight.clamp(0.0, 1.0) * 4.0).round() as usize];
    format!("{weight:.2}{block}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_a_row_a_task_and_a_column_a_source() {
        let text = map(&["a".into(), "long".into()], &[vec![0.0, 1.0], vec![0.5, 0.5]], false);
        assert_eq!(text, "        src0   src1\n  a     0.00   1.00█\n  long  0.50▒  0.50▒");
        let shades = map(&["a".into()], &[vec![0.0, 1.0]], true);
        assert!(shades.contains("48;5;232m") && shades.contains("48;5;255m"), "{shades}");
        let html = html("router", &["<a>".into()], &[vec![0.0, 1.0]]);
        assert!(
            html.contains("&lt;a&gt;") && html.contains("#08306b") && html.contains("1.000"),
            "{html}"
        );
    }
}
