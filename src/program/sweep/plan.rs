//! `compt sweep plan FILE.lua`

use crate::errors::{self, FAILED};
use crate::session_options::SessionOptions;
use crate::{Error, Result};
use clap::Args;
use compt_error::Context;
use compt_lua::Runtime;
use compt_lua::failure::Failure;
use compt_lua::session::{Grids, Script, Session, Way};
use compt_lua::text;
use compt_study::interrupt;
use compt_study::slurm::Queue;
use compt_study::sweep::{Indices, Listing, Plan, queued, submissions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep plan scripts/table1.lua
  compt sweep plan study.lua --set shots=16 --device cuda --out runs/sixteen
  compt sweep plan study.lua --replan           # the script or its data changed: runs are made anew

The script is run up to its first compt.ablate that has something left to run; nothing is trained, and
tensors made before it are on the CPU. The plan says what each run depends on, by hash: settings,
script, data, compt itself.";

#[derive(Args)]
pub struct SweepPlanOptions {
    #[command(flatten)]
    making: Making,
}

/// From a script to a plan.
#[derive(Args)]
pub struct Making {
    /// The script
    #[arg(value_name = "FILE.lua")]
    file: PathBuf,

    /// Where the plan is written; by default plan.jsonl in the folder of the runs
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,

    /// Write the plan anew though what it was made for has changed
    #[arg(long)]
    replan: bool,

    #[command(flatten)]
    session: SessionOptions,
}

pub fn plan(options: SweepPlanOptions) -> ExitCode {
    match make(options.making) {
        Ok((plan, path)) => {
            let listing = Listing::of(&plan);
            println!("{}", path.display());
            eprintln!("{}: {} runs: {}", plan.head.name, plan.cells.len(), listing.counts());
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// Creates the plan of a script, or finds it unchanged; errors are printed.
pub fn make(options: Making) -> std::result::Result<(Rc<Plan>, PathBuf), ExitCode> {
    let Making { file, plan: path, replan, session } = options;
    if file.extension().is_some_and(|e| e == "jsonl") {
        let plan = Error::new("this is a plan, not a script").at(file.display());
        return Err(errors::refuse(&plan.hint("give the script that it was made of")));
    }
    let source = text::read(&file).map_err(|e| errors::refuse(&e))?;
    let script = Some(Script { path: file.clone(), source: source.clone() });
    let grids = Grids { way: Way::Plan, seen: 0 };
    let session = Session { script, grids, ..session.into() };
    if let Err(e) = interrupt::install().at("cannot listen for Ctrl-C") {
        return Err(errors::refuse(&e));
    }
    let made = errors::guard(|| -> std::result::Result<Option<Rc<Plan>>, Box<Failure>> {
        let runtime = Runtime::with_session(session)?;
        // The script prints its output when it is run.
        runtime.mute_while(|| true)?;
        let done = runtime.exec(&source, &file.display().to_string());
        match runtime.session(|session| session.over) {
            true => interrupt::clear(),
            false => done?,
        }
        Ok(runtime.session(|session| session.planned.clone()))
    });
    let plan = match made {
        Some(Ok(Some(plan))) => plan,
        Some(Ok(None)) => {
            let none = Error::new("the script came to no grid").at(file.display());
            return Err(errors::refuse(&none.hint("compt.ablate { ... } makes one")));
        }
        Some(Err(failure)) => return Err(errors::failed(&failure)),
        None => return Err(ExitCode::from(FAILED)),
    };
    let path = path.unwrap_or_else(|| plan.head.out.join(name(&plan)));
    match write(&plan, &path, replan) {
        Ok(()) => Ok((plan, path)),
        Err(e) => Err(errors::refuse(&e)),
    }
}

fn name(plan: &Plan) -> String {
    match plan.head.grid {
        1 => "plan.jsonl".into(),
        grid => format!("plan-{grid}.jsonl"),
    }
}

/// Writes the plan if there is none, or one of the same runs.
fn write(plan: &Plan, path: &Path, replan: bool) -> Result<()> {
    if !path.exists() {
        return plan.write(path);
    }
    if plan.is_in(path) {
        return Ok(());
    }
    if !replan {
        let changes = Plan::read(path, None)?.changes(plan);
        if changes.is_empty() {
            return Ok(());
        }
        return Err(Error::new(format!("it was made for something else: {}", changes.join("; ")))
            .at(path.display())
            .hint("--replan makes it anew: what changed is run again"));
    }
    let queued = still_queued(path, &plan.head.out)?;
    if queued.last() > 0 {
        return Err(Error::new(format!(
            "jobs of the old plan are in the queue, for runs {queued}"
        ))
        .at(path.display())
        .hint("wait for them, or: compt sweep cancel PLAN"));
    }
    plan.write(path)
}

/// The runs of a plan that are in Slurm's queue.
pub fn still_queued(path: &Path, out: &Path) -> Result<Indices> {
    let path = std::fs::canonicalize(path).at(path.display())?;
    let handed_in = submissions(out, &path)?;
    let queue = Queue::of_jobs(handed_in.iter().flat_map(|submission| submission.jobs()))?;
    Ok(queued(&handed_in, &queue))
}
