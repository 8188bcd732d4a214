//! The answers as a figure: a panel for each knob.

use super::ask::{Answers, Series};
use compt_core::train::knobs::Value;
use compt_study::plot::{Band, Content, Figure, Line, Panel, Span};

pub fn figure(title: &str, answers: &Answers) -> Figure {
    let panel = |series: &[Series]| Panel {
        title: series[0].knob.to_string(),
        content: match series.iter().map(|one| line(one, answers)).collect() {
            Some(lines) => Content::Lines(lines),
            None => Content::Bands(series.iter().map(|one| band(one, answers)).collect()),
        },
    };
    Figure {
        title: title.to_string(),
        notes: answers.notes(),
        last_step: answers.total_steps,
        panels: answers.by_knob().map(panel).collect(),
    }
}

fn line(series: &Series, answers: &Answers) -> Option<Line> {
    let points = answers.steps.iter().copied().zip(series.numbers()?).collect();
    Some(Line { name: series.name.clone(), points })
}

fn band(series: &Series, answers: &Answers) -> Band {
    let span = |(first, last, value): (usize, usize, &Value)| {
        let (from, to) = answers.span(first, last);
        Span { from, to, word: value.to_string() }
    };
    Band { name: series.name.clone(), spans: series.runs().map(span).collect() }
}
