//! `compt resume RUN` and `compt replay RUN`.

use super::{FAILED, errors, run};
use compt_lua::again;
use compt_lua::session::{Again, Replayed};
use compt_study::interrupt;
use std::path::Path;
use std::process::ExitCode;

/// Runs the script of a run again and goes on where it stopped.
pub fn resume(folder: &Path) -> ExitCode {
    match again::session(folder, None) {
        Ok(session) => run::script(session),
        Err(e) => errors::refuse(&e),
    }
}

/// Makes a run again and compares every step with its record.
pub fn replay(folder: &Path, to: Option<u64>) -> ExitCode {
    let session = match again::session(folder, Some(to)) {
        Ok(session) => session,
        Err(e) => return errors::refuse(&e),
    };
    let again = session.again.clone();
    let code = run::script(session);
    match again.as_deref().and_then(outcome) {
        Some(replayed) => tell(folder, &replayed),
        None if interrupt::requested() => code,
        None => {
            eprintln!("compt: the script ended before the steps of {} were made", folder.display());
            ExitCode::from(FAILED)
        }
    }
}

fn outcome(again: &Again) -> Option<Replayed> {
    again.replayed.borrow().clone()
}

fn tell(folder: &Path, replayed: &Replayed) -> ExitCode {
    let Replayed { steps, differ, first, largest, tolerance } = replayed;
    let folder = folder.display();
    let within = match *tolerance {
        0.0 => "identical".to_string(),
        tolerance => format!("the same within {tolerance} of its size (largest {largest:e})"),
    };
    match first {
        None => {
            println!("{folder}: {steps} steps made again, every loss {within}");
            ExitCode::SUCCESS
        }
        Some((step, was, now)) => {
            println!(
                "{folder}: of {steps} steps made again {differ} have another loss; the first is \
                 step {step}: {was} recorded, {now} now"
            );
            ExitCode::from(FAILED)
        }
    }
}
