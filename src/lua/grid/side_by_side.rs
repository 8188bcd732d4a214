//! Several processes on one grid: each runs the script up to the grid and works on it; this one
//! watches.

use super::Done;
use super::plan::Plan;
use crate::lua::session::Session;
use crate::run::claim::claim;
use crate::run::environment::cores;
use crate::run::tally::Tally;
use crate::sweep::{Cell, Estimate, Outcome, Pool, State, now, threads_each};
use crate::{Error, Result, interrupt, notice};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(200);

/// Why a cell failed whose process is gone.
const BROKE_OFF: &str = "its process was killed or broke off; its log.txt says more";

/// Whether a cell's process ended in the middle of it, since these began; the cell has failed then.
fn broke_off(cell: &Cell, began: f64) -> Result<bool> {
    if cell.begun().is_none_or(|at| at < began) {
        return Ok(false);
    }
    // Another one may take it up, or have ended it by now.
    let Some(_claim) = claim(&cell.folder)? else { return Ok(false) };
    if cell.end_of().is_some() {
        return Ok(false);
    }
    cell.end(&Outcome::Failed(BROKE_OFF.into()), 0.0)?;
    Ok(true)
}

/// Runs what is not finished with so many processes.
pub fn run(session: &Session, plan: &Plan, jobs: usize) -> Done {
    let Some(script) = &session.script else {
        return Err(Error::new("--jobs needs a script").at("compt.ablate"));
    };
    let began = now();
    let mut arguments = vec!["run".to_string(), script.path.display().to_string()];
    for (key, value) in &session.args {
        let value = value.as_str().map_or_else(|| value.to_string(), String::from);
        arguments.extend(["--set".into(), format!("{key}={value}")]);
    }
    if let Some(out) = &session.out {
        arguments.extend(["--out".into(), out.display().to_string()]);
    }
    arguments.extend(["--device".into(), session.device.clone()]);
    arguments.extend(["--seed".into(), session.seed.to_string()]);
    arguments.extend(session.strict.then(|| "--strict".to_string()));
    arguments.extend(["--worker".into(), format!("{}:{began}", session.grid.seen)]);

    let mut left: Vec<&Cell> = plan.open().into_iter().map(|(cell, _)| cell).collect();
    let jobs = jobs.min(left.len());
    let mut pool = Pool::start(arguments, jobs, threads_each(cores(), jobs))?;
    let mut estimate = Estimate::of(&plan.out);
    let mut tally = Tally::new(&plan.name, plan.cells.len());
    let mut failed = 0;
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
                    running += 1;
                    started.entry(&cell.id).or_insert_with(Instant::now);
                }
                State::Unfinished if !ended.is_empty() && broke_off(cell, began)? => {
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
        // Those that end while there is work broke off, or could not begin.
        let broken = ended.iter().filter(|code| **code != Some(0)).count();
        if pool.at_work() == 0
            && broken == ended.len()
            && running + failed == 0
            && started.is_empty()
        {
            tally.finish();
            return Err(Error::new("the processes end before they come to a run")
                .at("compt.ablate")
                .hint("run the script without --jobs to see why"));
        }
        if !ended.is_empty() {
            (0..ended.len().min(left.len())).try_for_each(|_| pool.add())?;
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
