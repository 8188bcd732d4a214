//! Charts of a given width: their size, their text, and marks at their values.

use super::*;

/// A chart 84 mm wide, the column of a page of two columns.
fn column(panels: &str) -> Chart {
    let layout = serde_json::from_str("{\"width\": 84}").unwrap();
    Chart { layout, title: String::new(), notes: Vec::new(), ..chart(panels) }
}

/// The numbers of an attribute of all elements of a kind.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
    let open = format!("<{element} ");
    let elements = svg.split(&open).skip(1);
    let values = elements.filter_map(|text| {
        let text = text.split('>').next()?;
        text.split(&format!("{attribute}=\"")).nth(1)?.split('"').next()?.parse().ok()
    });
    values.collect()
}

/// The place of a tick with this text, along the lower axis.
fn tick(svg: &str, text: &str) -> f64 {
    let end = format!("text-anchor=\"middle\">{text}</text>");
    let line =
        svg.lines().find(|line| line.ends_with(&end)).unwrap_or_else(|| panic!("{text} in {svg}"));
    line.split('"').nth(1).unwrap().parse().unwrap()
}

/// The height of a tick with this text of the value axis.
fn level(svg: &str, text: &str) -> f64 {
    let end = format!("text-anchor=\"end\">{text}</text>");
    let line =
        svg.lines().find(|line| line.ends_with(&end)).unwrap_or_else(|| panic!("{text} in {svg}"));
    line.split('"').nth(3).unwrap().parse::<f64>().unwrap() - 4.0
}

#[test]
fn a_column_has_its_width_and_readable_text() {
    for panels in [SHOTS, HEAT, BOXES, VIOLINS, STRIPS, BANDS, BARS, FOREST, RANKS] {
        for size in [6.0, 8.0, 10.0] {
            let mut chart = column(panels);
            chart.layout.font_size = Some(size);
            let svg = chart.svg().unwrap();
            // 84 mm are 238.1 points.
            assert!(svg.contains("width=\"238.1pt\""), "{svg}");
            let sizes = numbers(&svg, "text", "font-size").into_iter().chain([11.0]);
            let least = sizes.fold(f64::INFINITY, f64::min) * chart.layout.unit();
            assert!(least >= 5.99, "{least} points: {svg}");
        }
    }
}

#[test]
fn panels_that_do_not_fit_are_refused_with_the_width_that_does() {
    let mut chart = column(HEAT);
    let Panel::Heat(heat) = &mut chart.panels[0] else { unreachable!() };
    heat.columns = (0..30).map(|i| format!("task {i}")).collect();
    heat.values = vec![vec![Some(12.5); 30]; 2];
    let why = chart.svg().unwrap_err();
    let needed: f64 =
        why.split("width of ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(needed > 84.0 && why.contains("not 84"), "{why}");
    chart.layout.width = Some(needed);
    assert!(chart.svg().is_ok());
    // Panels that do not fit beside each other are below each other.
    let two = Chart { columns: Some(2), ..column(&[HEAT, HEAT].join(",")) };
    let tall = |chart: &Chart| {
        let svg = chart.svg().unwrap();
        let size = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap();
        size.split(' ').nth(1).unwrap().parse::<f64>().unwrap()
    };
    assert!(tall(&two) > 1.5 * tall(&column(HEAT)));
}

#[test]
fn points_are_at_their_values() {
    let svg = column(
        r#"{"kind": "lines", "series": [
        {"name": "a", "x": [8, 16, 32], "mean": [0, 5, 10], "low": [0, 4, 8], "high": [0, 6, 12]},
        {"name": "b", "x": [8, 16, 32], "mean": [2, 4, 6]}], "spread": "bars", "x_axis": {"log": true}}"#,
    );
    let svg = svg.svg().unwrap();
    let (x, y) = (numbers(&svg, "circle", "cx"), numbers(&svg, "circle", "cy"));
    // The last marker is the one of the legend.
    let ticks = ["8", "16", "32"].map(|text| tick(&svg, text));
    assert_eq!(x[..3], ticks);
    assert!((ticks[1] - ticks[0] - (ticks[2] - ticks[1])).abs() < 0.21, "{ticks:?}");
    let levels = ["0", "5", "10"].map(|text| level(&svg, text));
    assert_eq!(y[..3], levels);
    // The squares of the other line are at the same x.
    let square = svg.lines().find(|line| line.starts_with("<polygon")).unwrap();
    let corners: Vec<f64> = square
        .split('"')
        .nth(1)
        .unwrap()
        .split(' ')
        .map(|at| at.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(((corners[0] + corners[1]) / 2.0 - ticks[0]).abs() < 0.11, "{corners:?}");
}

