use super::kinds::groups::Group;
use super::*;

mod printed_tests;

fn chart(panels: &str) -> Chart {
    let json = format!(r#"{{"title": "a < b", "notes": ["x & y"], "panels": [{panels}]}}"#);
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

const SHOTS: &str = r#"{"kind": "lines", "title": "shots", "x_label": "shots", "y_label": "F1",
    "series": [
        {"name": "a<b", "x": [8, 16, 32], "mean": [1, null, 3], "low": [0, 1, 2], "high": [2, 3, 4]},
        {"name": "summed", "x": [8, 16, 32], "mean": [2, 2.5, 3.5], "low": null}]}"#;
const HEAT: &str = r#"{"kind": "heat", "title": "transfer", "x_label": "target", "y_label": "source",
    "rows": ["paraphrase", "b"], "columns": ["acceptability", "entailment", "c"],
    "values": [[0.04, -0.04, null], [12.25, 3, 99.96]]}"#;
const BOXES: &str = r#"{"kind": "groups", "title": "seeds", "y_label": "F1", "note": "circles",
    "groups": [{"name": "one", "values": [1, 2, 3, 4, 50]}, {"name": "none", "values": []}]}"#;
const COUNTS: &str =
    r#"{"kind": "histogram", "title": "counts", "edges": [0, 1, 2], "counts": [3, 4]}"#;
const BARS: &str = r#"{"kind": "bars", "title": "methods", "y_label": "accuracy (%)", "names": ["pt", "ssum"],
    "series": [{"name": "8", "mean": [50, 60], "low": [45, 55], "high": [55, 65]}, {"name": "16", "mean": [70, null]}]}"#;
const VIOLINS: &str = r#"{"kind": "groups", "form": "violin", "groups": [{"name": "one", "values": [1, 2, 3, 4, 50]}, {"name": "level", "values": [2, 2]}]}"#;
const STRIPS: &str = r#"{"kind": "groups", "form": "strip", "groups": [{"name": "one", "values": [1, 2, 3, 4, 50]}]}"#;
const FOREST: &str = r#"{"kind": "forest", "title": "against pt", "x_label": "difference", "rows": [
    {"name": "ssum", "effect": 3.4, "low": 1.2, "high": 5.5, "mark": "*"}, {"name": "msum", "effect": -1.25}, {"name": "none"}]}"#;
const RANKS: &str = r#"{"kind": "ranks", "title": "ranks", "names": ["pt", "ssum", "msum"], "ranks": [2.75, 1.25, 2.0], "critical": 0.9}"#;
const BANDS: &str = r#"{"kind": "bands", "title": "normalise", "x_label": "step", "steps": 100, "bands": [
    {"name": "a&b", "spans": [{"from": 1, "to": 60, "word": "softmax"}, {"from": 61, "to": 100, "word": "sum"}]},
    {"spans": [{"from": 7, "to": 7, "word": "sum"}]}]}"#;

/// Forty tasks in a heat map, and as many boxes.
fn crowded() -> Chart {
    let names: Vec<String> = (0..40).map(|i| format!("task number {i}")).collect();
    let values = (0..40).map(|i| (0..40).map(|j| Some(f64::from(i * j))).collect()).collect();
    let mut chart = chart(&[HEAT, BOXES].join(","));
    for panel in &mut chart.panels {
        match panel {
            Panel::Heat(heat) => {
                (heat.rows, heat.columns) = (names.clone(), names.clone());
                heat.values = Vec::clone(&values);
            }
            Panel::Groups(boxes) => {
                let group = |name: &String| Group { name: name.clone(), values: vec![1e-7, 2e-7] };
                boxes.groups = names.iter().map(group).collect();
            }
            _ => {}
        }
    }
    chart
}

/// A line of many points and one of few.
fn curves() -> Chart {
    let mut chart = chart(SHOTS);
    let Panel::Lines(lines) = &mut chart.panels[0] else { unreachable!() };
    let series = &mut lines.series[0];
    series.x = (1..=300).map(f64::from).collect();
    series.mean = series.x.iter().map(|x| Some(x.sqrt())).collect();
    (series.low, series.high) = (None, None);
    chart
}

/// One of each, beside each other and alone.
pub fn all_sorts() -> Vec<Chart> {
    let all = [SHOTS, HEAT, BOXES, BANDS, BARS, VIOLINS, STRIPS, FOREST, RANKS].join(",");
    let columns = |columns| Chart { columns: Some(columns), ..chart(&all) };
    let alone = [SHOTS, HEAT, BOXES, BANDS, BARS, FOREST, RANKS].map(chart);
    [columns(1), columns(2), columns(3), crowded(), curves()].into_iter().chain(alone).collect()
}

