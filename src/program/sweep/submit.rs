//! `compt sweep submit FILE.lua`

use super::plan::{make, still_queued};
use crate::Result;
use crate::errors;
use compt_base::output;
use compt_cli::launch;
use compt_cli::sweep::folder::go_to;
use compt_cli::sweep::submit::{Launcher, SweepSubmitOptions};
use compt_error::Context;
use compt_lua::profile::{self, Profiles};
use compt_study::records::claim::holder;
use compt_study::slurm;
use compt_study::sweep::{CellState, Indices, Listing, Plan, Wanted, now};
use std::path::Path;
use std::process::ExitCode;

pub fn submit(options: SweepSubmitOptions) -> ExitCode {
    let SweepSubmitOptions { making, launcher: Launcher::Slurm, profile, pack, jobs, dry_run } =
        options;
    let profiles = match profile::find(profile.as_deref()) {
        Ok(profiles) => profiles,
        Err(e) => return errors::refuse(&e),
    };
    let (plan, path) = match make(making) {
        Ok(made) => made,
        Err(code) => return code,
    };
    let asked = Asked { pack: pack.max(jobs).into(), jobs: jobs.into(), dry_run };
    match hand_in(&plan, &path, &profiles, &asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => errors::stopped(&e),
    }
}

struct Asked {
    pack: usize,
    jobs: usize,
    dry_run: bool,
}

fn hand_in(plan: &Plan, path: &Path, profiles: &Profiles, asked: &Asked) -> Result<()> {
    let plan_path = std::fs::canonicalize(path).at(path.display())?;
    std::fs::create_dir_all(&plan.head.out).at(plan.head.out.display())?;
    let out = std::fs::canonicalize(&plan.head.out).at(plan.head.out.display())?;
    go_to(&plan.head, path)?;
    let queued = match asked.dry_run {
        true => still_queued(path, &out).unwrap_or_default(),
        false => still_queued(path, &out)?,
    };
    let listing = Listing::of(plan);
    let (mut runs, mut held) = (Vec::new(), Vec::new());
    for (cell, state) in listing.open() {
        let number = cell.number;
        if *state == CellState::Running && holder(&cell.folder).is_some() {
            held.push(number);
        } else if !queued.contains(number) {
            runs.push(number);
        }
    }
    let mut left_out = vec![format!("{} finished", plan.cells.len() - listing.open().count())];
    for (what, numbers) in [("in the queue", queued), ("running", Indices::of(held))] {
        if numbers.last() > 0 {
            left_out.push(format!("{numbers} {what}"));
        }
    }
    let left_out = left_out.join(", ");
    if runs.is_empty() {
        output::line(format!(
            "{}: nothing to submit: {} runs: {left_out}",
            plan.head.name,
            plan.cells.len()
        ));
        return Ok(());
    }
    let count = runs.len();
    let name = format!("compt-{}", plan.head.name);
    let program = launch::program()?;
    let wanted = Wanted {
        name: &name,
        profile: &profiles.runs,
        merging: &profiles.merging,
        program: &program,
        plan: &plan_path,
        folder: &plan.head.launch.folder,
        out: &out,
        runs,
        pack: asked.pack,
        jobs: asked.jobs,
    };
    if asked.dry_run {
        let (array, merge) =
            wanted.scripts(slurm::max_array_size(&wanted.clusters()).unwrap_or(1000));
        output::exact(format!("{array}\n{merge}\n"));
        output::error(format!(
            "{}: {count} of {} runs would be submitted: {left_out}",
            plan.head.name,
            plan.cells.len()
        ));
        return Ok(());
    }
    let submission = wanted.submit(now()).map_err(|e| {
        let most = "does the array have more elements than the cluster allows? --pack N puts N \
                    runs in each";
        if count > 1000 { e.hint(most) } else { e }
    })?;
    for array in &submission.arrays {
        output::line(format!(
            "job {}: {} elements",
            submission.id(array.job),
            array.elements.len()
        ));
    }
    output::line(format!("job {}: merges the results afterwards", submission.id(submission.merge)));
    output::line(format!(
        "{}: {count} of {} runs submitted ({left_out}); output of the jobs: {}",
        plan.head.name,
        plan.cells.len(),
        submission.folder.display()
    ));
    output::line(format!("next: compt sweep status {}", slurm::quoted(path)));
    Ok(())
}
