//! The session of a script, configured by the command line.

use super::text;
use crate::{Error, Result};
use compt_base::files::json::path_value;
use compt_base::files::source::{Source, sha256};
use compt_core::tensor::device;
use compt_error::Context;
use compt_run::{EvaluationOptions, Replayed};
use compt_study::sweep::{Launch, Plan};
use mlua::Lua;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use tch::Device;

/// Stored in the main state's app data; bindings read it with `lua.app_data_ref::<Session>()`.
#[derive(Debug, Clone)]
pub struct Session {
    /// The values of `--set`, which a script reads as `compt.args`.
    pub args: Map<String, Value>,
    /// The folder of `--out`, if it was set.
    pub out: Option<PathBuf>,
    /// The default device: `cpu`, `cuda`, `cuda:1` or `auto`.
    pub device: String,
    /// Seeds torch and `math.random`.
    pub seed: u64,
    pub script: Option<Script>,
    /// An invalid edit of a control ends the run.
    pub strict: bool,
    /// The earlier session of the script, whose runs are resumed or replayed.
    pub again: Option<Rc<Again>>,
    /// The id of this session in the records of its runs.
    pub id: String,
    /// The number of trainers created so far.
    pub trainers: usize,
    /// Runs that could not be recorded, and why.
    pub unrecorded: Vec<String>,
    pub grids: Grids,
    /// The plan of a grid of the script, if one was requested.
    pub planned: Option<Rc<Plan>>,
    /// The current cell of a grid: `{ id, settings }`.
    pub cell: Option<Value>,
    /// The part of a search's trial that the current cell is.
    pub trial: Option<Trial>,
    /// Why the trials of the search are wrong: none of them is run.
    pub refused: Option<String>,
    /// All work is done: the rest of the script is not run.
    pub over: bool,
    /// Failed cells, and their errors.
    pub failed: Vec<String>,
}

/// What is done with the script's grids (`compt.ablate`).
#[derive(Debug, Clone, Default)]
pub struct Grids {
    /// The number of grids that the script has reached.
    pub seen: usize,
    pub way: Way,
}

#[derive(Debug, Clone)]
pub enum Way {
    /// Cells are run by this many parallel processes; 0 and 1: by this process only.
    Run { jobs: usize, per_gpu: Option<usize> },
    /// The first grid with unfinished cells is listed; this ends the script.
    List,
    /// The grid becomes [`Session::planned`]; this ends the script, and nothing is computed on a GPU.
    Plan,
    /// This process runs some cells of one grid, then ends.
    Task(Rc<Task>),
    /// No cell is run: the script continues with the finished cells of this plan.
    Merge(Rc<Plan>),
}

impl Default for Way {
    fn default() -> Way {
        Way::Run { jobs: 1, per_gpu: None }
    }
}

/// A part of a trial of `compt.search`.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// The share of its trainer's steps at which it ends; 1: all of them.
    pub share: f64,
    /// Whether the trial has several parts.
    pub in_parts: bool,
}

/// Some of a plan's cells.
#[derive(Debug)]
pub struct Task {
    pub plan: Plan,
    /// The file of the plan.
    pub path: PathBuf,
    /// When this process, or the group of processes it belongs to, started, in seconds since 1970:
    /// cells that failed earlier are tried again.
    pub began: f64,
    /// The file with this process's output.
    pub output: Option<PathBuf>,
    /// Another process reports failed cells.
    pub is_watched: bool,
}

/// The script that is run.
#[derive(Debug, Clone)]
pub struct Script {
    pub path: PathBuf,
    pub source: String,
}

/// The purpose of opening the runs of the earlier session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Finished runs are loaded, the others are resumed.
    Resume,
    /// The run of this trainer (from 1) is replayed, up to this step or its end; nothing is written.
    Replay { trainer: usize, to: Option<u64> },
    /// The last checkpoint of this trainer's run is evaluated; no step is made, and nothing is written.
    Evaluate { trainer: usize },
    /// A script looks at the last checkpoint of this trainer's run.
    Open { trainer: usize },
}

