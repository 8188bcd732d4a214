//! Progress of a run: a bar on a terminal, plain lines elsewhere. Both go to standard error.

mod drawn;
mod tally;

pub use drawn::{Maker, is_drawn, show_by};
pub use tally::Tally;

use compt_base::notice;
use compt_base::output;
use compt_base::shown::one_line;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The progress events of a trainer.
pub trait Progress {
    /// `step` steps of the run are made; `loss` is that of the last one.
    fn step(&mut self, step: u64, loss: f64);

    /// The title of the following steps.
    fn stage(&mut self, title: &str);

    /// The learning rate of each parameter group in the step that is reported next.
    fn rates(&mut self, _rates: &BTreeMap<String, f64>) {}

    /// Whether it shows the steps that were made before, too.
    fn shows_past(&self) -> bool {
        false
    }

    /// A step that was made before.
    fn past(&mut self, _step: u64, _loss: f64) {}

    /// The average score on validation rows after a step, in percent.
    fn validation(&mut self, _step: u64, _average: f64) {}

    /// All steps are made.
    fn finish(&mut self);
}

/// A bar if standard error is a terminal, else plain lines, unless [`show_by`] was called. `title` names the run; `made` of its
/// `total` steps are already made.
pub fn progress(title: &str, made: u64, total: u64) -> Box<dyn Progress> {
    if let Some(drawn) = drawn::progress(title, made, total) {
        return drawn;
    }
    if std::io::stderr().is_terminal() {
        Box::new(Bar::new(title, made, total))
    } else {
        Box::new(Lines::new(title, made, total))
    }
}

/// The progress of an evaluation in rows: shown only if it takes long, by a temporary bar,
/// or by lines.
pub struct Counter {
    title: String,
    total: u64,
    start: Instant,
    next: Duration,
    bar: Option<ProgressBar>,
}

impl Counter {
    pub fn new(title: &str, total: u64) -> Counter {
        let next = Duration::from_secs(2);
        Counter { title: title.to_string(), total, start: Instant::now(), next, bar: None }
    }

    pub fn at(&mut self, done: u64) {
        if std::io::stderr().is_terminal() {
            if self.start.elapsed() > Duration::from_secs(1) {
                self.bar().set_position(done);
            }
        } else if let Some(line) = self.line(done, self.start.elapsed()) {
            output::error(line);
        }
    }

    fn bar(&mut self) -> &ProgressBar {
        self.bar.get_or_insert_with(|| {
            let template = "{prefix} {wide_bar} {pos}/{len} rows  {eta} left";
            let style =
                ProgressStyle::with_template(template).expect("the template is well-formed");
            ProgressBar::new(self.total)
                .with_style(style)
                .with_prefix(one_line(&self.title).into_owned())
        })
    }

    /// The line for this number of rows, if one is due after this time.
    fn line(&mut self, done: u64, elapsed: Duration) -> Option<String> {
        if elapsed < self.next || done == 0 || done == self.total {
            return None;
        }
        self.next = elapsed + Duration::from_secs(10);
        let left = elapsed.as_secs_f64() * (self.total - done) as f64 / done as f64;
        Some(format!("{}  {done}/{} rows  {} left", self.title, self.total, span(left)))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The progress of a file search, which may find more files than expected: a line that is updated on a
/// terminal, else occasional lines. Nothing is shown in the first second.
pub struct Gathering {
    title: String,
    start: Instant,
    next: Duration,
    bar: Option<ProgressBar>,
}

impl Gathering {
    pub fn new(title: &str) -> Gathering {
        let next = Duration::from_secs(1);
        Gathering { title: title.to_string(), start: Instant::now(), next, bar: None }
    }

    /// Reports the number of files found.
    pub fn found(&mut self, files: usize) {
        self.say(|| format!("{files} files found"));
    }

    /// Reports the number of files read, and the bytes.
    pub fn read(&mut self, done: usize, of: usize, read: u64) {
        self.say(|| format!("file {done} of {of}, {}", bytes(read)));
    }

    fn say(&mut self, text: impl FnOnce() -> String) {
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return;
        }
        if std::io::stderr().is_terminal() {
            self.next = elapsed + Duration::from_millis(100);
            let bar = self.bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{prefix} {msg}  (Ctrl-C stops it)");
                let style = style.expect("the template is well-formed");
                ProgressBar::no_length()
                    .with_style(style)
                    .with_prefix(one_line(&self.title).into_owned())
            });
            bar.set_message(text());
            bar.tick();
        } else {
            self.next = elapsed + Duration::from_secs(10);
            notice::say(&format!("{} {}", self.title, text()));
        }
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The progress of a download: a temporary bar with speed and remaining time, or a line at the
/// start and every ten seconds.
pub struct Transfer {
    title: String,
    total: u64,
    done: u64,
    /// The time of the first bytes, and their number: bytes of an earlier download do not count for the speed.
    start: Option<(Instant, u64)>,
    next: Duration,
    bar: Option<Bar>,
}

impl Transfer {
    pub fn new(title: &str, files: usize, total: u64) -> Transfer {
        let next = Duration::from_secs(10);
        let title = title.to_string();
        let mut transfer = Transfer { title, total, done: 0, start: None, next, bar: None };
        if std::io::stderr().is_terminal() {
            let template = "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes}  \
                            {binary_bytes_per_sec}  {eta} left";
            transfer.bar = Some(Bar::with(template, &transfer.title, 0, total));
        } else {
            let files = if files == 1 { "1 file".to_string() } else { format!("{files} files") };
            notice::say(&format!("{}: {files}, {}", transfer.title, bytes(total)));
        }
        transfer
    }

