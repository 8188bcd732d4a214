//! What the command line decided: the session a script runs in.

use super::text;
use crate::{Error, Result};
use compt_core::files::source::Source;
use compt_core::tensor::device;
use compt_error::Context;
use compt_study::run::{EvaluationOptions, Replayed};
use compt_study::sweep::{Launch, Plan};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use tch::Device;

/// Kept in the main state's app data; bindings read it with `lua.app_data_ref::<Session>()`.
#[derive(Debug, Clone)]
pub struct Session {
    /// The values of `--set`, which a script sees as `compt.args`.
    pub args: Map<String, Value>,
    /// Where runs are recorded, if `--out` was given.
    pub out: Option<PathBuf>,
    /// The default device: `cpu`, `cuda`, `cuda:1` or `auto`.
    pub device: String,
    /// Seeds torch and `math.random`.
    pub seed: u64,
    pub script: Option<Script>,
    /// An edit of a control that does not work ends the run.
    pub strict: bool,
    /// Where the script was run before: its runs are gone on with, or made again.
    pub again: Option<Rc<Again>>,
    /// What this session is called in the records of its runs.
    pub id: String,
    /// Trainers made so far.
    pub trainers: usize,
    /// Runs that could not be recorded, and why.
    pub unrecorded: Vec<String>,
    pub grids: Grids,
    /// The plan of a grid of the script, where one was asked for.
    pub planned: Option<Rc<Plan>>,
    /// The cell of a grid that is run now: { id, settings }.
    pub cell: Option<Value>,
    /// Nothing is left to do: the rest of the script is not run.
    pub over: bool,
    /// Cells that failed, and why.
    pub failed: Vec<String>,
}

/// What becomes of the script's grids (`compt.ablate`).
#[derive(Debug, Clone, Default)]
pub struct Grids {
    /// How many the script has come to.
    pub seen: usize,
    pub way: Way,
}

#[derive(Debug, Clone)]
pub enum Way {
    /// They are run by so many processes side by side; 0 and 1: by this one alone.
    Run { jobs: usize },
    /// The first one with something left to do is listed, and ends the script.
    List,
    /// It becomes [`Session::planned`], and ends the script; nothing is computed on a GPU.
    Plan,
    /// This process runs some cells of one grid, and ends with them.
    Task(Rc<Task>),
    /// Nothing is run: the script goes on with what there is of this plan.
    Merge(Rc<Plan>),
}

impl Default for Way {
    fn default() -> Way {
        Way::Run { jobs: 1 }
    }
}

/// Some of a plan's cells.
#[derive(Debug)]
pub struct Task {
    pub plan: Plan,
    /// When this process, or those that work side by side with it, began, in seconds since 1970:
    /// cells that failed before are tried again.
    pub began: f64,
    /// The file of what this process says.
    pub output: Option<PathBuf>,
    /// Another process tells which cells failed.
    pub is_watched: bool,
}

/// The script that is run.
#[derive(Debug, Clone)]
pub struct Script {
    pub path: PathBuf,
    pub source: String,
}

/// What is done with the runs of the earlier session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Those that are over are taken as they are, the others are gone on with.
    Resume,
    /// The run of this trainer (from 1) is made again, to this step or its end; nothing is written.
    Replay { trainer: usize, to: Option<u64> },
    /// The last checkpoint of this trainer's run is evaluated; nothing is made or written.
    Evaluate { trainer: usize },
}

/// The earlier session.
#[derive(Debug)]
pub struct Again {
    pub mode: Mode,
    /// The folders of its runs, by the number of their trainer.
    pub folders: BTreeMap<usize, PathBuf>,
    /// The cell of a grid whose runs they are: { id, settings }.
    pub cell: Option<Value>,
    /// What came of a replay.
    pub replayed: RefCell<Option<Replayed>>,
    /// What is to be evaluated.
    pub evaluation: Option<EvaluationOptions>,
    /// What came of it, as a table and as JSON.
    pub evaluated: RefCell<Option<(String, Value)>>,
    /// Settings that may differ from the recorded ones.
    pub may_differ: Vec<&'static str>,
    /// The files that the script had loaded: they are used in the place of those on the disk.
    pub modules: Vec<Source>,
}