/// The earlier session.
#[derive(Debug)]
pub struct Again {
    pub mode: Mode,
    /// The folders of its runs, by the number of their trainer.
    pub folders: BTreeMap<usize, PathBuf>,
    /// The cell of a grid that the runs belong to: `{ id, settings }`.
    pub cell: Option<Value>,
    /// The result of a replay.
    pub replayed: RefCell<Option<Replayed>>,
    /// The requested evaluation.
    pub evaluation: Option<EvaluationOptions>,
    /// Its result, as a table and as JSON.
    pub evaluated: RefCell<Option<(String, Value)>>,
    /// Settings that may differ from the recorded ones.
    pub may_differ: Vec<&'static str>,
    /// Whether the steps of the run to replay have begun.
    pub begun: Cell<bool>,
    /// The files that the script had loaded, which are used instead of those on disk.
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
            begun: Cell::new(false),
            modules: Vec::new(),
        }
    }

    /// Whether `print` prints nothing: standard output is for the scores, or for the run to replay. The script
    /// has printed its output when it was run.
    pub fn is_silent(&self) -> bool {
        match self.mode {
            Mode::Resume => false,
            Mode::Replay { .. } => !self.begun.get(),
            Mode::Evaluate { .. } => true,
            Mode::Open { .. } => false,
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
            trial: None,
            refused: None,
            over: false,
            failed: Vec::new(),
        }
    }
}

/// The earlier session of the script that is run again.
pub fn again(lua: &Lua) -> Option<Rc<Again>> {
    lua.app_data_ref::<Session>()?.again.clone()
}

/// The part of a search's trial that the current cell is.
pub fn trial(lua: &Lua) -> Option<Trial> {
    lua.app_data_ref::<Session>()?.trial
}

/// The error of a trial that every other one would meet, too: it ends the search, caught or not.
pub fn refuse_trials(lua: &Lua, error: Error) -> mlua::Error {
    if let Some(mut session) = lua.app_data_mut::<Session>() {
        session.refused.get_or_insert_with(|| error.to_string());
    }
    error.into()
}

/// A unique session id: start time and process.
pub fn fresh_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:09}-{}", now.as_secs(), now.subsec_nanos(), std::process::id())
}

impl Session {
    /// Sets or clears the current script; what follows is a new session.
    pub fn enter(&mut self, script: Option<Script>) {
        self.script = script;
        self.id = fresh_id();
        self.trainers = 0;
        self.grids.seen = 0;
    }

    /// The session that runs a plan's script with the settings of the plan.
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

    /// Whether the session evaluates a run.
    pub fn evaluates(&self) -> bool {
        self.again.as_ref().is_some_and(|again| again.evaluation.is_some())
    }

    /// Whether nothing is trained.
    pub fn only_looks(&self) -> bool {
        matches!(self.grids.way, Way::List | Way::Plan | Way::Merge(_))
    }

    /// The plan of the script's grid with this number, if this process has one.
    pub fn plan_of(&self, grid: usize) -> Option<&Plan> {
        let plan = match &self.grids.way {
            Way::Task(task) => &task.plan,
            Way::Merge(plan) => plan,
            _ => return None,
        };
        (plan.head.grid == grid).then_some(plan)
    }

    /// The error of a script that ended before the grid whose cells it should run, merge or resume.
    pub fn unreached(&self) -> Option<Error> {
        let script = self.script.as_ref()?.path.display();
        let resumed = self.again.as_ref().filter(|again| again.mode == Mode::Resume);
        let cell = resumed.and_then(|again| again.cell.as_ref()).filter(|_| !self.over);
        let plan = match &self.grids.way {
            Way::Task(task) => Some(&task.plan),
            Way::Merge(plan) => Some(&**plan),
            _ => None,
        };
        let what = match plan.filter(|plan| self.grids.seen < plan.head.grid) {
            Some(plan) => format!(
                "the script ended before it came to its grid {} ('{}'), which the plan lists",
                plan.head.grid, plan.head.name
            ),
            None if cell.is_some() => {
                "the script ended before it came to the cell of the run".to_string()
            }
            None => return None,
        };
        let hint = "compt.ablate must be called as when the plan or the run was made: with the same arguments, \
                    files and environment";
        Some(Error::new(what).at(script).hint(hint))
    }

    /// What is needed to run the script in another process as in this session.
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

    /// The contents of a run's `session.json`, from which the script can be run again.
    pub fn record(&self) -> Value {
        let script = self.script.as_ref();
        json!({
            "session": self.id,
            "trainer": self.trainers,
            "script": script.map(|script| script.path.display().to_string()),
            "script_sha256": script.map(|script| sha256(script.source.as_bytes())),
            "folder": std::env::current_dir().ok().map(|path| path_value(&path)),
            "args": self.args,
            "out": self.out.as_ref().map(|path| path_value(path)),
            "device": self.device,
            "seed": self.seed,
            "strict": self.strict,
            "cell": self.cell,
        })
    }

    /// The default device. A CUDA device is seeded here, because libtorch's CUDA part is only
    /// loaded on demand.
    pub fn device(&self) -> Result<Device> {
        // A cluster's login node may have no GPU.
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