    pub fn done(&self) -> u64 {
        self.done
    }

    /// Reports the number of bytes received.
    pub fn at(&mut self, done: u64) {
        self.done = done;
        if let Some(bar) = &self.bar {
            if self.start.is_none() {
                bar.0.set_position(done);
                bar.0.reset_eta();
            }
            bar.0.set_position(done);
        }
        let (start, _) = *self.start.get_or_insert((Instant::now(), done));
        if self.bar.is_none()
            && let Some(line) = self.line(start.elapsed())
        {
            notice::say(&line);
        }
    }

    /// The line for the current state, if one is due after this time.
    fn line(&mut self, elapsed: Duration) -> Option<String> {
        if elapsed < self.next || self.done >= self.total {
            return None;
        }
        self.next = elapsed + Duration::from_secs(10);
        let before = self.start.map_or(0, |(_, done)| done);
        let speed = self.done.saturating_sub(before) as f64 / elapsed.as_secs_f64();
        let left = (self.total - self.done) as f64 / speed.max(1.0);
        let (there, all, speed) = (bytes(self.done), bytes(self.total), bytes(speed as u64));
        Some(format!("{}: {there} of {all}  {speed}/s  {} left", self.title, span(left)))
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.0.finish_and_clear();
        }
    }
}

/// A readable number of bytes: `512 B`, `1.5 MiB`.
pub fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _: u64, _: f64) {}
    fn stage(&mut self, _: &str) {}
    fn finish(&mut self) {}
}

/// A bar; notices are printed above it.
struct Bar(ProgressBar, Option<notice::Sink>);

impl Bar {
    fn new(title: &str, made: u64, total: u64) -> Bar {
        let template = "{prefix} {wide_bar} {pos}/{len}  loss {msg}  {per_sec}  {eta} left";
        Bar::with(template, title, made, total)
    }

    fn with(template: &str, title: &str, made: u64, total: u64) -> Bar {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar =
            ProgressBar::new(total).with_style(style).with_prefix(one_line(title).into_owned());
        let bar = bar.with_message("-").with_position(made);
        bar.reset_eta();
        let above = bar.clone();
        let usual = notice::divert(Some(Box::new(move |line| above.println(line))));
        Bar(bar, usual)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        notice::divert(self.1.take());
    }
}

impl Progress for Bar {
    fn step(&mut self, step: u64, loss: f64) {
        self.0.set_message(format!("{loss:.4}"));
        self.0.set_position(step);
    }

    fn stage(&mut self, title: &str) {
        self.0.set_prefix(one_line(title).into_owned());
    }

    fn finish(&mut self) {
        self.0.abandon();
        output::error("");
    }
}

/// A line for the first step, then at least two seconds apart, and less often as the run gets longer.
struct Lines {
    title: String,
    made: u64,
    total: u64,
    start: Instant,
    next: Duration,
    unsaid: Option<(u64, f64)>,
}

/// A speed with at most 3 significant digits.
fn speed(rate: f64) -> String {
    match rate {
        rate if rate < 1.0 => format!("{rate:.2}"),
        rate if rate < 99.95 => format!("{rate:.1}"),
        rate => {
            let unit = 10f64.powi(rate.log10().floor() as i32 - 2).max(1.0);
            format!("{:.0}", (rate / unit).round() * unit)
        }
    }
}

impl Lines {
    fn new(title: &str, made: u64, total: u64) -> Lines {
        let start = Instant::now();
        let title = one_line(title).into_owned();
        Lines { title, made, total, start, next: Duration::ZERO, unsaid: None }
    }