impl Again {
    pub fn new(mode: Mode, folders: BTreeMap<usize, PathBuf>) -> Again {
        Again {
            mode,
            folders,
            cell: None,
            replayed: RefCell::default(),
            evaluation: None,
            evaluated: RefCell::default(),
            may_differ: Vec::new(),
            modules: Vec::new(),
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Session {
            args: Map::new(),
            out: None,
            device: "auto".into(),
            seed: 0,
            script: None,
            strict: false,
            again: None,
            id: fresh_id(),
            trainers: 0,
            unrecorded: Vec::new(),
            grids: Grids::default(),
            planned: None,
            cell: None,
            over: false,
            failed: Vec::new(),
        }
    }
}

/// A name no other session has: when it began, and in which process.
pub fn fresh_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:09}-{}", now.as_secs(), now.subsec_nanos(), std::process::id())
}

impl Session {
    /// Makes a script the one that runs, or none: what follows is a session of its own.
    pub fn enter(&mut self, script: Option<Script>) {
        self.script = script;
        self.id = fresh_id();
        self.trainers = 0;
        self.grids.seen = 0;
    }

    /// The session that runs a plan's script as it was run when the plan was made.
    pub fn of_plan(launch: &Launch, way: Way) -> Result<Session> {
        let source = text::read(&launch.script)?;
        let launch = launch.clone();
        Ok(Session {
            args: launch.args,
            out: launch.out,
            device: launch.device,
            seed: launch.seed,
            strict: launch.strict,
            script: Some(Script { path: launch.script, source }),
            grids: Grids { way, seen: 0 },
            ..Session::default()
        })
    }

    /// Whether the session is there to evaluate a run.
    pub fn evaluates(&self) -> bool {
        self.again.as_ref().is_some_and(|again| again.evaluation.is_some())
    }

    /// Whether nothing is to be trained.
    pub fn only_looks(&self) -> bool {
        matches!(self.grids.way, Way::List | Way::Plan | Way::Merge(_))
    }

    /// The plan that was made of the script's grid of this number, where this process is given one.
    pub fn plan_of(&self, grid: usize) -> Option<&Plan> {
        let plan = match &self.grids.way {
            Way::Task(task) => &task.plan,
            Way::Merge(plan) => plan,
            _ => return None,
        };
        (plan.head.grid == grid).then_some(plan)
    }

    /// What is needed to run the script elsewhere, as this session does.
    pub fn launch(&self) -> Result<Launch> {
        let script = self.script.as_ref();
        let script = script.ok_or_else(|| Error::new("a plan needs a script"))?;
        Ok(Launch {
            script: script.path.clone(),
            folder: std::env::current_dir().at("the working folder")?,
            args: self.args.clone(),
            out: self.out.clone(),
            device: self.device.clone(),
            seed: self.seed,
            strict: self.strict,
        })
    }

    /// What a run's `session.json` says, so that the script can be run again.
    pub fn record(&self) -> Value {
        let script = self.script.as_ref();
        json!({
            "session": self.id,
            "trainer": self.trainers,
            "script": script.map(|script| script.path.display().to_string()),
            "folder": std::env::current_dir().ok().map(|path| path.display().to_string()),
            "args": self.args,
            "out": self.out,
            "device": self.device,
            "seed": self.seed,
            "strict": self.strict,
            "cell": self.cell,
        })
    }

    /// The default device. A CUDA device is seeded here, because libtorch's CUDA part is only
    /// loaded once one is wanted.
    pub fn device(&self) -> Result<Device> {
        // A cluster's GPUs are not where its jobs are handed in.
        if matches!(self.grids.way, Way::Plan | Way::Merge(_)) {
            return Ok(Device::Cpu);
        }
        let device = device::parse(&self.device)?;
        if device.is_cuda() {
            tch::Cuda::manual_seed_all(self.seed);
        }
        Ok(device)
    }
}