#[test]
fn names_are_escaped_and_the_bytes_are_always_the_same() {
    for chart in all_sorts() {
        assert_eq!(chart.svg().unwrap(), chart.clone().svg().unwrap());
    }
    let svg = chart(&[SHOTS, HEAT, BOXES, BANDS].join(",")).svg().unwrap();
    for part in ["<title>a &lt; b</title>", ">x &amp; y<", ">a&lt;b<", ">circles<", ">a&amp;b<"] {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
    assert!(!svg.contains("a<b"), "{svg}");
}

#[test]
fn cells_hold_their_values() {
    let svg = chart(HEAT).svg().unwrap();
    for part in [">0.0<", ">12.2<", ">3.0<", ">100.0<", "paraphrase, c: no value", "#08306b"] {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
    assert!(!svg.contains("-0.0"), "{svg}");
    let clipped = HEAT.replace("\"rows\"", "\"low\": 1, \"high\": 50, \"digits\": 0, \"rows\"");
    let svg = chart(&clipped).svg().unwrap();
    assert!(svg.contains(">≤ 1<") && svg.contains(">≥ 50<") && svg.contains(">100<"), "{svg}");
}

#[test]
fn nothing_to_draw_says_so() {
    let empty = [
        r#"{"kind": "lines", "series": []}"#,
        r#"{"kind": "lines", "series": [{"x": [], "mean": []}, {"x": [1], "mean": [null]}]}"#,
        r#"{"kind": "heat", "rows": [], "columns": [], "values": []}"#,
        r#"{"kind": "heat", "rows": ["a"], "columns": ["b"], "values": [[null]]}"#,
        r#"{"kind": "groups", "groups": []}"#,
        r#"{"kind": "bands", "steps": 1, "bands": []}"#,
        r#"{"kind": "groups", "groups": [{"name": "a", "values": []}], "note": "n"}"#,
        r#"{"kind": "bars", "names": [], "series": []}"#,
        r#"{"kind": "bars", "names": ["a"], "series": [{"mean": [null]}]}"#,
        r#"{"kind": "forest", "rows": []}"#,
        r#"{"kind": "ranks", "names": ["a"], "ranks": [1], "critical": 0}"#,
    ];
    let svg = chart(&empty.join(",")).svg().unwrap();
    assert_eq!(svg.matches("no values").count(), empty.len(), "{svg}");
    assert!(chart("").svg().unwrap().ends_with("</svg>\n"));
}

#[test]
fn odd_numbers_never_reach_the_picture() {
    let odd = [f64::NAN, f64::INFINITY, -f64::MAX, f64::MAX, 1e300, -1e300, 5e-324, 0.0, -0.0, 1.0];
    let some = |values: &[f64]| -> Vec<Option<f64>> { values.iter().copied().map(Some).collect() };
    let names = || odd.iter().map(f64::to_string).collect::<Vec<_>>();
    for (x_log, y_log) in [(false, false), (true, true)] {
        for few in 1..=odd.len() {
            let all = &odd[odd.len() - few..];
            let long: Vec<f64> = all.iter().copied().cycle().take(40).collect();
            let series = |x: &[f64]| Series {
                name: "a".into(),
                x: x.to_vec(),
                mean: some(x),
                low: Some(x.iter().zip(all.iter().cycle()).map(|(_, y)| Some(*y)).collect()),
                high: Some(some(x)),
                ..Series::default()
            };
            let mut chart =
                chart(&[SHOTS, HEAT, BOXES, VIOLINS, STRIPS, COUNTS, BARS, FOREST].join(","));
            for panel in &mut chart.panels {
                match panel {
                    Panel::Lines(lines) => {
                        lines.series = vec![series(all), series(&long)];
                        (lines.x_axis.log, lines.y_axis.log) = (x_log, y_log);
                    }
                    Panel::Heat(heat) => {
                        (heat.rows, heat.columns) = (vec!["r".into(), "s".into()], names());
                        heat.columns.truncate(all.len());
                        heat.values = vec![some(all), some(all)];
                        (heat.low, heat.high) = (Some(f64::NAN), Some(all[0]));
                    }
                    Panel::Bars(bars) => {
                        bars.names = names()[..all.len()].to_vec();
                        bars.series.truncate(1);
                        bars.series[0].mean = some(all);
                        (bars.series[0].low, bars.series[0].high) =
                            (Some(some(all)), Some(some(all)));
                    }
                    Panel::Forest(forest) => {
                        for (row, value) in forest.rows.iter_mut().zip(all) {
                            (row.effect, row.low, row.high) =
                                (Some(*value), Some(-*value), Some(*value));
                        }
                    }
                    Panel::Bands(_) | Panel::Ranks(_) => unreachable!(),
                    Panel::Histogram(bars) => {
                        bars.edges = (0..=all.len()).map(|i| i as f64).collect();
                        bars.counts = all.to_vec();
                    }
                    Panel::Groups(boxes) => {
                        let group =
                            |values: &[f64]| Group { name: "g".into(), values: values.into() };
                        boxes.groups = vec![group(all), group(&long), group(&[])];
                    }
                }
            }
            let svg = chart.svg().unwrap();
            let drawn = svg.split('"').skip(1).step_by(2).chain(svg.split(['<', '>']));
            for piece in
                drawn.filter(|piece| piece.starts_with(|c: char| c.is_ascii_digit() || c == 'M'))
            {
                assert!(!piece.contains("inf") && !piece.contains("NaN"), "{piece} in {svg}");
            }
            let attributes = svg.replace(">NaN<", "").replace(">inf<", "");
            assert!(!attributes.contains("\"NaN") && !attributes.contains("\"inf"), "{svg}");
            chart.panels.retain(|panel| matches!(panel, Panel::Lines(_) | Panel::Histogram(_)));
            for columns in [0, 1, 20, 76, 1000, usize::MAX] {
                let text = chart.text(columns).unwrap();
                assert!(text.lines().all(|line| line.chars().count() < 1100), "{columns}: {text}");
            }
        }
    }
}

#[test]
fn lines_have_gaps_and_panels_in_one_column_line_up() {
    let line = |steps: u64, f: fn(u64) -> Option<f64>| Series {
        x: (1..=steps).map(|step| step as f64).collect(),
        mean: (1..=steps).map(f).collect(),
        ..Series::default()
    };
    let panel = |series| Panel::Lines(Lines { steps: Some(100), series, ..Lines::default() });
    let mut chart = Chart { columns: Some(1), ..chart(BANDS) };
    chart.panels.push(panel(vec![line(100, |step| (step % 50 > 1).then_some(7.0))]));
    chart.panels.push(panel(vec![line(100, |step| Some(1e-5 * step as f64))]));
    let svg = chart.svg().unwrap();
    // Two level pieces, of two points each.
    let path = svg.lines().find(|l| l.starts_with("<path") && l.matches('M').count() == 2);
    assert_eq!(path.expect(&svg).matches('L').count(), 2);
    let ticks = |text: &str| {
        let end = format!(">{text}</text>");
        let ticks = svg.lines().filter(|l| l.ends_with(&end) && l.contains("middle"));
        ticks.map(|l| l.split('"').nth(1).unwrap()).collect::<Vec<_>>()
    };
    let (first, last) = (ticks("1"), ticks("100"));
    assert!(first.len() == 3 && first.iter().all(|x| *x == first[0]), "{first:?}");
    assert!(last.len() == 3 && last.iter().all(|x| *x == last[0]), "{last:?}");
}

#[test]
fn descriptions_are_checked() {
    let read = |json: &str| serde_json::from_str::<Panel>(json).map_err(|error| error.to_string());
    let unknown = read(r#"{"kind": "groups", "groups": [], "color": 1}"#).unwrap_err();
    assert!(unknown.contains("unknown field `color`"), "{unknown}");
    assert!(read(r#"{"kind": "pie"}"#).unwrap_err().contains("unknown variant `pie`"));
    assert_eq!(chart(&[SHOTS, HEAT, BOXES, BANDS].join(",")).check(), Ok(()));
    for (right, wrong, what) in [
        ("[2, 2.5, 3.5]", "[2]", "panel 1: series \"summed\" has 3 x and 1 mean"),
        (
            "\"low\": null",
            "\"low\": [1, 1, 1]",
            "panel 1: series \"summed\" has one of low and high",
        ),
        ("[0, 1, 2]", "[0]", "panel 1: series \"a<b\" has 3 x and 1 low"),
    ] {
        assert_eq!(chart(&SHOTS.replace(right, wrong)).check(), Err(what.to_string()));
    }
    let short = chart(&HEAT.replace(", null]", "]"));
    let what = "panel 1: 3 names of columns and 2 values in row \"paraphrase\"";
    assert_eq!(short.check(), Err(what.to_string()));
    assert_eq!(short.svg(), Err(what.to_string()));
}
