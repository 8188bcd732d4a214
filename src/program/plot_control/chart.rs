//! A trace as a chart with one panel per knob.

use super::trace::{Knob, Trace};
use compt_core::train::knobs::Value;
use compt_study::plot::{
    Band, Bands, Chart, Layout, Lines, Panel, Scale, Series, Span, suits_logarithm,
};

/// The height of a panel in pixels: several fit on a screen.
const HEIGHT: f64 = 105.0;

pub fn chart(title: &str, trace: &Trace) -> Chart {
    let groups: Vec<&[Knob]> = trace.by_knob().collect();
    let panel = |(i, knobs): (usize, &&[Knob])| {
        let title = knobs[0].knob.to_string();
        let x_label = if i + 1 == groups.len() { "step".to_string() } else { String::new() };
        match knobs.iter().map(|knob| series(knob, trace)).collect::<Option<Vec<Series>>>() {
            Some(series) => lines(title, x_label, trace.total_steps, series),
            None => {
                let bands = knobs.iter().map(|knob| band(knob, trace)).collect();
                Panel::Bands(Bands { title, x_label, steps: trace.total_steps, bands })
            }
        }
    };
    Chart {
        title: title.to_string(),
        foot: Vec::new(),
        notes: trace.notes(),
        columns: Some(1),
        layout: Layout::default(),
        panels: groups.iter().enumerate().map(panel).collect(),
    }
}

fn lines(title: String, x_label: String, steps: u64, series: Vec<Series>) -> Panel {
    let values = series.iter().flat_map(|line| &line.mean).flatten().copied();
    let y_log = suits_logarithm(&values.collect::<Vec<f64>>());
    let title = if y_log { format!("{title} (logarithmic)") } else { title };
    let (steps, height) = (Some(steps), Some(HEIGHT));
    let y_axis = Scale { log: y_log, ..Scale::default() };
    Panel::Lines(Lines { title, x_label, y_axis, steps, height, series, ..Lines::default() })
}

fn series(knob: &Knob, trace: &Trace) -> Option<Series> {
    let x = trace.steps.iter().map(|step| *step as f64).collect();
    Some(Series { name: knob.name.clone(), x, mean: knob.numbers()?, ..Series::default() })
}

fn band(knob: &Knob, trace: &Trace) -> Band {
    let span = |(first, last, value): (usize, usize, &Value)| {
        let (from, to) = trace.span(first, last);
        Span { from, to, word: value.to_string() }
    };
    Band { name: knob.name.clone(), spans: knob.runs().map(span).collect() }
}