    /// The line for a step, if one is due after this time.
    fn line(&mut self, step: u64, loss: f64, elapsed: Duration) -> Option<String> {
        if elapsed < self.next && step < self.total {
            self.unsaid = Some((step, loss));
            return None;
        }
        self.unsaid = None;
        let pause = (elapsed / 20).clamp(Duration::from_secs(2), Duration::from_secs(60));
        self.next = elapsed + pause;
        let rate = step.saturating_sub(self.made) as f64 / elapsed.as_secs_f64().max(1e-9);
        let left = self.total.saturating_sub(step) as f64 / rate;
        Some(format!(
            "{}  step {step}/{}  loss {loss:.4}  {} steps/s  {} left",
            self.title,
            self.total,
            speed(rate),
            span(left)
        ))
    }
}

impl Progress for Lines {
    fn step(&mut self, step: u64, loss: f64) {
        if let Some(line) = self.line(step, loss, self.start.elapsed()) {
            output::error(line);
        }
    }

    fn stage(&mut self, title: &str) {
        self.title = one_line(title).into_owned();
    }

    fn finish(&mut self) {
        if let Some((step, loss)) = self.unsaid {
            self.next = Duration::ZERO;
            self.step(step, loss);
        }
    }
}

/// A readable duration: `42 s`, `3 min 05 s`, `2 h 10 min`.
pub fn span(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_distance_and_the_last_step_is_told() {
        let mut lines = Lines::new("ssum", 0, 1000);
        let told: Vec<u64> = (1..=1000)
            .filter(|step| {
                let elapsed = Duration::from_millis(step * 100);
                lines.line(*step, 1.0, elapsed).is_some()
            })
            .collect();
        assert_eq!(told[..3], [1, 21, 41]);
        assert!(told.is_sorted_by(|a, b| a + 20 <= *b || *b == 1000), "{told:?}");
        assert_eq!(told.last(), Some(&1000));
    }

    #[test]
    fn rows_are_counted_where_it_takes_long() {
        let mut counter = Counter::new("evaluate", 400);
        assert_eq!(counter.line(100, Duration::from_secs(1)), None);
        let line = counter.line(100, Duration::from_secs(20)).unwrap();
        assert_eq!(line, "evaluate  100/400 rows  1 min 00 s left");
        assert_eq!(counter.line(150, Duration::from_secs(25)), None);
        assert_eq!(counter.line(400, Duration::from_secs(80)), None);
    }

    #[test]
    fn a_line_has_loss_rate_and_time_left() {
        let mut lines = Lines::new("ssum", 0, 480);
        let line = lines.line(120, 1.23456, Duration::from_secs(60)).unwrap();
        assert_eq!(line, "ssum  step 120/480  loss 1.2346  2.0 steps/s  3 min 00 s left");
        let mut resumed = Lines::new("ssum", 60, 480);
        let line = resumed.line(120, 1.23456, Duration::from_secs(60)).unwrap();
        assert_eq!(line, "ssum  step 120/480  loss 1.2346  1.0 steps/s  6 min 00 s left");
    }

    #[test]
    fn a_speed_has_three_digits() {
        let shown = [0.043, 2.0, 99.94, 99.96, 123.4, 1234.5, 98765.0].map(speed);
        assert_eq!(shown, ["0.04", "2.0", "99.9", "100", "123", "1230", "98800"]);
    }

    #[test]
    fn a_download_tells_speed_and_time_left() {
        let mut transfer = Transfer::new("t5", 2, 300 << 20);
        transfer.at(100 << 20);
        transfer.done = 200 << 20;
        assert_eq!(transfer.line(Duration::from_secs(5)), None);
        let line = transfer.line(Duration::from_secs(10)).unwrap();
        assert_eq!(line, "t5: 200.00 MiB of 300.00 MiB  10.00 MiB/s  10 s left");
        assert_eq!(transfer.line(Duration::from_secs(15)), None);
    }

    #[test]
    fn a_bar_follows_the_steps() {
        let mut bar = Bar::new("ssum", 0, 10);
        bar.step(3, 1.23456);
        assert_eq!((bar.0.position(), bar.0.message().as_str()), (3, "1.2346"));
        bar.finish();
        assert_eq!(bar.0.position(), 3);
    }

    #[test]
    fn spans_are_readable() {
        assert_eq!([span(41.6), span(185.0), span(7800.0)], ["42 s", "3 min 05 s", "2 h 10 min"]);
    }
}
