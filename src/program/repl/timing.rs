//! `:time` and `:timeit`. Pending work of a CUDA device is included: the clock stops when the device is idle.

use super::prompt::{Answer, Prompt};
use crate::{Error, Result};
use compt_base::output;
use compt_core::tensor::device;
use compt_lua::repl::{Code, Reply};
use std::time::Instant;

/// The number of repetitions of `:timeit` ...
const REPEATS: usize = 7;
/// ... each with as many calls as take this long.
const SECONDS: f64 = 0.2;

pub fn time(prompt: &mut Prompt, code: &str) -> Result<Answer> {
    let code = match parsed(prompt, code)? {
        Ok(code) => code,
        Err(answer) => return Ok(answer),
    };
    let look = prompt.look;
    let (reply, seconds) = clocked(|| prompt.repl.once(&code, look));
    let answer = prompt.show(reply);
    output::line(duration(seconds));
    Ok(answer)
}

/// The code, or the answer to invalid code.
fn parsed(prompt: &mut Prompt, code: &str) -> Result<std::result::Result<Code, Answer>> {
    match code.is_empty() {
        true => Err(Error::new("needs code")),
        false => Ok(prompt.repl.code(code).map_err(|e| prompt.complain(&e.to_string()))),
    }
}

fn clocked(run: impl FnOnce() -> Reply) -> (Reply, f64) {
    device::synchronise();
    let start = Instant::now();
    let reply = run();
    device::synchronise();
    (reply, start.elapsed().as_secs_f64())
}

pub fn timeit(prompt: &mut Prompt, code: &str) -> Result<Answer> {
    let code = match parsed(prompt, code)? {
        Ok(code) => code,
        Err(answer) => return Ok(answer),
    };
    let before = prompt.repl.trainers();
    let measured = measure(prompt, &code);
    let calls = measured.as_ref().ok().map(|(_, _, calls)| *calls);
    let moved = prompt.repl.timed(&code, calls, &before);
    if !moved.is_nothing() {
        output::error(format!("note: the calls are not undone: {}", moved.told()));
    }
    let (each, count) = match measured {
        Ok((each, count, _)) => (each, count),
        Err(reply) => return Ok(prompt.show(reply)),
    };
    output::line(format!(
        "{} a call (median of {REPEATS} times {count} calls; {} to {})",
        duration(each[REPEATS / 2]),
        duration(each[0]),
        duration(each[REPEATS - 1])
    ));
    Ok(Answer::Done)
}

/// The seconds per call, sorted, for each repetition; the calls per repetition; and all calls.
fn measure(prompt: &Prompt, code: &Code) -> std::result::Result<(Vec<f64>, u64, u64), Reply> {
    let mut calls = 0;
    let mut run = |count: u64| match clocked(|| prompt.repl.often(code, count)) {
        (Reply::Done(_), seconds) => {
            calls += count;
            Ok(seconds)
        }
        (other, _) => Err(other),
    };
    let mut count = 1;
    loop {
        match run(count)? {
            seconds if seconds >= SECONDS / 10.0 || count >= 1 << 30 => {
                count = ((SECONDS / seconds * count as f64) as u64).clamp(1, 1 << 32);
                break;
            }
            _ => count *= 4,
        }
    }
    let mut each = Vec::new();
    for _ in 0..REPEATS {
        each.push(run(count)? / count as f64);
    }
    each.sort_by(f64::total_cmp);
    Ok((each, count, calls))
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.2} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.2} s"),
        s => format!("{} min {} s", s.round() as u64 / 60, s.round() as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_a_unit_that_fits() {
        let shown = [2e-8, 1.5e-6, 0.0123, 1.0, 125.0].map(duration);
        assert_eq!(shown, ["20 ns", "1.50 us", "12.30 ms", "1.00 s", "2 min 5 s"]);
    }
}
