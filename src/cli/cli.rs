//! The command line: its commands and options.

use crate::session_options::SessionOptions;
use crate::{
    cache, check_device, eval, fetch, kernel, plot_control, predict, prompts, reopen, report, runs,
    sweep,
};
use clap::{Args, CommandFactory, Parser, Subcommand};
use compt_base::output;
use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

/// A Lua-scriptable research runtime for modular multi-task prompt tuning of T5.
#[derive(Parser)]
#[command(name = "compt", version, args_conflicts_with_subcommands = true)]
#[command(override_usage = "compt <COMMAND>\n       compt -e <CODE> [OPTIONS]")]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Run this Lua code; `compt` and `torch` are global variables in it
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    pub eval: Option<String>,

    #[command(flatten)]
    pub session: SessionOptions,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a study: a Lua script
    #[command(after_help = RUN_EXAMPLES)]
    Run {
        /// The script; it can `require` files in the same folder
        file: PathBuf,

        #[command(flatten)]
        session: SessionOptions,

        #[command(flatten)]
        grid: GridOptions,
    },
    /// Resume a stopped run from its last checkpoint, with the same results as an uninterrupted run
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(reopen::ResumeOptions),
    /// Repeat a run from its record, with each edit at its step, and compare every loss
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(reopen::ReplayOptions),
    /// Run a grid on several machines: write its plan, run parts of it, submit it to Slurm
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep {
        #[command(subcommand)]
        command: sweep::SweepCommand,
    },
    /// List, compare, tag, delete and export recorded runs; show their logs
    #[command(visible_alias = "ls", after_help = RUNS_EXAMPLES)]
    Runs(runs::RunsOptions),
    /// Write an HTML report of runs as a single file: tables, figures, curves, predictions
    #[command(after_help = REPORT_EXAMPLES)]
    Report(report::Options),
    /// Evaluate a run again with other prompts, weights, rows or decoding, without training
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(eval::Options),
    /// Predict labels and their probabilities for lines of standard input with a run's prompt
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(predict::Options),
    /// Plot the settings of a control file over a run, as text and SVG, without training
    #[command(after_help = PLOT_CONTROL_EXAMPLES)]
    PlotControl(plot_control::Options),
    /// Start the interactive Lua prompt (same as `compt` without arguments in a terminal)
    #[command(after_help = REPL_EXAMPLES)]
    Repl {
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Use compt in notebooks: a kernel of Jupyter
    #[command(after_help = KERNEL_EXAMPLES)]
    Kernel(kernel::KernelOptions),
    /// Download models and datasets from the Hugging Face hub, and print the folder of each
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(fetch::FetchOptions),
    /// List downloaded models and datasets, or remove them
    #[command(after_help = CACHE_EXAMPLES)]
    Cache {
        #[command(subcommand)]
        command: Option<cache::CacheCommand>,
    },
    /// Show, compare, merge, import and export saved prompts; peft can read and write them
    #[command(after_help = PROMPTS_EXAMPLES)]
    Prompts {
        #[command(subcommand)]
        command: prompts::PromptsCommand,
    },
    /// Print type stubs for editors (LuaCATS), or the reference manual
    #[command(after_help = STUBS_EXAMPLES)]
    Stubs {
        /// Write the stubs to this folder instead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,

        /// Print the reference manual (Markdown)
        #[arg(long, conflicts_with = "folder")]
        manual: bool,
    },
    /// Set up a folder for editors: write .luarc.json and the type stubs
    #[command(after_help = INIT_EXAMPLES)]
    Init {
        /// Folder of your scripts
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Show versions, hardware and folders, and how to install what is missing
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor,
    /// Check that a device gives the results of the CPU, and measure its speed
    #[command(after_help = CHECK_DEVICE_EXAMPLES)]
    CheckDevice(check_device::CheckDeviceOptions),
    /// Print the licences of compt and of the packages that it contains
    Licences,
}

/// How the grids of a script (`compt.ablate`) are run.
#[derive(Args)]
pub struct GridOptions {
    /// Number of runs of a grid (compt.ablate) at a time; each process gets a share of the cores
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,

    /// Maximum number of these runs on one GPU; by default they are spread evenly
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs_per_gpu: Option<u16>,

    /// List the runs of a grid, their states and the estimated time left, without running them
    #[arg(long, conflicts_with = "jobs")]
    pub dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  compt run examples/quickstart.lua
  compt repl
  compt -e 'print(torch.ones(2, 3))'
  compt doctor

Exit codes: 0 success, 1 the study failed, 2 wrong usage; after a checkpoint 130 for Ctrl-C, 143 for
SIGTERM, 129 for SIGHUP, 85 for SIGUSR1";

const RUN_EXAMPLES: &str = "\
Examples:
  compt run study.lua
  compt study.lua shots=16                # the short form, in place of --set shots=16
  compt run study.lua --set shots=16 --set backbone=checkpoints/t5-base --seed 3
  compt run study.lua --out runs/first --device cuda
  compt run scripts/table1.lua --dry-run
  compt run scripts/table1.lua --jobs 2 --set shots=16";

const RESUME_EXAMPLES: &str = "\
Examples:
  compt resume runs/study
  compt resume runs/quickstart        # all runs of a script; finished runs do not change

The run is rebuilt from its config.json and continues after its last checkpoint. Where that is not
sufficient, for example if the script does more than one t:run(), a note says so and the copy of the
script in the run's folder is run again from its beginning. On a CPU the run continues bit for bit as it
would have without the stop.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  compt replay runs/study
  compt replay runs/study --to 100

Nothing is written. Exit codes: 0 every loss equals the record, 1 a loss differs.";

const SWEEP_EXAMPLES: &str = "\
Examples:
  compt sweep plan scripts/table1.lua --set shots=16
  compt sweep list runs/table1/plan.jsonl | parallel -j 2
  compt sweep submit scripts/table1.lua --set shots=16 --launcher slurm --profile slurm.lua
  compt sweep status runs/table1/plan.jsonl

docs/tutorials/cluster.md is a guide from a grid on one machine to a cluster.";

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
  compt report runs/table1 --follow
  compt report runs/table1 --follow --port 8080

With --follow nothing is written: the page is at the address that is printed, whose random part only its readers
know, for this machine alone. From another one: ssh -L 8080:127.0.0.1:8080 HOST.
Damaged folders and folders of other programs are listed and skipped. A script can write a report with
custom sections: see ?compt.report.page at the prompt.";

const EVAL_EXAMPLES: &str = "\
Examples:
  compt eval runs/ssum --only src0
  compt eval runs/ssum --only private --weights as_learned --split validation
  compt eval runs/ssum --normalise sum --task nli3 --task nli2 --json

The run is rebuilt from its config.json with its last checkpoint; nothing is written. If a part of it is
created by the script, a note says so and the copy of the script is run again up to its trainer.

Exit codes: 0 success, 1 failure, 2 wrong usage: no such run, task, prompt or split";

const PREDICT_EXAMPLES: &str = "\
Examples:
  echo 'a warm and funny story' | compt predict runs/study --task sst2
  compt predict runs/study --task rte < rows.jsonl > predictions.jsonl
  compt predict runs/study --task rte < rows.jsonl | jq -r .prediction

Each line is a JSON object with the columns of the task's rows, or, for a task with one field, the text of
that field. For each line a JSON object is printed, with `prediction` (the decoded text), `scores` (the
probability of each label word), and `cut` if the input was longer than the run's max_source_length.

Exit codes: 0 success, 1 a line cannot be predicted, 2 wrong usage: no such run, task or backbone";

const PLOT_CONTROL_EXAMPLES: &str = "\
Examples:
  compt plot-control control.lua
  compt plot-control control.lua --steps 600 --epochs 10 --tasks nli3,sentiment,count
  compt plot-control control.lua --out - > control.svg

Losses and scores are simulated: the output names the knobs that depend on them, and the assumptions.
For runs longer than 2,000 steps, 2,000 evenly spaced steps are evaluated.";

const REPL_EXAMPLES: &str = "\
Examples:
  compt repl
  compt repl --out runs/trial --seed 3
  echo 'torch.ones(2, 3):sum()' | compt repl

At the prompt: ?name shows the documentation of a name, :help lists the commands, Tab completes, Ctrl-C
interrupts, Ctrl-D exits. The history is saved in $COMPT_HISTORY (by default
~/.local/state/compt/history; empty: not saved). NO_COLOR disables colours.";

const KERNEL_EXAMPLES: &str = "\
Examples:
  compt kernel install --user
  compt kernel install --prefix \"$VIRTUAL_ENV\"
  jupyter lab examples/notebooks/first-study.ipynb
  jupyter console --kernel compt

After the installation `jupyter lab` lists 'Lua (compt)'; Jupyter starts the kernel with a connection file.
The options of a session (--device, --seed, --set, --out) can be added to `argv` in the installed
kernel.json. `jupyter kernelspec uninstall compt` undoes the installation. docs/tutorials/notebook.md is
a guide.";

const FETCH_EXAMPLES: &str = "\
Examples:
  compt fetch google/t5-v1_1-base
  compt fetch t5-small google/flan-t5-base@main
  compt fetch datasets/nyu-mll/glue --include 'sst2/*' --include README.md
  folder=$(compt fetch t5-small)

Files in the cache are not downloaded again, and interrupted downloads are resumed. Each file is
checked against its hash. The cache is that of Python's huggingface_hub:

  HF_HOME, HF_HUB_CACHE      cache folders; by default ~/.cache/huggingface, and hub/ in it
  HF_TOKEN                   token for private and gated repositories; else the file `token` in HF_HOME
  HF_ENDPOINT                a mirror of https://huggingface.co
  HF_HUB_OFFLINE=1           never send a request
  HTTPS_PROXY, NO_PROXY      a proxy;  SSL_CERT_FILE: certificates to trust instead

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 Ctrl-C";

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
  compt prompts export runs/ssum:nli3 adapters/nli3 --force
  compt prompts import adapters/nli3 nli3.safetensors

RUN is the folder of a run, a .safetensors or .npy file, or a folder of peft. RUN:NAME is one of its
prompts.";

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

const CHECK_DEVICE_EXAMPLES: &str = "\
Examples:
  compt check-device --device cuda
  compt check-device --device cpu --small

Each line is a comparison with the CPU in float32: logits, loss, gradients and greedy texts of the built-in
backbone, three steps of each method, an operator from a file. Then the speed of a step of T5-base's size
beside that of its matrix products alone, its memory, and its operations (if there is a C++ compiler); a
run, its replay and evaluation; a grid with two jobs at a time, with two GPUs one on each.
Exit codes: 0 all passed, 1 one failed, 130 Ctrl-C.";

impl Cli {
    /// Answers a command that needs no tensors. `None`: it needs the runtime.
    pub fn answer(&self) -> Option<ExitCode> {
        match (&self.command, &self.eval) {
            (Some(Command::Runs(options)), _) => Some(runs::runs(options)),
            (Some(Command::Sweep { command }), _) => sweep::answer(command),
            (Some(Command::Fetch(options)), _) => Some(fetch::fetch(options)),
            (Some(Command::Kernel(options)), _) => kernel::answer(options),
            (Some(Command::Cache { command }), _) => Some(cache::cache(command.as_ref())),
            (Some(Command::Licences), _) => Some(licences()),
            (None, None) if !(stdin().is_terminal() && stdout().is_terminal()) => {
                if let Err(e) = Cli::command().print_help() {
                    output::lost(&e);
                }
                Some(ExitCode::SUCCESS)
            }
            _ => None,
        }
    }
}

fn licences() -> ExitCode {
    output::line(concat!(
        "compt ",
        env!("CARGO_PKG_VERSION"),
        ": MIT or Apache-2.0, at your choice. libtorch is not part of it.\n"
    ));
    output::exact(include_str!("../../LICENSE-THIRD-PARTY"));
    ExitCode::SUCCESS
}
