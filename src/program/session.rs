//! The session of a command.

use compt_base::output;
use compt_cli::GridOptions;
use compt_cli::session_options::SessionOptions;
use compt_lua::session::{Grids, Session, Way};

/// The session with the options of the command line.
pub fn session(options: SessionOptions) -> Session {
    let mut args = serde_json::Map::new();
    for (key, value) in options.set {
        if let Some(before) = args.insert(key.clone(), value.clone()) {
            output::error(format!("note: --set {key} is given twice: {value} replaces {before}"));
        }
    }
    Session {
        args,
        out: options.out,
        device: options.device,
        seed: options.seed,
        strict: options.strict,
        ..Session::default()
    }
}

/// How the grids of a script are run.
pub fn grids(options: &GridOptions) -> Grids {
    let jobs = options.jobs.into();
    Grids {
        way: if options.dry_run {
            Way::List
        } else {
            Way::Run { jobs, per_gpu: options.jobs_per_gpu.map(Into::into) }
        },
        seen: 0,
    }
}
