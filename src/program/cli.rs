//! The command line: its commands and options.

use crate::errors::FAILED;
use crate::session_options::SessionOptions;
use crate::{
    cache, doctor, eval, fetch, init, plot_control, predict, prompts, reopen, repl, report, run,
    runs, stubs, sweep,
};
use clap::{Args, CommandFactory, Parser, Subcommand};
use compt_lua::session::{Grids, Session, Way};
use std::path::PathBuf;
use std::process::ExitCode;

/// A Lua-scriptable research runtime for modular multi-task prompt tuning of T5.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
#[command(override_usage = "compt <COMMAND>\n       compt -e <CODE> [OPTIONS]")]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// Run Lua code given here; `compt` and `torch` are globals in it
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    eval: Option<String>,

    #[command(flatten)]
    session: SessionOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Run a study: a Lua script
    #[command(after_help = RUN_EXAMPLES)]
    Run {
        /// The script; files beside it can be required
        file: PathBuf,

        #[command(flatten)]
        session: SessionOptions,

        #[command(flatten)]
        grid: GridOptions,
    },
    /// Go on with a run that was stopped: exactly as if it had not been
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(reopen::ResumeOptions),
    /// Make a run again from its record, with every edit at its step, and compare each loss
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(reopen::ReplayOptions),
    /// Run a grid of runs on several machines: plan it, run parts of it, hand it to Slurm
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep {
        #[command(subcommand)]
        command: sweep::SweepCommand,
    },
    /// List recorded runs; read their logs, compare, tag, delete and export them
    #[command(after_help = RUNS_EXAMPLES)]
    Runs(runs::RunsOptions),
    /// Write one HTML file on runs: tables, figures, curves, predictions; it needs no network
    #[command(after_help = REPORT_EXAMPLES)]
    Report(report::Options),
    /// Evaluate a run again: other prompts, weights, rows or decoding; nothing is trained
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(eval::Options),
    /// Answer lines of standard input with a run's prompt: predictions and label scores
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(predict::Options),
    /// Draw what a control file sets over a run, as text and SVG; nothing is trained
    #[command(after_help = PLOT_CONTROL_EXAMPLES)]
    PlotControl(plot_control::Options),
    /// The prompt: type Lua, see values (`compt` alone on a terminal is the same)
    #[command(after_help = REPL_EXAMPLES)]
    Repl {
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Download models and datasets of the Hugging Face hub; prints the folder of each
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(fetch::FetchOptions),
    /// Show what was downloaded, or remove some of it
    #[command(after_help = CACHE_EXAMPLES)]
    Cache {
        #[command(subcommand)]
        command: Option<cache::CacheCommand>,
    },
    /// Prompts on disk: look at them, compare and merge them, exchange them with peft
    #[command(after_help = PROMPTS_EXAMPLES)]
    Prompts {
        #[command(subcommand)]
        command: prompts::PromptsCommand,
    },
    /// Print the editor's stubs of the runtime (LuaCATS), or the reference manual
    #[command(after_help = STUBS_EXAMPLES)]
    Stubs {
        /// Write the stubs into this folder instead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,

        /// Print the reference manual (Markdown)
        #[arg(long, conflicts_with = "folder")]
        manual: bool,
    },
    /// Make a folder known to editors: writes .luarc.json and the stubs
    #[command(after_help = INIT_EXAMPLES)]
    Init {
        /// The folder with your studies
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Show versions, hardware and folders, what is missing and how to get it
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor,
}

/// How the grids of a script (`compt.ablate`) are run.
#[derive(Args)]
struct GridOptions {
    /// Runs of a grid (compt.ablate) side by side, each a process with its share of the cores
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,

    /// List the runs of a grid, what is finished and how long the rest may take; run none
    #[arg(long, conflicts_with = "jobs")]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  compt run examples/quickstart.lua
  compt repl
  compt -e 'print(torch.ones(2, 3))'
  compt doctor

Exit codes: 0 done, 1 the study failed, 2 wrong usage; after a checkpoint 130 for Ctrl-C, 143 for
SIGTERM, 85 for SIGUSR1";

const RUN_EXAMPLES: &str = "\
Examples:
  compt run study.lua
  compt run study.lua --set shots=16 --set backbone=checkpoints/t5-base --seed 3
  compt run study.lua --out runs/first --device cuda
  compt run scripts/table1.lua --dry-run
  compt run scripts/table1.lua --jobs 2 --set shots=16";

const RESUME_EXAMPLES: &str = "\
Examples:
  compt resume runs/study
  compt resume runs/quickstart        # the runs of one script: those that are over stay as they are

The run is rebuilt from its config.json and continues after its last checkpoint. Where that is not
sufficient, for example if the script does more than one t:run(), a note says so and the copy of the
script in the run's folder is run again from its beginning. On a CPU the run continues bit for bit as it
would have without the stop.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  compt replay runs/study
  compt replay runs/study --to 100

Nothing is written. Exit code 0: every loss is as recorded; 1: one is not.";

const SWEEP_EXAMPLES: &str = "\
Examples:
  compt sweep plan scripts/table1.lua --set shots=16
  compt sweep list runs/table1/plan.jsonl | parallel -j 2
  compt sweep submit scripts/table1.lua --set shots=16 --launcher slurm --profile slurm.lua
  compt sweep status runs/table1/plan.jsonl

docs/cluster.md leads from a grid on one machine to a cluster.";

const RUNS_EXAMPLES: &str = "\
Examples:
  compt runs
  compt runs runs/table1 --where method=ssum,msum --where shots=16 --sort -average
  compt runs --state failed
  compt runs --json | jq -r 'select(.average > 90) | .path'
  compt runs compare runs/ssum runs/pt
  compt runs export runs/ssum --tensorboard logs";

const REPORT_EXAMPLES: &str = "\
Examples:
  compt report runs/table1
  compt report runs/ssum runs/pt -o compare.html --title 'Sums against prompt tuning'

Damaged and foreign folders are told and left out. Studies write reports with sections of their own:
?compt.report.page at the prompt.";

const EVAL_EXAMPLES: &str = "\
Examples:
  compt eval runs/ssum --only src0
  compt eval runs/ssum --only private --weights as_learned --split validation
  compt eval runs/ssum --normalise sum --task nli3 --task nli2 --json

The run is rebuilt from its config.json with its last checkpoint; nothing is written. If a part of it is
made by the script, a note says so and the copy of the script is run again up to its trainer.";

const PREDICT_EXAMPLES: &str = "\
Examples:
  echo 'a warm and funny story' | compt predict runs/study --task sst2
  compt predict runs/study --task rte < rows.jsonl > predictions.jsonl
  compt predict runs/study --task rte < rows.jsonl | jq -r .prediction

A line is a JSON object with the columns that the task's rows had, or, for a task of one field, its
text. Each comes back as a JSON object with `prediction` (the decoded text), `scores` (how probable each label
word is among them), and `cut` where it was longer than the run's max_source_length.";

const PLOT_CONTROL_EXAMPLES: &str = "\
Examples:
  compt plot-control control.lua
  compt plot-control control.lua --steps 600 --epochs 10 --tasks nli3,sentiment,count
  compt plot-control control.lua --out - > control.svg

No losses or scores are known: the output names the knobs that depend on them, and what was supposed.
Of runs longer than 2,000 steps as many are asked, evenly spread.";

const REPL_EXAMPLES: &str = "\
Examples:
  compt repl
  compt repl --out runs/trial --seed 3
  echo 'torch.ones(2, 3):sum()' | compt repl

At the prompt: ?name explains a name, :help lists the commands, Tab completes, Ctrl-C stops what
runs, Ctrl-D leaves. The history is kept in $COMPT_HISTORY (by default
~/.local/state/compt/history; empty: nowhere). NO_COLOR turns colours off.";

const FETCH_EXAMPLES: &str = "\
Examples:
  compt fetch google/t5-v1_1-base
  compt fetch t5-small google/flan-t5-base@main
  compt fetch datasets/nyu-mll/glue --include 'sst2/*' --include README.md
  folder=$(compt fetch t5-small)

What is there already is not downloaded  and what was interrupted goes on where it was. Each
file is checked against its hash. The cache is that of Python's huggingface_hub:

  HF_HOME, HF_HUB_CACHE      the folder; by default ~/.cache/huggingface, and hub/ in it
  HF_TOKEN                   for private and gated ones; else the file `token` in HF_HOME
  HF_ENDPOINT                a mirror of https://huggingface.co
  HF_HUB_OFFLINE=1           makes no request, ever
  HTTPS_PROXY, NO_PROXY      a proxy;  SSL_CERT_FILE: certificates to trust instead

Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 Ctrl-C";

const CACHE_EXAMPLES: &str = "\
Examples:
  compt cache
  compt cache prune google/t5-v1_1-base
  compt cache prune --incomplete --yes";

const PROMPTS_EXAMPLES: &str = "\
Examples:
  compt prompts list runs/ssum prompts/mrpc.npy
  compt prompts compare runs/ssum runs/pt:nli3 --backbone micro
  compt prompts merge both.safetensors runs/ssum:nli3=0.5 runs/ssum:nli2=0.5
  compt prompts export runs/ssum:nli3 adapters/nli3
  compt prompts import adapters/nli3 nli3.safetensors

RUN is a run's folder, a .safetensors or .npy file or a folder of peft; RUN:NAME one prompt in it.";

const STUBS_EXAMPLES: &str = "\
Examples:
  compt stubs | less
  compt stubs ~/lua-stubs
  compt stubs --manual > reference.md";

const INIT_EXAMPLES: &str = "\
Examples:
  compt init
  compt init studies";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  compt doctor";

impl Cli {
    /// Answers a command that needs no tensors. `None`: it needs the runtime.
    pub fn answer(&self) -> Option<ExitCode> {
        end_quietly_on_a_broken_pipe();
        match (&self.command, &self.eval) {
            (Some(Command::Runs(options)), _) => Some(runs::runs(options)),
            (Some(Command::Sweep { command }), _) => sweep::answer(command),
            (Some(Command::Fetch(options)), _) => Some(fetch::fetch(options)),
            (Some(Command::Cache { command }), _) => Some(cache::cache(command.as_ref())),
            (Some(Command::Stubs { manual: true, .. }), _) => Some(stubs::manual()),
            (Some(Command::Stubs { folder, .. }), _) => Some(stubs::stubs(folder.as_deref())),
            (Some(Command::Init { folder }), _) => Some(init::init(folder)),
            (None, None) if !repl::is_terminal() => {
                let printed = Cli::command().print_help();
                Some(ExitCode::from(if printed.is_ok() { 0 } else { FAILED }))
            }
            _ => None,
        }
    }

    /// Runs the command and returns the exit code.
    pub fn run(self) -> ExitCode {
        if let Some(code) = self.answer() {
            return code;
        }
        match (self.command, self.eval) {
            (Some(Command::Run { file, session, grid }), _) => {
                run::file(&file, Session { grids: grid.into(), ..session.into() })
            }
            (Some(Command::Resume(options)), _) => reopen::resume(&options),
            (Some(Command::Replay(options)), _) => reopen::replay(&options),
            (Some(Command::Sweep { command }), _) => sweep::sweep(command),
            (Some(Command::Report(options)), _) => report::report(&options),
            (Some(Command::Eval(options)), _) => eval::eval(&options),
            (Some(Command::Predict(options)), _) => predict::predict(&options),
            (Some(Command::PlotControl(options)), _) => plot_control::plot_control(&options),
            (Some(Command::Repl { session }), _) => repl::repl(session.into()),
            (Some(Command::Prompts { command }), _) => prompts::prompts(&command),
            (Some(Command::Doctor), _) => doctor::doctor(),
            (None, Some(code)) => run::code(&code, self.session.into()),
            (None, None) => repl::repl(self.session.into()),
            (Some(_), _) => unreachable!("answered"),
        }
    }
}

impl From<GridOptions> for Grids {
    fn from(options: GridOptions) -> Grids {
        let jobs = options.jobs.into();
        Grids { way: if options.dry_run { Way::List } else { Way::Run { jobs } }, seen: 0 }
    }
}

/// `compt run study.lua | head` ends with `head`, like other programs.
fn end_quietly_on_a_broken_pipe() {
    // SAFETY: no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
