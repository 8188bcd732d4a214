//! `compt resume RUN` and `compt replay RUN`.

use crate::{FAILED, errors, run};
use compt_base::output;
use compt_cli::reopen::{ReplayOptions, ResumeOptions};
use compt_lua::reopen::{Aim, Opened, Rebuilt, Request, open};
use compt_run::{Ended, Replayed};
use compt_study::interrupt;
use std::path::Path;
use std::process::ExitCode;

/// Makes the remaining steps of a run.
pub fn resume(options: &ResumeOptions) -> ExitCode {
    let aim = Aim::Resume { no_script: options.no_script };
    match reopened(&options.folder, aim, &options.device) {
        Ok(Opened::Script(session)) => run::script(*session),
        Ok(Opened::Rebuilt(rebuilt)) => finish(&rebuilt),
        Err(code) => code,
    }
}

/// Makes the steps of a run again and compares each one with its record.
pub fn replay(options: &ReplayOptions) -> ExitCode {
    let folder = &options.folder;
    match reopened(folder, Aim::Replay { to: options.to }, &options.device) {
        Err(code) => code,
        Ok(Opened::Rebuilt(rebuilt)) => match all_steps(&rebuilt) {
            Err(code) => code,
            Ok(_) => match rebuilt.with(|run| run.replayed()) {
                Some(replayed) => report(folder, &replayed),
                None => ExitCode::from(FAILED),
            },
        },
        Ok(Opened::Script(session)) => {
            let again = session.again.clone();
            let code = run::script(*session);
            match again.and_then(|again| again.replayed.borrow().clone()) {
                Some(replayed) => report(folder, &replayed),
                None if interrupt::requested() => code,
                None => {
                    let folder = folder.display();
                    output::error(format!(
                        "compt: the script ended before the steps of {folder} were made"
                    ));
                    ExitCode::from(FAILED)
                }
            }
        }
    }
}

/// Opens a run, or reports why it cannot be opened.
fn reopened(folder: &Path, aim: Aim, device: &Option<String>) -> Result<Opened, ExitCode> {
    interrupt::install().map_err(|e| errors::refuse(&e.into()))?;
    let request = Request { run: folder, aim, device: device.clone(), backbone: None };
    errors::guard(|| open(&request)).ok_or(ExitCode::from(FAILED))?.map_err(|e| errors::refuse(&e))
}

fn finish(rebuilt: &Rebuilt) -> ExitCode {
    match all_steps(rebuilt) {
        Err(code) => code,
        Ok(_) if !rebuilt.unrecorded().is_empty() => {
            rebuilt.unrecorded().iter().for_each(|what| output::error(format!("compt: {what}")));
            ExitCode::from(FAILED)
        }
        Ok(_) => ExitCode::SUCCESS,
    }
}

/// Makes all steps; reports an error or a signal.
fn all_steps(rebuilt: &Rebuilt) -> Result<Ended, ExitCode> {
    errors::outcome(errors::guard(|| {
        let ended = rebuilt.with(|run| run.run(None))?;
        Ok(Some(ended).filter(|ended| *ended != Ended::Interrupted))
    }))
}

fn report(folder: &Path, replayed: &Replayed) -> ExitCode {
    let Replayed { steps, differ, first, largest, tolerance } = replayed;
    let folder = folder.display();
    let within = match *tolerance {
        0.0 => "identical".to_string(),
        tolerance => format!(
            "equal within a relative tolerance of {tolerance} (largest difference {largest:e})"
        ),
    };
    match first {
        None => {
            output::line(format!("{folder}: {steps} steps repeated, every loss {within}"));
            ExitCode::SUCCESS
        }
        Some((step, was, now)) => {
            output::line(format!(
                "{folder}: of {steps} repeated steps, {differ} have another loss; the first is \
                 step {step}: {was} recorded, {now} now"
            ));
            ExitCode::from(FAILED)
        }
    }
}
