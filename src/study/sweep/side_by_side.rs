//! Several processes on one plan; this one watches.

use super::cell::{Cell, Outcome, State, now};
use super::estimate::Estimate;
use super::plan::Plan;
use super::pool::{Pool, threads_each};
use crate::run::claim::{Taken, claim, claimant, holder};
use crate::run::environment::cores;
use crate::run::tally::Tally;
use crate::{Error, Result, interrupt};
use compt_core::notice;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(200);

/// Why a cell failed whose process is gone.
const BROKE_OFF: &str = "its process was killed or broke off; its log.txt says more";

/// Runs what is not finished of a plan with so many processes, each of which runs it from the file
/// `path`. `waits`: until the runs of other processes are over, too.
pub fn side_by_side(
    plan: &Plan,
    path: &Path,
    arguments: Vec<String>,
    jobs: usize,
    waits: bool,
) -> Result<()> {
    let began = now();
    let mut all = vec!["sweep".to_string(), "run".into(), path.display().to_string()];
    all.extend(arguments);
    all.extend(["--worker".into(), began.to_string()]);
    let open = |cell: &&Cell| cell.end_of() != Some(State::Finished);
    let mut left: Vec<&Cell> = plan.cells.iter().filter(open).collect();
    if left.is_empty() {
        return Ok(());
    }
    let jobs = jobs.min(left.len());
    let mut pool = Pool::start(all, jobs, threads_each(threads(), jobs))?;
    let mut estimate = Estimate::of(&plan.head.out);
    let mut tally = Tally::new(&plan.head.name, plan.cells.len());
    let (mut failed, mut broken) = (0, 0);
    let mut started: HashMap<&String, Instant> = HashMap::new();
    let mut looked = Duration::ZERO;
    loop {
        // Many cells take their time to be looked at.
        std::thread::sleep(PAUSE.max(4 * looked));
        let look = Instant::now();
        if interrupt::requested() {
            tally.finish();
            notice::say("the runs under way write a checkpoint and end");
            pool.stop();
            return Ok(());
        }
        let ended = pool.ended()?;
        let mut running = 0;
        let mut still = Vec::new();
        for cell in left {
            match cell.state() {
                State::Finished => {
                    if let Some(start) = started.get(&cell.id) {
                        estimate.add(&cell.basis.settings, start.elapsed().as_secs_f64());
                    }
                    continue;
                }
                State::Failed(error, at) if at >= began => {
                    failed += 1;
                    tally.say(&format!("{}: failed: {error}", cell.folder.display()));
                    continue;
                }
                State::Running => {
                    if !waits && let Some(other) = holder(&cell.folder).filter(|o| !pool.has(o)) {
                        tally.say(&format!("{}: left to {other}", cell.folder.display()));
                        continue;
                    }
                    running += 1;
                    started.entry(&cell.id).or_insert_with(Instant::now);
                }
                State::Unfinished if pool.had(claimant(&cell.folder)) && broke_off(cell)? => {
                    failed += 1;
                    tally.say(&format!("{}: failed: {BROKE_OFF}", cell.folder.display()));
                    continue;
                }
                _ => {}
            }
            still.push(cell);
        }
        left = still;
        looked = look.elapsed();
        let seconds: Option<f64> =
            left.iter().map(|cell| estimate.seconds(&cell.basis.settings)).sum();
        tally.at(
            plan.cells.len() - left.len() - failed,
            running,
            failed,
            seconds.map(|s| s / jobs as f64),
        );
        if left.is_empty() {
            break;
        }
        // Those that do not end well broke off, which fails a run, or could not begin.
        broken += ended.iter().filter(|code| **code != Some(0)).count();
        let none_began = running + failed == 0 && started.is_empty() && broken > 0;
        let some_begin = !none_began && broken <= failed + 2 * jobs;
        if pool.at_work() == 0 && running == 0 && !some_begin {
            tally.finish();
            return Err(Error::new("the processes end before they come to a run")
                .at(path.display())
                .hint("run without --jobs to see why"));
        }
        let waiting = left.len() - running;
        if pool.at_work() < jobs && waiting > 0 && some_begin {
            (0..(jobs - pool.at_work()).min(waiting)).try_for_each(|_| pool.add())?;
        }
    }
    tally.finish();
    // All is recorded; those that look for more work find none.
    while pool.at_work() > 0 && !interrupt::requested() {
        pool.ended()?;
        std::thread::sleep(PAUSE / 10);
    }
    Ok(())
}

/// Whether a cell whose process is gone was left in the middle; it has failed then.
fn broke_off(cell: &Cell) -> Result<bool> {
    // Another one may take it up, or have ended it by now.
    let Taken::Mine(_claim) = claim(&cell.folder)? else { return Ok(false) };
    if cell.end_of().is_some() {
        return Ok(false);
    }
    cell.end(&Outcome::Failed(BROKE_OFF.into()), 0.0)?;
    Ok(true)
}

/// What the processes share: what the environment allows, or every core.
fn threads() -> usize {
    let asked = std::env::var("OMP_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or_else(cores)
}
