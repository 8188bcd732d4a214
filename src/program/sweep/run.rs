//! `compt sweep run PLAN`

use crate::Result;
use crate::errors::{self, FAILED};
use crate::run as script;
use compt_base::output;
use compt_cli::sweep::folder::enter;
use compt_cli::sweep::run::SweepRunOptions;
use compt_core::tensor::device;
use compt_error::Context;
use compt_lua::session::{Session, Task, Way};
use compt_study::interrupt;
use compt_study::slurm::Job;
use compt_study::sweep::{CellState, Jobs, Listing, Together, now, side_by_side};
use std::process::ExitCode;
use std::rc::Rc;

pub fn run(options: SweepRunOptions) -> ExitCode {
    if let Some(job) = Job::this().filter(|job| job.restart > 0) {
        output::error(format!("job {job} was started again (restart {})", job.restart));
    }
    let code = work(&options).unwrap_or_else(|e| errors::refuse(&e));
    if options.requeue
        && interrupt::is_requested_by(libc::SIGUSR1)
        && let Some(job) = Job::this()
    {
        match job.requeue() {
            Ok(()) => output::error(format!("job {job} was requeued")),
            // A site may also requeue by this process's exit code.
            Err(e) => output::error(format!("job {job} was not requeued: {e}")),
        }
    }
    code
}

fn work(options: &SweepRunOptions) -> Result<ExitCode> {
    interrupt::install().at("cannot listen for signals")?;
    let (plan, path) = enter(&options.plan, options.index.as_ref())?;
    if options.jobs > 1 {
        let mut arguments = Vec::new();
        if let Some(index) = &options.index {
            arguments.extend(["--index".to_string(), index.to_string()]);
        }
        if let Some(output) = &options.output {
            arguments.extend(["--output".to_string(), output.display().to_string()]);
        }
        let jobs = Jobs::new(
            options.jobs.into(),
            options.jobs_per_gpu.map(Into::into),
            &plan.head.launch.device,
            device::cuda_ready().is_ok(),
        );
        let together = Together {
            path: &path,
            arguments,
            jobs: &jobs,
            waits: false,
            began: now(),
            longer: &|| Ok(None),
        };
        side_by_side(&plan, together)?;
        if interrupt::requested() {
            return Ok(ExitCode::from(interrupt::exit_code()));
        }
        let failed = Listing::of(&plan).states.iter().any(|s| matches!(s, CellState::Failed(..)));
        return Ok(ExitCode::from(if failed { FAILED } else { 0 }));
    }
    let launch = plan.head.launch.clone();
    let task = Task {
        plan,
        path,
        began: options.worker.unwrap_or_else(now),
        output: options.output.clone(),
        is_watched: options.worker.is_some(),
    };
    let session = Session::of_plan(&launch, Way::Task(Rc::new(task)))?;
    Ok(script::script(session))
}
