//! The progress of a run in a notebook: one picture of losses, learning rates and validation scores, which is updated
//! in place, with what is told during the run below it.

use super::capture::Capture;
use super::publisher::Publisher;
use compt_base::{notice, output};
use compt_study::plot::{Chart, Layout, Lines, Panel, Series};
use compt_study::progress::{Maker, Progress, span};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The time between two pictures, at least.
const EVERY: Duration = Duration::from_millis(500);
/// The points of a line, at most.
const POINTS: usize = 300;
/// The lines that are told below a picture, at most; more are printed.
const TOLD: usize = 40;

/// Makes pictures of the runs of a notebook.
pub fn maker(publisher: Arc<Publisher>, capture: Arc<Capture>) -> Maker {
    Box::new(move |title, made, total| {
        Box::new(Picture::new(publisher.clone(), capture.clone(), title, made, total))
    })
}

struct Picture {
    publisher: Arc<Publisher>,
    capture: Arc<Capture>,
    id: String,
    state: State,
    start: Instant,
    made: u64,
    /// The time of the last picture; `None` before the first one.
    last: Option<Instant>,
    told: Arc<Mutex<Vec<String>>>,
    usual: Option<notice::Sink>,
}

/// What is drawn.
#[derive(Default)]
struct State {
    title: String,
    total: u64,
    step: u64,
    losses: Vec<(f64, f64)>,
    rates: BTreeMap<String, Vec<(f64, f64)>>,
    /// The rates of the step that is reported next.
    next: BTreeMap<String, f64>,
    validation: Vec<(f64, f64)>,
}

