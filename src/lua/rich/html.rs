//! Small tables in HTML, which need no style sheet.

pub use compt_study::plot::escape;

/// A table: the first `names` cells of a line are aligned to the left, the others to the right.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>], names: usize) -> String {
    let head: Vec<String> = head.iter().map(|name| escape(name)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    let line = |kind: &str, cells: &[String]| {
        let cell = |(i, text): (usize, &String)| {
            let side = if i < names { "left" } else { "right" };
            format!("<{kind} style=\"text-align: {side}\">{text}</{kind}>")
        };
        format!("<tr>{}</tr>", cells.iter().enumerate().map(cell).collect::<String>())
    };
    let mut lines = vec!["<table>".to_string()];
    if !caption.is_empty() {
        lines.push(format!(
            "<caption style=\"text-align: left; white-space: nowrap\">{}</caption>",
            escape(caption)
        ));
    }
    lines.push(format!("<thead>{}</thead>", line("th", &head)));
    lines.push("<tbody>".to_string());
    lines.extend(rows.iter().map(|row| line("td", row)));
    lines.push("</tbody></table>".to_string());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_escaped() {
        let html = table("a & b", &["x"], &[vec!["<i>".to_string()]], 1);
        assert!(html.contains("a &amp; b") && html.contains("&lt;i&gt;"), "{html}");
    }
}
