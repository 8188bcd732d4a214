//! `compt sweep submit FILE.lua`

use super::folder::go_to;
use super::plan::{Making, make, still_queued};
use crate::Result;
use crate::errors;
use clap::{Args, ValueEnum};
use compt_error::Context;
use compt_lua::profile::{self, Profiles};
use compt_study::records::claim::holder;
use compt_study::slurm;
use compt_study::sweep::{CellState, Indices, Listing, Plan, Wanted, now};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep submit scripts/table1.lua --dry-run
  compt sweep submit scripts/table1.lua --profile slurm.lua --device cuda
  compt sweep submit study.lua --pack 8             # 8 runs in each element, with one loaded backbone
  compt sweep submit study.lua --pack 8 --jobs 4    # 4 of them at a time

The profile is a Lua file; every line is optional:

  return {
    partition = 'gpu', account = 'nlp', qos = 'normal',
    time = '4:00:00', memory = '16G', cpus = 4, gpus = 1,      -- of each element
    throttle = 50,                                             -- elements at a time
    warning = 120,            -- seconds before the limit: write a checkpoint and requeue
    setup = { 'module load cuda' },                            -- lines of shell before compt
    sbatch = { '--constraint=a100' },                          -- more options of sbatch
    merge = { partition = 'cpu', time = '0:30:00' },           -- the merge job
  }

Finished and queued runs are not submitted again: repeat the command to submit failed runs.";

#[derive(Args)]
pub struct SweepSubmitOptions {
    #[command(flatten)]
    making: Making,

    /// Scheduler of the cluster
    #[arg(long, value_enum, default_value_t = Launcher::Slurm)]
    launcher: Launcher,

    /// Resources of the jobs; by default slurm.lua in the current folder, or compt/slurm.lua in
    /// ~/.config
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// Number of runs in one element of the array; at least --jobs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pack: u16,

    /// Number of runs of an element at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,

    /// Write the plan and print the batch scripts, without submitting them
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Launcher {
    Slurm,
}

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
        println!("{}: nothing to submit: {} runs: {left_out}", plan.head.name, plan.cells.len());
        return Ok(());
    }
    let count = runs.len();
    let name = format!("compt-{}", plan.head.name);
    let program = std::env::current_exe().at("this program's path")?;
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
        println!("{array}\n{merge}");
        eprintln!(
            "{}: {count} of {} runs would be submitted: {left_out}",
            plan.head.name,
            plan.cells.len()
        );
        return Ok(());
    }
    let submission = wanted.submit(now()).map_err(|e| {
        let most = "does the array have more elements than the cluster allows? --pack N puts N \
                    runs in each";
        if count > 1000 { e.hint(most) } else { e }
    })?;
    for array in &submission.arrays {
        println!("job {}: {} elements", submission.id(array.job), array.elements.len());
    }
    println!("job {}: merges the results afterwards", submission.id(submission.merge));
    println!(
        "{}: {count} of {} runs submitted ({left_out}); output of the jobs: {}",
        plan.head.name,
        plan.cells.len(),
        submission.folder.display()
    );
    println!("next: compt sweep status {}", slurm::quoted(path));
    Ok(())
}