impl Picture {
    fn new(
        publisher: Arc<Publisher>,
        capture: Arc<Capture>,
        title: &str,
        made: u64,
        total: u64,
    ) -> Picture {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let below = told.clone();
        let usual = notice::divert(Some(Box::new(move |line| {
            let mut told = lines(&below);
            match told.len() < TOLD {
                true => told.push(line.to_string()),
                false => output::error(line),
            }
        })));
        Picture {
            publisher,
            capture,
            id: format!("compt-run-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            state: State { title: title.to_string(), total, step: made, ..State::default() },
            start: Instant::now(),
            made,
            last: None,
            told,
            usual,
        }
    }

    /// Publishes the picture.
    fn show(&mut self, finished: bool) {
        let told = lines(&self.told).clone();
        let head = self.state.head(self.made, self.start.elapsed(), finished);
        let text = std::iter::once(&head).chain(&told).cloned().collect::<Vec<_>>().join("\n");
        let mut data = json!({ "text/plain": text });
        if let Ok(svg) = self.state.chart(head, told).svg() {
            data["image/svg+xml"] = svg.into();
        }
        let content = json!({
            "data": data,
            "metadata": {},
            "transient": { "display_id": self.id },
        });
        self.capture.flush();
        let kind = if self.last.is_some() { "update_display_data" } else { "display_data" };
        self.publisher.output(kind, content);
        self.last = Some(Instant::now());
    }
}

fn lines(told: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    told.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Progress for Picture {
    fn step(&mut self, step: u64, loss: f64) {
        self.state.add(step, loss);
        if self.last.unwrap_or(self.start).elapsed() >= EVERY {
            self.show(false);
        }
    }

    fn stage(&mut self, title: &str) {
        self.state.title = title.to_string();
    }

    fn rates(&mut self, rates: &BTreeMap<String, f64>) {
        self.state.next.clone_from(rates);
    }

    fn shows_past(&self) -> bool {
        true
    }

    fn past(&mut self, step: u64, loss: f64) {
        self.state.add(step, loss);
    }

    fn validation(&mut self, step: u64, average: f64) {
        self.state.validation.push((step as f64, average));
    }

    fn finish(&mut self) {
        // At most twice a second, also at the end.
        let since = self.last.map_or(EVERY, |last| last.elapsed());
        std::thread::sleep(EVERY.saturating_sub(since));
        self.show(true);
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        notice::divert(self.usual.take());
    }
}

impl State {
    fn add(&mut self, step: u64, loss: f64) {
        self.step = step;
        self.losses.push((step as f64, loss));
        for (group, rate) in &self.next {
            self.rates.entry(group.clone()).or_default().push((step as f64, *rate));
        }
    }

    /// `ssum: step 58 of 240, loss 0.4350, 20.9 steps/s, 9 s left`
    fn head(&self, made: u64, elapsed: Duration, finished: bool) -> String {
        let loss = self.losses.last().map_or(String::new(), |last| format!(", loss {:.4}", last.1));
        let head = format!("{}: step {} of {}{loss}", self.title, self.step, self.total);
        let seconds = elapsed.as_secs_f64();
        if finished {
            return format!("{head}, {}", span(seconds));
        }
        let rate = self.step.saturating_sub(made) as f64 / seconds.max(1e-9);
        let left = self.total.saturating_sub(self.step) as f64 / rate.max(1e-9);
        format!("{head}, {rate:.1} steps/s, {} left", span(left))
    }

    fn chart(&self, head: String, told: Vec<String>) -> Chart {
        // The part of the run that the steps so far fill at least by half.
        let mut end = self.total;
        while end / 2 >= self.step.max(10) {
            end = end.div_ceil(2);
        }
        let steps = Some(end);
        let panel = |title: &str, y_label: &str, series| {
            Panel::Lines(Lines {
                title: title.into(),
                x_label: "step".into(),
                y_label: y_label.into(),
                steps,
                height: Some(170.0),
                series,
                ..Lines::default()
            })
        };
        let (losses, several) = thinned(&self.losses);
        let title =
            if several > 1 { format!("loss (means of {several} steps)") } else { "loss".into() };
        let rates = self.rates.iter().map(|(group, rates)| series(group, &thinned(rates).0));
        let mut panels = vec![panel(&title, "", vec![series("", &losses)])];
        panels.push(panel("learning rate", "", rates.collect()));
        if !self.validation.is_empty() {
            panels.push(panel("validation score", "", vec![series("", &self.validation)]));
        }
        Chart {
            title: head,
            notes: Vec::new(),
            foot: told,
            columns: Some(panels.len()),
            layout: Layout::default(),
            panels,
        }
    }
}

fn series(name: &str, points: &[(f64, f64)]) -> Series {
    Series {
        name: name.to_string(),
        x: points.iter().map(|point| point.0).collect(),
        mean: points.iter().map(|point| Some(point.1).filter(|y| y.is_finite())).collect(),
        ..Series::default()
    }
}

/// The means of so many neighbours that few points are left, and how many these are.
fn thinned(points: &[(f64, f64)]) -> (Vec<(f64, f64)>, usize) {
    let several = points.len().div_ceil(POINTS).max(1);
    let mean = |part: &[(f64, f64)]| {
        let n = part.len() as f64;
        (part.last().map_or(0.0, |last| last.0), part.iter().map(|point| point.1).sum::<f64>() / n)
    };
    (points.chunks(several).map(mean).collect(), several)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_has_few_points() {
        let points: Vec<(f64, f64)> = (1..=1000).map(|i| (f64::from(i), f64::from(i))).collect();
        let (few, several) = thinned(&points);
        assert_eq!((few.len(), several, few[0], few[249]), (250, 4, (4.0, 2.5), (1000.0, 998.5)));
        assert_eq!(thinned(&points[..3]), (points[..3].to_vec(), 1));
    }

    #[test]
    fn the_head_tells_speed_and_time_left() {
        let mut state = State { title: "ssum".into(), total: 240, ..State::default() };
        state.next.insert("source".into(), 0.1);
        state.add(60, 1.23456);
        let elapsed = Duration::from_secs(30);
        assert_eq!(
            state.head(0, elapsed, false),
            "ssum: step 60 of 240, loss 1.2346, 2.0 steps/s, 1 min 30 s left"
        );
        assert_eq!(state.head(0, elapsed, true), "ssum: step 60 of 240, loss 1.2346, 30 s");
        let svg = state.chart("h".into(), vec!["step 3: lr 0.1 -> 0.2".into()]).svg().unwrap();
        assert!(svg.contains("learning rate") && svg.contains("step 3"), "{svg}");
    }
}
