//! A trace as text: one row per knob, with its values as a line of blocks or as words by step ranges.

use super::trace::{Knob, Trace};
use compt_core::train::knobs::Value;
use compt_study::plot::{short, spark};
use std::fmt::Write;

/// The minimum number of blocks in a line.
const LEAST: usize = 12;
/// The maximum number of ranges that are listed for a knob.
const RANGES: usize = 20;

/// The columns before the blocks.
const HEAD: [&str; 4] = ["first", "last", "min", "max"];

pub fn text(title: &str, trace: &Trace, width: usize) -> String {
    let mut text = format!("{title}\n");
    for note in trace.notes() {
        text.push_str(&wrapped(note.split(' '), " ", "", width));
    }
    if trace.knobs.is_empty() {
        return text;
    }
    text.push('\n');
    let name = |knob: &Knob| knob.full_name().replace(char::is_control, "\u{fffd}");
    let rows = trace.knobs.iter().map(|knob| (name(knob), Cells::of(knob, trace)));
    let rows: Vec<(String, Cells)> = rows.collect();
    let names = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut columns = HEAD.map(str::len);
    for (_, cells) in &rows {
        let Cells::Numbers(cells, _) = cells else { continue };
        cells.iter().zip(&mut columns).for_each(|(cell, size)| *size = cell.len().max(*size));
    }
    let fixed = names + columns.iter().map(|size| size + 2).sum::<usize>() + 2;
    let blocks = width.saturating_sub(fixed).max(LEAST);
    if rows.iter().any(|(_, cells)| matches!(cells, Cells::Numbers(..))) {
        text.push_str(&line("", names, &HEAD.map(String::from), &columns, ""));
    }
    for (name, cells) in &rows {
        match cells {
            Cells::Numbers(cells, values) => {
                let blocks = spark(values, blocks);
                text.push_str(&line(name, names, cells, &columns, &blocks));
            }
            Cells::Words(ranges) => {
                let start = format!("{name:names$}  ");
                let ranges = ranges.iter().map(String::as_str);
                text.push_str(&wrapped(ranges, ", ", &start, width));
            }
        }
    }
    text
}

enum Cells {
    /// First, last, lowest and highest value, and all values.
    Numbers([String; 4], Vec<Option<f64>>),
    /// Words by step ranges.
    Words(Vec<String>),
}

impl Cells {
    fn of(knob: &Knob, trace: &Trace) -> Cells {
        let Some(values) = knob.numbers() else { return Cells::Words(ranges(knob, trace)) };
        let present = || values.iter().flatten().copied();
        let extremes = (present().reduce(f64::min), present().reduce(f64::max));
        let cells = [values[0], values[values.len() - 1], extremes.0, extremes.1];
        Cells::Numbers(cells.map(|x| x.map_or("-".to_string(), short)), values)
    }
}

/// `softmax 1-100`, `sum 101-240`
fn ranges(knob: &Knob, trace: &Trace) -> Vec<String> {
    let range = |(first, last, value): (usize, usize, &Value)| match trace.span(first, last) {
        (a, b) if a == b => format!("{value} {a}"),
        (a, b) => format!("{value} {a}-{b}"),
    };
    let mut ranges: Vec<String> = knob.runs().map(range).collect();
    if ranges.len() > RANGES {
        let more = format!("and {} more ranges", ranges.len() - RANGES);
        ranges.truncate(RANGES);
        ranges.push(more);
    }
    ranges
}

fn line(name: &str, names: usize, cells: &[String; 4], sizes: &[usize; 4], end: &str) -> String {
    let mut line = format!("{name:names$}");
    for (cell, size) in cells.iter().zip(sizes) {
        let _ = write!(line, "  {cell:>size$}");
    }
    let _ = write!(line, "  {end}");
    format!("{}\n", line.trim_end())
}

/// The items after `start`, wrapped between items; continuation lines are aligned with the first item.
fn wrapped<'a>(
    items: impl Iterator<Item = &'a str>,
    between: &str,
    start: &str,
    width: usize,
) -> String {
    let indent = start.chars().count();
    let mut text = start.to_string();
    let mut column = indent;
    for (i, item) in items.enumerate() {
        let length = item.chars().count() + between.len();
        if i > 0 && column + length > width {
            let _ = write!(text, "{}\n{:indent$}", between.trim_end(), "");
            column = indent;
        } else if i > 0 {
            text.push_str(between);
        }
        text.push_str(item);
        column += length;
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knob(knob: &'static str, name: &str, values: Vec<Option<Value>>) -> Knob {
        Knob { knob, name: name.into(), values }
    }

    fn trace(knobs: Vec<Knob>) -> Trace {
        let total_steps = knobs.first().map_or(1, |knob| knob.values.len() as u64);
        let steps = (1..=total_steps).collect();
        Trace { total_steps, steps, knobs, assumed: Default::default() }
    }

    #[test]
    fn numbers_and_words_have_a_row_each() {
        let rate = |x: u32| (x != 3).then(|| Value::Number(f64::from(x) / 10.0));
        let word = |x: u32| Some(Value::Word(if x < 3 { "softmax" } else { "sum" }.into()));
        let flag = |x: u32| Some(Value::Flag(x == 4));
        let trace = trace(vec![
            knob("lr", "rou\ner", (1..=4).map(rate).collect()),
            knob("freeze", "a", (1..=4).map(flag).collect()),
            knob("normalise", "", (1..=4).map(word).collect()),
        ]);
        let expected = "\
c.lua
where there is no value, the setting of the
method is used

           first  last  min  max
lr.rou\u{fffd}er    0.1   0.4  0.1  0.4  ▁▁▁▃▃▃   ███
freeze.a   true 4
normalise  softmax 1-2, sum 3-4
";
        assert_eq!(text("c.lua", &trace, 46), expected);
    }

    #[test]
    fn many_ranges_are_cut_and_broken_between_ranges() {
        let word = |i: i32| Value::Word(if i % 2 == 0 { "softmax" } else { "sum" }.into());
        let words = (0..50).map(|i| Some(word(i))).collect();
        let text = text("c.lua", &trace(vec![knob("normalise", "", words)]), 40);
        assert!(
            text.contains("\nnormalise  softmax 1, sum 2, softmax 3,\n           sum 4,"),
            "{text}"
        );
        assert!(text.ends_with("sum 20,\n           and 30 more ranges\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(!text.contains("first"), "{text}");
    }

    #[test]
    fn a_control_without_knobs_says_so() {
        let expected = "c.lua\nno knob is set: every setting is that of the method\n";
        assert_eq!(text("c.lua", &trace(Vec::new()), 80), expected);
    }
}
