//! The specification of a grid: the arguments of `compt.ablate`.

use super::refuse;
use super::search::Search;
use super::settings::{Contents, names, plain};
use crate::session::Session;
use crate::sources::code_of;
use crate::{Error, Result};
use compt_base::files::source::sha256;
use compt_study::records::environment::binary_sha256;
use compt_study::sweep::{
    Basis, Cell, CellState, Head, Launch, Listing, Plan, code_changes, contents, data_changes,
};
use mlua::{Function, Lua, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub struct Grid {
    pub name: String,
    /// The folder of its runs.
    out: PathBuf,
    pub run: Function,
    pub search: Option<Search>,
    /// Makes the list of cells longer: a function of the rows of all cells so far.
    pub grow: Option<Function>,
    /// The settings of each cell; `None` if a plan has them.
    cells: Option<Table>,
    /// Files that are always included, and names of settings that are paths.
    files: Vec<String>,
    /// Whether the values of `--set` are included.
    args: bool,
    code: BTreeMap<PathBuf, String>,
    binary: String,
}

impl Grid {
    pub fn new(lua: &Lua, spec: &Table) -> mlua::Result<Grid> {
        let run: Function = spec.get("run")?;
        let stem = lua.app_data_ref::<Session>().and_then(|session| {
            let stem = session.script.as_ref()?.path.file_stem()?.to_string_lossy().into_owned();
            Some(stem)
        });
        let name = spec.get::<Option<String>>("name")?.or(stem.clone());
        let name = name.unwrap_or_else(|| "ablation".into());
        if name.contains('/') {
            return Err(refuse("'name' is a name, not a path: use 'out' for the folder").into());
        }
        let out = match spec.get::<Option<String>>("out")? {
            Some(out) => PathBuf::from(out),
            None => out_folder(lua, &stem.unwrap_or_else(|| name.clone())),
        };
        let mut binary = binary_sha256().ok_or_else(|| {
            refuse("the program cannot be read, whose hash is part of a run's id")
        })?;
        // The library is part of the program, unless it is read from a folder.
        if let Some(folder) = std::env::var_os("COMPT_STDLIB") {
            binary.push_str(&contents(Path::new(&folder), &out)?);
        }
        Ok(Grid {
            name,
            out,
            cells: spec.get("cells")?,
            files: spec.get::<Option<_>>("files")?.unwrap_or_default(),
            args: spec.get::<Option<_>>("args")?.unwrap_or(true),
            // What the script gave, if the library has put something around it.
            code: code_of(lua, &spec.get::<Option<Function>>("code")?.unwrap_or(run.clone()))?,
            search: Search::read(spec)?,
            grow: spec.get("grow")?,
            binary,
            run,
        })
    }

    /// All its cells, without duplicates.
    pub fn plan(&self, lua: &Lua, session: &Session) -> mlua::Result<Plan> {
        self.plan_of(lua, session, self.cells.as_ref())
    }

    /// The plan of other cells.
    pub fn plan_of(
        &self,
        lua: &Lua,
        session: &Session,
        cells: Option<&Table>,
    ) -> mlua::Result<Plan> {
        let code: Arc<str> = self.code_sha256().into();
        let binary: Arc<str> = self.binary.as_str().into();
        let given = cells.iter().flat_map(|cells| cells.sequence_values::<Table>());
        let given =
            given.map(|settings| plain(lua, &settings?)).collect::<mlua::Result<Vec<_>>>()?;
        let mut data = self.contents(given.iter())?;
        let mut known = HashSet::new();
        let mut cells = Vec::new();
        // The parts of the session that affect a cell's result.
        let counted = |seed: Option<u64>| {
            let args = self.args.then_some(&session.args);
            Arc::new(json!({ "args": args, "seed": seed, "device": session.device }))
        };
        let (with_seed, without) = (counted(Some(session.seed)), counted(None));
        for settings in given {
            let data = data.of(&settings)?;
            let (code, binary) = (code.clone(), binary.clone());
            let seeded = settings.contains_key("seed");
            let session = if seeded { without.clone() } else { with_seed.clone() };
            let basis = Basis { settings, code, data, binary, session };
            let cell = Cell::below(&self.out, cells.len() + 1, basis, &self.name);
            if known.insert(cell.id.clone()) {
                cells.push(cell);
            }
        }
        // At the prompt there is no script, and no other process.
        let launch = session.launch().unwrap_or_else(|_| Launch::default());
        let head = Head {
            code: self.code.clone(),
            binary_sha256: self.binary.clone(),
            ..Head::new(&self.name, session.grids.seen, &self.out, cells.len(), launch)
        };
        Ok(Plan { head, cells })
    }

    /// Whether there is nothing left to plan. A trial of a search that has failed is not made again by a plan.
    pub fn is_done(&self, listing: &Listing) -> bool {
        let is_over = |state: &CellState| {
            matches!(state, CellState::Finished)
                || (self.search.is_some() && matches!(state, CellState::Failed(..)))
        };
        listing.states.iter().all(is_over)
    }

    fn contents<'a>(
        &self,
        settings: impl Iterator<Item = &'a Map<String, Value>>,
    ) -> Result<Contents> {
        let mut known = BTreeSet::new();
        settings.for_each(|settings| names(settings, &mut known));
        Contents::new(&self.out, &self.files, &known)
    }

    /// Refuses a plan of another grid, and reports the differences.
    pub fn check(&self, plan: &Plan) -> Result<()> {
        let mut changes: BTreeSet<String> =
            code_changes(&plan.head, &self.code, &self.binary).into_iter().collect();
        let mut data = self.contents(plan.cells.iter().map(|cell| &cell.basis.settings))?;
        for cell in &plan.cells {
            let Basis { settings, data: before, .. } = &cell.basis;
            changes.extend(data_changes(before, &data.of(settings)?));
        }
        if changes.is_empty() {
            return plan.check_ids();
        }
        let changes: Vec<String> = changes.into_iter().collect();
        let what = format!("it has changed since the plan was made: {}", changes.join("; "));
        Err(Error::new(what)
            .at(plan.head.launch.script.display())
            .hint("undo the change, or make a new plan with --replan: changed runs are run again"))
    }

    /// A hash of the contents: the same files at another path are the same code.
    fn code_sha256(&self) -> String {
        let hashes: BTreeSet<&str> = self.code.values().map(String::as_str).collect();
        sha256(hashes.into_iter().collect::<Vec<_>>().join(" ").as_bytes())
    }
}

/// Below `--out`; for a script, below `runs/`.
fn out_folder(lua: &Lua, stem: &str) -> PathBuf {
    let session = lua.app_data_ref::<Session>();
    let out = session.and_then(|session| session.out.clone());
    out.unwrap_or_else(|| Path::new("runs").join(stem))
}
