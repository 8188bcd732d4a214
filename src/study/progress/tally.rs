//! Progress of several runs: a bar on a terminal, plain lines elsewhere.

use super::span;
use compt_base::notice;
use compt_base::output;
use compt_base::shown::{message, one_line};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Runs done, running and failed, and the time left.
pub struct Tally {
    title: String,
    total: usize,
    bar: Option<ProgressBar>,
    start: Instant,
    next: Duration,
    last: String,
    /// Text that is delayed because the last line is too recent.
    unsaid: String,
}

impl Tally {
    pub fn new(title: &str, total: usize) -> Tally {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len}  {msg}");
            let style = style.expect("the template is well-formed");
            ProgressBar::new(total as u64)
                .with_style(style)
                .with_prefix(one_line(title).into_owned())
        });
        let (title, last, unsaid) = (title.to_string(), String::new(), String::new());
        Tally { title, total, bar, start: Instant::now(), next: Duration::ZERO, last, unsaid }
    }

    /// There are more runs than before.
    pub fn grow(&mut self, total: usize) {
        self.total = total;
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
        }
    }

    /// Reports the number of runs done, running and failed; `left` is the remaining time in seconds, if known.
    pub fn at(&mut self, done: usize, running: usize, failed: usize, left: Option<f64>) {
        let mut text = format!("{running} running");
        if failed > 0 {
            text.push_str(&format!(", {failed} failed"));
        }
        let time = left.map_or(String::new(), |left| format!(", about {} left", span(left)));
        match &self.bar {
            Some(bar) => {
                bar.set_position((done + failed) as u64);
                bar.set_message(format!("{text}{time}"));
            }
            None => match self.line(done, &text, &time, self.start.elapsed()) {
                Some(line) => {
                    self.unsaid.clear();
                    notice::say(&line);
                }
                None => self.unsaid = self.words(done, &text),
            },
        }
    }

    /// The line, if one is due: when the numbers change, but at most every two seconds.
    fn line(&mut self, done: usize, text: &str, time: &str, elapsed: Duration) -> Option<String> {
        let now = self.words(done, text);
        if now == self.last || elapsed < self.next {
            return None;
        }
        self.next = elapsed + Duration::from_secs(2);
        self.last = now.clone();
        Some(format!("{now}{time}"))
    }

    fn words(&self, done: usize, text: &str) -> String {
        format!("{}: {done} of {} done, {text}", self.title, self.total)
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(message(line)),
            None => notice::say(line),
        }
    }

    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
            output::error("");
        } else if !self.unsaid.is_empty() && self.unsaid != self.last {
            notice::say(&self.unsaid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_where_something_changed() {
        let mut tally = Tally::new("table1", 36);
        let mut line = |done, seconds| {
            tally.line(done, "2 running", ", about 4 s left", Duration::from_secs(seconds))
        };
        let first = "table1: 3 of 36 done, 2 running, about 4 s left";
        assert_eq!(line(3, 10).as_deref(), Some(first));
        assert_eq!(line(4, 11), None);
        assert!(line(4, 12).is_some());
        assert_eq!(line(4, 20), None);
    }
}
