//! `compt sweep plan FILE.lua`

use crate::errors::{self, FAILED};
use crate::session::session as of;
use crate::{Error, Result};
use compt_base::output;
use compt_cli::sweep::plan::{Making, SweepPlanOptions};
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

pub fn plan(options: SweepPlanOptions) -> ExitCode {
    match make(options.making) {
        Ok((plan, path)) => {
            let listing = Listing::of(&plan);
            output::path(&path);
            output::error(format!(
                "{}: {} runs: {}",
                plan.head.name,
                plan.cells.len(),
                listing.counts()
            ));
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
        return Err(errors::refuse(&plan.hint("use the script of the plan")));
    }
    let source = text::read(&file).map_err(|e| errors::refuse(&e))?;
    let script = Some(Script { path: file.clone(), source: source.clone() });
    let grids = Grids { way: Way::Plan, seen: 0 };
    let session = Session { script, grids, ..of(session) };
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
            let none = Error::new("the script did not reach a grid").at(file.display());
            return Err(errors::refuse(
                &none.hint("compt.ablate { ... } or compt.search { ... } defines one"),
            ));
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
        return Err(Error::new(format!("it was made for other inputs: {}", changes.join("; ")))
            .at(path.display())
            .hint("--replan makes a new plan: changed runs are run again"));
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
