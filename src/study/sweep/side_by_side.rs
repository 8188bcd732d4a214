//! Several processes work on one plan, supervised by this one.

use super::cell::{Cell, CellState, Outcome};
use super::estimate::Estimate;
use super::jobs::Jobs;
use super::plan::Plan;
use super::pool::{Pool, threads_each};
use crate::progress::Tally;
use crate::records::claim::{Taken, claim, claimant, holder};
use crate::records::environment::cores;
use crate::{Error, Result, interrupt};
use compt_base::notice;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(200);

/// The error of a cell whose process died.
const BROKE_OFF: &str = "its process was killed or crashed; see its log.txt";

/// How several processes run the unfinished cells of a plan, which each of them reads from the file `path`.
pub struct Together<'a> {
    pub path: &'a Path,
    /// Further arguments of each process.
    pub arguments: Vec<String>,
    pub jobs: &'a Jobs,
    /// Whether to wait for the runs of other processes, too.
    pub waits: bool,
    /// Cells that failed earlier are tried again.
    pub began: f64,
    /// A longer plan, if results have made it longer. It is written to `path`.
    pub longer: &'a dyn Fn() -> Result<Option<Plan>>,
}

/// Runs the unfinished cells of a plan with several processes.
/// Errors: a process cannot be started, or all end before they start a run; a cell's record cannot
/// be written; no longer plan can be made.
pub fn side_by_side(plan: &Plan, together: Together) -> Result<()> {
    let Together { path, arguments, jobs, waits, began, longer } = together;
    let mut all = vec!["sweep".to_string(), "run".into(), path.display().to_string()];
    all.extend(arguments);
    all.extend(["--worker".into(), began.to_string()]);
    let unfinished = |cell: &&Cell| cell.end_of() != Some(CellState::Finished);
    let mut left: Vec<Cell> = plan.cells.iter().filter(unfinished).cloned().collect();
    let mut count = plan.cells.len();
    if left.is_empty() {
        return Ok(());
    }
    let jobs = Jobs { count: jobs.count.min(left.len()), ..jobs.clone() };
    let (pool_jobs, jobs) = (jobs.clone(), jobs.count);
    let mut pool = Pool::start(all, pool_jobs, threads_each(threads(), jobs))?;
    let mut overview = Overview {
        began,
        waits,
        estimate: Estimate::of(&plan.head.out),
        tally: Tally::new(&plan.head.name, plan.cells.len()),
        failed: 0,
        started: HashMap::new(),
    };
    let mut broken = 0;
    let mut took = Duration::ZERO;
    loop {
        // Reading the records of many cells takes long, so the pause is adapted.
        std::thread::sleep(PAUSE.max(4 * took));
        let start = Instant::now();
        if interrupt::requested() {
            overview.tally.finish();
            notice::say("the current runs write a checkpoint and end");
            pool.stop();
            return Ok(());
        }
        let ended = pool.ended()?;
        let before = left.len();
        let running = overview.update(&mut left, &pool)?;
        if left.len() < before
            && let Some(longer) = longer()?
        {
            longer.write(path)?;
            left.extend(longer.cells[count..].iter().filter(unfinished).cloned());
            count = longer.cells.len();
            overview.tally.grow(count);
        }
        took = start.elapsed();
        overview.show(&left, count, running, jobs);
        if left.is_empty() {
            break;
        }
        // A process with an error code either died, which fails a run, or could not start.
        let failed = overview.failed;
        broken += ended.iter().filter(|code| **code != Some(0)).count();
        let none_began = running + failed == 0 && overview.started.is_empty() && broken > 0;
        let some_begin = !none_began && broken <= failed + 2 * jobs;
        if pool.at_work() == 0 && running == 0 && !some_begin {
            overview.tally.finish();
            return Err(Error::new("the processes end before they start a run")
                .at(path.display())
                .hint("run without --jobs to see why"));
        }
        let waiting = left.len() - running;
        if pool.at_work() < jobs && waiting > 0 && some_begin {
            (0..(jobs - pool.at_work()).min(waiting)).try_for_each(|_| pool.add())?;
        }
    }
    overview.tally.finish();
    // Everything is recorded; idle processes that search for work find none.
    while pool.at_work() > 0 && !interrupt::requested() {
        pool.ended()?;
        std::thread::sleep(PAUSE / 10);
    }
    Ok(())
}

/// The states of the cells, from their records.
struct Overview {
    /// Earlier failures belong to earlier sweeps.
    began: f64,
    waits: bool,
    estimate: Estimate,
    tally: Tally,
    failed: usize,
    /// Start times of cells by id.
    started: HashMap<String, Instant>,
}

impl Overview {
    /// Keeps the unfinished cells; returns how many of them are running.
    fn update(&mut self, left: &mut Vec<Cell>, pool: &Pool) -> Result<usize> {
        let mut running = 0;
        let mut still = Vec::new();
        for cell in left.drain(..) {
            match cell.state() {
                CellState::Finished => {
                    if let Some(start) = self.started.get(&cell.id) {
                        self.estimate.add(&cell.basis.settings, start.elapsed().as_secs_f64());
                    }
                    continue;
                }
                CellState::Failed(error, at) if at >= self.began => {
                    self.fail(&cell, &error);
                    continue;
                }
                CellState::Running => {
                    if !self.waits
                        && let Some(other) = holder(&cell.folder).filter(|o| !pool.has(o))
                    {
                        self.tally.say(&format!(
                            "{}: skipped, it is run by {other}",
                            cell.folder.display()
                        ));
                        continue;
                    }
                    running += 1;
                    self.started.entry(cell.id.clone()).or_insert_with(Instant::now);
                }
                CellState::Unfinished if pool.had(claimant(&cell.folder)) && broke_off(&cell)? => {
                    self.fail(&cell, BROKE_OFF);
                    continue;
                }
                _ => {}
            }
            still.push(cell);
        }
        *left = still;
        Ok(running)
    }

    fn fail(&mut self, cell: &Cell, error: &str) {
        self.failed += 1;
        self.tally.say(&format!("{}: failed: {error}", cell.folder.display()));
    }

    fn show(&mut self, left: &[Cell], all: usize, running: usize, jobs: usize) {
        let seconds: Option<f64> =
            left.iter().map(|cell| self.estimate.seconds(&cell.basis.settings)).sum();
        let seconds = seconds.filter(|_| !left.is_empty()).map(|seconds| seconds / jobs as f64);
        self.tally.at(all - left.len() - self.failed, running, self.failed, seconds);
    }
}

/// Whether a cell was interrupted by the death of its process; it is then recorded as failed.
fn broke_off(cell: &Cell) -> Result<bool> {
    // Another process may have claimed or finished it by now.
    let Taken::Mine(_claim) = claim(&cell.folder)? else { return Ok(false) };
    if cell.end_of().is_some() {
        return Ok(false);
    }
    cell.end(&Outcome::Failed(BROKE_OFF.into()), 0.0)?;
    Ok(true)
}

/// The number of threads to share: OMP_NUM_THREADS, or one per core.
fn threads() -> usize {
    let asked = std::env::var("OMP_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or_else(cores)
}
