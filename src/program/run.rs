//! `compt run FILE.lua` and `compt -e CODE`.

use super::{FAILED, errors};
use compt_base::files::json::check_writable;
use compt_base::output;
use compt_error::Context;
use compt_lua::Runtime;
use compt_lua::args;
use compt_lua::failure::Failure;
use compt_lua::session::{Again, Script, Session, Way};
use compt_lua::text;
use compt_study::interrupt;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

/// Runs a script. It may train, and goes on without a reader of its output.
pub fn file(path: &Path, mut session: Session) -> ExitCode {
    output::outlive_reader();
    let source = match text::read(path) {
        Ok(source) => source,
        Err(e) => return errors::refuse(&e),
    };
    session.script = Some(Script { path: path.to_path_buf(), source });
    script(session)
}

/// Runs the script of a session.
pub fn script(session: Session) -> ExitCode {
    let (source, name) = match &session.script {
        Some(script) => (script.source.clone(), script.path.display().to_string()),
        None => unreachable!("the session was made for one"),
    };
    execute(&source, &name, session, false)
}

/// Runs code from the command line.
pub fn code(code: &str, session: Session) -> ExitCode {
    execute(code, "-e", session, true)
}

fn execute(source: &str, name: &str, session: Session, globals: bool) -> ExitCode {
    if let Err(e) = check(&session) {
        return errors::refuse(&e);
    }
    let again = session.again.clone();
    let mut unrecorded = Vec::new();
    let (mut failed, mut over, mut unreached) = (Vec::new(), false, None);
    let outcome = errors::guard(|| -> Result<(), Box<Failure>> {
        let runtime = Runtime::with_session(session)?;
        if globals {
            runtime.open_globals()?;
        }
        if let Some(again) = again.clone() {
            runtime.mute_while(move || again.is_silent())?;
        }
        let done = runtime.exec(source, name);
        (unrecorded, failed, over) =
            runtime.session(|s| (s.unrecorded.clone(), s.failed.clone(), s.over));
        done?;
        unreached = runtime.session(Session::unreached);
        args::unread(runtime.lua()).iter().for_each(|note| output::error(format!("note: {note}")));
        let idle = |session: &Session| {
            let several = matches!(session.grids.way, Way::Run { jobs, .. } if jobs > 1);
            several && session.grids.seen == 0
        };
        if runtime.session(idle) {
            output::error(
                "note: --jobs has no effect: the script has no grid (compt.ablate or compt.search)",
            );
        }
        Ok(())
    });
    unrecorded.iter().for_each(|what| output::error(format!("compt: {what}")));
    let is_done =
        |again: Rc<Again>| again.replayed.borrow().is_some() || again.evaluated.borrow().is_some();
    if again.is_some_and(is_done) {
        return ExitCode::SUCCESS;
    }
    failed.iter().for_each(|cell| output::error(format!("compt: a run failed: {cell}")));
    if over {
        return ExitCode::from(if failed.is_empty() { 0 } else { FAILED });
    }
    if interrupt::requested() {
        errors::interrupted(outcome.and_then(|done| done.err()).as_deref());
        // The exit code of a signal means that there is a checkpoint to resume from.
        let recorded = unrecorded.is_empty();
        return ExitCode::from(if recorded { interrupt::exit_code() } else { FAILED });
    }
    if let Some(error) = unreached {
        return errors::stopped(&error);
    }
    match outcome {
        Some(Ok(())) if unrecorded.is_empty() && failed.is_empty() => ExitCode::SUCCESS,
        Some(Ok(())) => ExitCode::from(FAILED),
        Some(Err(failure)) => errors::failed(&failure),
        None => ExitCode::from(FAILED),
    }
}

/// Checks that are possible before anything runs.
pub fn check(session: &Session) -> crate::Result<()> {
    interrupt::install().at("cannot listen for Ctrl-C")?;
    if let Some(out) = &session.out
        && session.again.is_none()
    {
        check_writable(out).at("--out")?;
    }
    if session.device != "auto" {
        session.device().at("--device")?;
    }
    Ok(())
}
