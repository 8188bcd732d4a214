//! `compt-runtime`: the commands that need tensors.

mod abort;
mod check_device;
mod doctor;
mod errors;
mod eval;
mod glibc;
mod init;
mod kernel;
mod plot_control;
mod predict;
mod prompts;
mod reopen;
mod repl;
mod report;
mod run;
mod session;
mod stubs;
mod sweep;

use compt_base::{guard, output};
use compt_cli::{Cli, Command};
use compt_core::tensor::device;
use compt_error::{Error, Result};
use compt_lua::session::Session;
use errors::FAILED;
use session::{grids, session as of};
use std::process::ExitCode;

fn main() -> ExitCode {
    guard::install();
    let cli = match compt_cli::parse() {
        Ok(cli) => cli,
        Err(code) => return output::finish(code),
    };
    abort::install();
    // Before anything else of libtorch. Whoever needs CUDA is told later why it cannot be used.
    let _ = device::cuda_ready();
    output::finish(cli.answer().unwrap_or_else(|| run(cli)))
}

fn run(cli: Cli) -> ExitCode {
    let command = match (cli.command, cli.eval) {
        (Some(command), _) => command,
        (None, Some(code)) => return run::code(&code, of(cli.session)),
        (None, None) => return repl::repl(of(cli.session)),
    };
    match command {
        Command::Run { file, session, grid } => {
            run::file(&file, Session { grids: grids(&grid), ..of(session) })
        }
        Command::Resume(options) => reopen::resume(&options),
        Command::Replay(options) => reopen::replay(&options),
        Command::Sweep { command } => sweep::sweep(command),
        Command::Report(options) => report::report(&options),
        Command::Eval(options) => eval::eval(&options),
        Command::Predict(options) => predict::predict(&options),
        Command::PlotControl(options) => plot_control::plot_control(&options),
        Command::Kernel(options) => kernel::kernel(options),
        Command::Repl { session } => repl::repl(of(session)),
        Command::Prompts { command } => prompts::prompts(&command),
        Command::Stubs { manual: true, .. } => stubs::manual(),
        Command::Stubs { folder, .. } => stubs::stubs(folder.as_deref()),
        Command::Init { folder } => init::init(&folder),
        Command::Doctor => doctor::doctor(),
        Command::CheckDevice(options) => check_device::check_device(&options),
        Command::Runs(_) | Command::Fetch(_) | Command::Cache { .. } | Command::Licences => {
            unreachable!("answered without the runtime")
        }
    }
}
