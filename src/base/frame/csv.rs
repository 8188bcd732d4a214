//! A table as comma-separated values.

use super::{Cell, Frame};

pub fn lines(frame: &Frame, raw: bool) -> impl Iterator<Item = String> {
    let head: Vec<String> = frame.names().map(|name| field(&name.into(), raw)).collect();
    let line = move |i| {
        let cells: Vec<String> = frame.row(i).map(|(_, cell)| field(cell, raw)).collect();
        cells.join(",")
    };
    std::iter::once(head.join(",")).chain((0..frame.rows()).map(line))
}

/// A text that a spreadsheet would run as a formula begins with `'`, unless `raw`
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn field(cell: &Cell, raw: bool) -> String {
    let Some(text) = cell.text() else { return String::new() };
    let (Cell::Text(_) | Cell::Nested(_)) = cell else { return text };
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = match runs && !raw && text.parse::<f64>().is_err() {
        true => format!("'{text}"),
        false => text,
    };
    match text.is_empty() || text.contains([',', '"', '\n', '\r', '\t']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let plain = |value| field(&Cell::from(&value), false);
        assert_eq!(plain(json!("a,\"b\"")), "\"a,\"\"b\"\"\"");
        assert_eq!(plain(json!("a\nb")), "\"a\nb\"");
        assert_eq!((plain(json!(1.5)), plain(json!(null))), ("1.5".into(), String::new()));
        assert_eq!(
            (plain(json!("")), plain(json!(["a", 1]))),
            ("\"\"".into(), "\"[\"\"a\"\",1]\"".into())
        );
        let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-9];
        assert_eq!(numbers.map(|x| field(&Cell::Number(x), false)), ["NaN", "inf", "-inf", "1e-9"]);
    }

    #[test]
    fn a_spreadsheet_runs_no_cell() {
        let both = |text: &str| [false, true].map(|raw| field(&text.into(), raw));
        assert_eq!(both("=1+1"), ["'=1+1", "=1+1"]);
        assert_eq!(both("@x,y"), ["\"'@x,y\"", "\"@x,y\""]);
        assert_eq!(both("\tx"), ["\"'\tx\"", "\"\tx\""]);
        assert_eq!(both("-1.5"), ["-1.5", "-1.5"]);
        assert_eq!(field(&Cell::Whole(-2), false), "-2");
    }
}
