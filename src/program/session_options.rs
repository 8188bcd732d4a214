//! The common options of scripts, the prompt and plans.

use clap::Args;
use compt_lua::args::parse_arg;
use compt_lua::session::Session;
use std::path::PathBuf;

#[derive(Args)]
pub struct SessionOptions {
    /// Set compt.args.KEY for the script: a number, true, false or a string (quotes force a string)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_arg)]
    set: Vec<(String, serde_json::Value)>,

    /// Folder in which runs are recorded
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Device of tensors: cpu, cuda, cuda:N or auto
    #[arg(long, default_value = "auto")]
    device: String,

    /// Seed of all random generators
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// End the run if an edit of its control file is invalid; for unattended runs
    #[arg(long)]
    strict: bool,
}

impl From<SessionOptions> for Session {
    fn from(options: SessionOptions) -> Session {
        let mut args = serde_json::Map::new();
        for (key, value) in options.set {
            if let Some(before) = args.insert(key.clone(), value.clone()) {
                eprintln!("note: --set {key} is given twice: {value} replaces {before}");
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
}