#[test]
fn limits_cut_lines_and_bounds_cut_axes() {
    let lines = |axis: &str| {
        let json = format!(
            r#"{{"kind": "lines", "y_axis": {axis}, "series": [
            {{"x": [1, 2, 3], "mean": [1, 9, 2], "low": [-4, 0, 0], "high": [6, 18, 4]}}]}}"#
        );
        column(&json).svg().unwrap()
    };
    let cut = lines(r#"{"limits": [0, 5]}"#);
    assert_eq!(numbers(&cut, "circle", "cy").len(), 2, "{cut}");
    let path = cut.lines().find(|line| line.contains("stroke-linejoin")).unwrap();
    assert_eq!(path.matches('M').count(), 2, "{path}");
    let top = level(&cut, "5");
    let tops = path.split(['M', 'L', ',', '"']).filter(|part| *part == top.to_string());
    assert_eq!(tops.count(), 2, "{path}");
    // A band may reach below 0, the axis of a quantity that cannot be negative does not.
    assert!(lines("{}").contains(">-5<"));
    let bounded = lines(r#"{"bounds": [0, null]}"#);
    assert!(!bounded.contains(">-5<") && bounded.contains(">0<"), "{bounded}");
    let ticks = lines(r#"{"limits": [0, 5], "ticks": [0, 2.5, 5, 7.5]}"#);
    assert!(ticks.contains(">2.5<") && !ticks.contains(">7.5<"));
    for (axis, part) in [
        (r#"{"limits": [5, 0]}"#, "y_limits must rise"),
        (r#"{"log": true, "limits": [0, 5]}"#, "above 0"),
        (r#"{"log": true, "ticks": [-1]}"#, "y_ticks: -1"),
    ] {
        let json = format!(r#"{{"kind": "lines", "y_axis": {axis}, "series": []}}"#);
        let why = column(&json).svg().unwrap_err();
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn panels_share_axes_and_one_legend() {
    let panel = |most: f64| {
        format!(
            r#"{{"kind": "lines", "y_label": "F1", "x_label": "shots", "series": [
        {{"name": "pt", "x": [8, 16], "mean": [10, {most}]}}, {{"name": "ssum", "x": [8, 16], "mean": [20, 30]}}]}}"#
        )
    };
    let mut both = column(&[panel(40.0), panel(90.0)].join(","));
    let legends = |chart: &Chart| chart.svg().unwrap().matches(">ssum<").count();
    assert_eq!(legends(&both), 1);
    both.layout.share = serde_json::from_str("\"y\"").unwrap();
    let svg = both.svg().unwrap();
    assert_eq!((svg.matches(">F1<").count(), svg.matches(">shots<").count()), (1, 2), "{svg}");
    assert_eq!(svg.matches("text-anchor=\"end\">100<").count(), 1);
    // The same value is at the same height: the second points of `ssum`.
    let squares = svg.lines().filter(|line| line.starts_with("<polygon"));
    let tops: Vec<&str> = squares.map(|line| line.split([',', ' ']).nth(2).unwrap()).collect();
    assert_eq!(tops[1], tops[3], "{tops:?}");
    // Equal values are at equal heights, whatever the numbers of the first panel need.
    let rules = |svg: &str| {
        let lines =
            svg.lines().filter(|line| line.starts_with("<line") && line.contains("#dddddd"));
        let level = lines.filter(|line| line.split('"').nth(3) == line.split('"').nth(7));
        level.map(|line| line.split('"').nth(3).unwrap().to_string()).collect::<Vec<_>>()
    };
    let heights = rules(&svg);
    assert_eq!(heights[..heights.len() / 2], heights[heights.len() / 2..]);
    both.layout.legend = serde_json::from_str("\"none\"").unwrap();
    assert_eq!(legends(&both), 0);
    both.layout.share = serde_json::from_str("\"none\"").unwrap();
    assert_eq!(both.svg().unwrap().matches(">F1<").count(), 2);
}

#[test]
fn shared_axes_are_the_same_for_every_kind() {
    let share = |panels: &[&str], axis: &str| {
        let mut chart = Chart { columns: Some(2), ..column(&panels.join(",")) };
        chart.layout =
            serde_json::from_str(&format!("{{\"width\": 171, \"share\": \"{axis}\"}}")).unwrap();
        chart.svg()
    };
    let few = COUNTS.replace("[3, 4]", "[30, 40]");
    let svg = share(&[&few, COUNTS], "y").unwrap();
    let bars = svg.lines().filter(|line| line.contains("fill-opacity"));
    let tall: Vec<f64> =
        bars.map(|line| line.split('"').nth(7).unwrap().parse().unwrap()).collect();
    assert!((tall[0] - 10.0 * tall[2]).abs() < 1.1, "{tall:?}");
    let wide = FOREST.replace("3.4", "34000.5").replace("5.5", "40000");
    let svg = share(&[FOREST, &wide], "x").unwrap();
    let zeros = svg.lines().filter(|line| line.contains("stroke-dasharray"));
    let zeros: Vec<&str> = zeros.map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(zeros[0], zeros[1]);
    let log = SHOTS.replace("\"title\"", "\"y_axis\": {\"log\": true}, \"title\"");
    assert!(
        share(&[SHOTS, &log], "y").unwrap_err().contains("must all be logarithmic or all linear")
    );
    // The lower end of a band below 0 leaves a logarithmic axis as it is.
    let low = log.replace("[0, 1, 2]", "[-1, 1, 2]");
    let svg = share(&[&low, &log], "y").unwrap();
    assert!(!svg.contains(">-") && !svg.contains("end\">0<") && svg.contains("end\">4<"), "{svg}");
}

#[test]
fn nothing_is_drawn_beyond_limits() {
    let boxes = column(
        r#"{"kind": "groups", "y_axis": {"limits": [0, 10]}, "groups": [{"name": "far", "values": [20, 30, 100]}]}"#,
    );
    let svg = boxes.svg().unwrap();
    assert!(!svg.contains("stroke-width=\"2.4\"") && !svg.contains("fill-opacity"), "{svg}");
    let band = column(
        r#"{"kind": "lines", "y_axis": {"limits": [0, 20]}, "series": [
        {"x": [0, 1], "mean": [5, 10], "low": [0, 0], "high": [10, 1010]}]}"#,
    );
    let svg = band.svg().unwrap();
    let path = svg.lines().find(|line| line.contains("fill-opacity")).unwrap();
    // The edge rises by 1000: it leaves at x = 0.01.
    let corners: Vec<f64> = path
        .split(['M', 'L', 'Z', '"'])
        .filter_map(|at| at.split_once(',')?.0.parse().ok())
        .collect();
    let (left, right) = (tick(&svg, "0"), tick(&svg, "1"));
    assert!(corners.iter().any(|x| (x - left - 0.01 * (right - left)).abs() < 0.2), "{corners:?}");
    let wide = Chart {
        layout: serde_json::from_str("{\"width\": 30, \"font_size\": 36}").unwrap(),
        ..column(SHOTS)
    };
    assert!(wide.svg().unwrap_err().contains("the panels need a width"));
    let many = (0..9)
        .map(|i| format!("{{\"name\": \"{i}\", \"mean\": [1]}}"))
        .collect::<Vec<_>>()
        .join(",");
    let bars = format!(r#"{{"kind": "bars", "names": ["a"], "series": [{many}]}}"#);
    assert!(
        column(&bars)
            .svg()
            .unwrap_err()
            .contains("9 series of bars need as many colours, and the palette has 8")
    );
}

#[test]
fn legends_are_where_they_were_put() {
    let at = |legend: &str| {
        let mut chart = column(SHOTS);
        chart.layout.legend = serde_json::from_str(&format!("\"{legend}\"")).unwrap();
        let svg = chart.svg().unwrap();
        let line = svg.lines().find(|line| line.ends_with(">summed</text>"));
        line.map(|line| {
            (
                line.split('"').nth(1).unwrap().parse::<f64>().unwrap(),
                line.split('"').nth(3).unwrap().parse::<f64>().unwrap(),
            )
        })
    };
    let (below, top, right) = (at("below").unwrap(), at("top").unwrap(), at("right").unwrap());
    assert!(
        top.1 < 20.0 && below.1 > 150.0 && right.0 > 230.0 && right.1 < 60.0,
        "{below:?} {top:?} {right:?}"
    );
    assert_eq!(at("none"), None);
    // The lines rise from the lower left.
    let inside = at("inside").unwrap();
    assert!(
        inside.0 > 200.0 && inside.1 > 100.0 || inside.0 < 120.0 && inside.1 < 60.0,
        "{inside:?}"
    );
}

#[test]
fn bars_effects_and_ranks_are_at_their_values() {
    let svg = column(BARS).svg().unwrap();
    let zero = level(&svg, "0");
    let bar = |tip: &str| {
        let line = svg.lines().find(|line| line.contains(tip)).unwrap();
        let number = |i: usize| line.split('"').nth(i).unwrap().parse::<f64>().unwrap();
        (number(3), number(3) + number(7))
    };
    let (top, bottom) = bar("pt, 16: 70");
    assert!((bottom - zero).abs() < 0.11 && top < bar("ssum, 8: 60").0, "{svg}");
    assert!(!svg.contains("ssum, 16"), "{svg}");

    let svg = column(FOREST).svg().unwrap();
    assert!(
        svg.contains(">+3.4 [1.2, 5.5]*<") && svg.contains(">-1.2<") && svg.contains(">no value<"),
        "{svg}"
    );
    let squares: Vec<f64> = svg
        .lines()
        .filter(|line| line.starts_with("<rect x"))
        .map(|line| line.split('"').nth(1).unwrap().parse().unwrap())
        .collect();
    let unit = (tick(&svg, "4") - tick(&svg, "0")) / 4.0;
    assert!((squares[0] + 3.2 - tick(&svg, "0") - 3.4 * unit).abs() < 0.2, "{squares:?}");

    let svg = column(RANKS).svg().unwrap();
    let (first, last) = (tick(&svg, "1"), tick(&svg, "3"));
    let names = numbers(&svg, "line", "x1");
    let place = first + (last - first) * 0.125;
    assert!(names.iter().any(|x| (x - place).abs() < 0.11), "{place} in {names:?}");
    assert!(svg.contains(">ssum 1.25<") && svg.contains(">CD = 0.90<"), "{svg}");
    // ssum and msum differ by 0.75, msum and pt too; ssum and pt by 1.5.
    assert_eq!(svg.matches("stroke-width=\"3\"").count(), 2);
}

#[test]
fn an_empty_title_takes_no_space() {
    let top = |title: &str| {
        let svg = Chart {
            title: title.into(),
            notes: Vec::new(),
            ..chart(r#"{"kind": "bands", "steps": 9, "bands": [{"spans": []}]}"#)
        }
        .svg()
        .unwrap();
        svg.split("translate(")
            .nth(1)
            .unwrap()
            .split([' ', ')'])
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert_eq!((top(""), top("title") > 30.0), (16.0, true));
}
