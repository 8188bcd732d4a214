//! The curves of the runs: a template per series and scale, from which the page's script selects lines.

use crate::plot::{Selectable, Series};
use crate::records::catalog::Entry;
use crate::records::curve::thinned;
use compt_base::notice;
use compt_base::stop;
use std::collections::BTreeMap;

/// The number of points of a curve.
const POINTS: usize = 100;
/// These series come first; learning rates by group follow.
const FIRST: [&str; 2] = ["loss", "temperature"];

/// HTML: a `template` with the attributes `data-series` and `data-scale` for each series that any run has.
/// Lines are numbered like the runs.
pub fn templates(entries: &[Entry]) -> String {
    let mut html = String::new();
    for (name, lines) in series(entries) {
        for (scale, log) in [("linear", false), ("log", true)] {
            let svg = Selectable { name: &name, lines: &lines, log }.svg();
            let name = crate::plot::escape(&name);
            if let Some(svg) = svg {
                html += &format!(
                    "<template data-series=\"{name}\" data-scale=\"{scale}\">{svg}</template>\n"
                );
            }
        }
    }
    html
}

/// The series by name, each with a line for each run; the line is empty if the run has no such numbers.
fn series(entries: &[Entry]) -> Vec<(String, Vec<Series>)> {
    let mut found: BTreeMap<(usize, String), Vec<Series>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if stop::due() {
            break;
        }
        let lines = entry.metrics().unwrap_or_else(|e| {
            notice::say_once(&format!("note: the curves of a run are omitted: {e}"));
            Vec::new()
        });
        let rates = lines.iter().filter_map(|line| line["lr"].as_object());
        let rates = rates.flat_map(|rates| rates.keys()).map(|group| format!("lr.{group}"));
        let mut names: Vec<String> = FIRST.map(String::from).into_iter().chain(rates).collect();
        names.sort();
        names.dedup();
        for name in names {
            let points = thinned(&lines, &name, POINTS);
            if points.iter().all(|point| point.1.is_none()) {
                continue;
            }
            let order = FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
            let empty = || vec![Series::default(); entries.len()];
            let (x, mean) = points.into_iter().map(|(x, y)| (rounded(x), y.map(rounded))).unzip();
            let line = Series { name: entry.name(), x, mean, ..Series::default() };
            found.entry((order, name)).or_insert_with(empty)[place] = line;
        }
    }
    found.into_iter().map(|((_, name), lines)| (name, lines)).collect()
}

/// A number rounded to the precision of a figure.
fn rounded(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}
