//! `compt.tasks(name or definitions, options)`

use super::task_catalog::{CALL, Catalog, Picked};
use super::task_definition::{Place, definition, missing};
use super::{LuaTokenizer, index};
use crate::Error;
use crate::call;
use crate::object::{self, Object};
use crate::options::{Options, kind};
use compt_base::data::{Per, Plan, Split, TaskSet};
use compt_base::metric::Metric;
use compt_base::notice;
use mlua::{Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

/// The tasks of a study, shared with its trainer.
#[derive(Clone)]
pub struct Tasks(pub Rc<TaskSet>);

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("tasks", call::function(lua, CALL, |lua, (what, options)| tasks(lua, what, options))?)
}

/// `what` names or defines tasks (see [`Catalog::of`] and `task_definition`); options:
/// `compt.TasksOptions` in `stdlib/doc`.
fn tasks(lua: &Lua, what: Value, options: Value) -> mlua::Result<Tasks> {
    let o = Options::new(CALL, options.clone())?;
    let data: Option<PathBuf> = o.get(lua, "data")?;
    let wanted: Option<Vec<String>> = o.get(lua, "tasks")?;
    let step: Option<f64> = o.get(lua, "stsb_rounding")?;
    let missing = missing(lua, &o)?;
    let plan = Plan {
        shots: o.get(lua, "shots")?,
        per: Per::parse(&o.get_or(lua, "per", "task".to_string())?).map_err(|e| e.at(CALL))?,
        seed: o.get_or(lua, "seed", 0)?,
        split_seed: o.get_or(lua, "split_seed", 0)?,
        validation_size: o.get(lua, "validation_size")?,
        max_test: o.get(lua, "max_test")?,
    };
    let max_target: Option<usize> = o.get(lua, "max_target_length")?;
    if max_target.is_some_and(|most| most < 2) {
        return Err(o.error("'max_target_length' must be at least 2: a token and </s>".into()));
    }
    let tokenizer: Option<LuaTokenizer> = o.object(lua, "tokenizer")?;
    let most: usize = o.get_or(lua, "max_source_length", 256)?;
    o.finish()?;

    let catalog = Catalog::of(lua, &what, &options)?;
    if let Some(data) = data.as_ref().filter(|data| !data.is_dir()) {
        let missing = Error::new("there is no such folder").at(data.display());
        return Err(missing.at(format!("{CALL}: data")).into());
    }
    let picked = match &wanted {
        Some(wanted) => catalog.only(lua, wanted, &options)?,
        None => catalog.picked,
    };
    // Only the files of the script's own definitions are relative to the script.
    let own = data.clone().or_else(|| script_folder(lua));
    let definitions = picked.iter().map(|task| {
        let folder = if task.set.is_some() { data.clone() } else { own.clone() };
        definition(
            lua,
            &task.name,
            task.definition.clone(),
            &Place { folder, step, missing, max_target },
        )
    });
    let definitions = definitions.collect::<mlua::Result<_>>()?;
    let mut set = TaskSet::build(&catalog.name, definitions, &plan).map_err(|e| e.at(CALL))?;
    let folders = (data.as_deref(), own.as_deref());
    if max_target.is_some() && set.tasks.iter().all(|task| task.labels.free_text().is_none()) {
        let what = "'max_target_length' is for tasks of free text: there are none";
        return Err(Error::new(what).at(CALL).into());
    }
    let has_own = set.tasks.iter().flat_map(|task| &task.metrics).any(Metric::is_own);
    let source = source(lua, &what, &options, &picked, folders)?;
    set.set_source(source.filter(|_| !has_own));
    tell(&set);
    if let Some(tokenizer) = tokenizer {
        set.measure(&tokenizer.0, most).map_err(|e| e.at(CALL))?;
    }
    Ok(Tasks(Rc::new(set)))
}

/// The maximum size of a definition's data in a record, in characters; longer rows stay with the script.
const LONGEST: usize = 1 << 20;

/// The arguments as data, from which the same tasks can be read again; `None` if they contain functions.
/// `data` is the option's folder, `own` the one that relative paths of definitions start from.
fn source(
    lua: &Lua,
    what: &Value,
    options: &Value,
    picked: &[Picked],
    (data, own): (Option<&Path>, Option<&Path>),
) -> mlua::Result<Option<serde_json::Value>> {
    let mut settings = match options {
        Value::Table(table) => {
            let without = lua.create_table_from(table.pairs::<Value, Value>().flatten())?;
            // The tokenizer only counts tokens.
            without.raw_remove("tokenizer")?;
            match crate::data::plain(&Value::Table(without)) {
                Ok(serde_json::Value::Object(settings)) => settings,
                _ => return Ok(None),
            }
        }
        _ => serde_json::Map::new(),
    };
    if let Value::Table(table) = what {
        // JSON has no table of both names and definitions.
        let names = table.raw_len();
        if names > 0 && table.pairs::<Value, Value>().count() > names {
            return Ok(None);
        }
    }
    let Ok(what) = crate::data::plain(what) else { return Ok(None) };
    let defined = picked.iter().filter(|task| task.set.is_none()).count();
    let folder = match data {
        Some(data) => Some(data),
        None if defined == 0 => None,
        None if defined == picked.len() => own,
        // Files on the Hub and files beside the script have no common folder.
        None => return Ok(None),
    };
    // Rows in the definition need no folder, and the one of the script may be gone later.
    let reads = data.is_some()
        || picked.iter().any(|task| task.set.is_none() && !has_rows(&task.definition));
    if let Some(folder) = folder.filter(|_| reads) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        settings.insert("data".into(), folder.display().to_string().into());
    }
    let source = serde_json::json!({ "what": what, "options": settings });
    Ok((source.to_string().len() <= LONGEST).then_some(source))
}

/// Whether a definition holds its rows itself.
fn has_rows(definition: &Table) -> bool {
    definition.contains_key("rows").unwrap_or(false)
}

/// Reports the findings in the tasks' rows, each once, no matter how often they are read.
fn tell(set: &TaskSet) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for task in &set.tasks {
        for note in &task.remarks.notes {
            let line = format!("note: task '{}': {note}", task.name);
            if told.insert(line.clone()) {
                notice::say(&line);
            }
        }
    }
}

/// The folder of the calling script; the working folder if the script is not in a file.
fn script_folder(lua: &Lua) -> Option<PathBuf> {
    let source =
        |level| lua.inspect_stack(level, |debug| debug.source().source.map(|s| s.into_owned()));
    let mut sources = (1..).map_while(source).flatten();
    let script = sources.find(|source| source != "=[C]")?;
    let path = Path::new(script.trim_start_matches(['@', '=']));
    match path.is_file() {
        true => Some(path.parent().unwrap_or(Path::new("")).to_path_buf()),
        // Typed code is not in a file.
        false => Some(PathBuf::new()),
    }
}

impl Object for Tasks {
    const NAME: &'static str = "tasks";
    const CLASS: &'static str = "compt.Tasks";
    const MADE_BY: &'static str = "compt.tasks(...)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(self.0.to_string())
    }
}

impl UserData for Tasks {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("name", |_, this| Ok(this.0.name.clone()));
        fields.add_field_method_get("names", |lua, this| lua.create_sequence_from(this.0.names()));
        // For added task sets, the value that all agree on.
        let shared = |this: &Self| this.0.shared(|part| part.shots).flatten();
        fields.add_field_method_get("shots", move |_, this| Ok(shared(this)));
        fields.add_field_method_get("per", |_, this| Ok(this.0.shared(|part| part.per.name())));
        fields.add_field_method_get("seed", |_, this| Ok(this.0.shared(|part| part.seed)));
        fields.add_field_method_get("split_seed", |_, this| {
            Ok(this.0.shared(|part| part.split_seed))
        });
        fields.add_field_method_get("parts", |lua, this| {
            let parts = this.0.parts().map(|(part, tasks)| {
                let table = lua.create_table()?;
                table.set("name", part.name.as_str())?;
                table.set("names", tasks.iter().map(|t| t.name.clone()).collect::<Vec<_>>())?;
                table.set("shots", part.shots)?;
                table.set("per", part.per.name())?;
                table.set("seed", part.seed)?;
                table.set("split_seed", part.split_seed)?;
                Ok(table)
            });
            parts.collect::<mlua::Result<Vec<Table>>>()
        });
        // By task; nil without a tokenizer.
        fields.add_field_method_get("lengths", |lua, this| {
            if this.0.lengths.iter().all(Option::is_none) {
                return Ok(None);
            }
            let by_task = lua.create_table()?;
            for (task, lengths) in this.0.names().into_iter().zip(&this.0.lengths) {
                let Some(lengths) = lengths else { continue };
                let of_task = lua.create_table()?;
                of_task.set("median", lengths.median)?;
                of_task.set("p95", lengths.p95)?;
                of_task.set("longest", lengths.longest)?;
                of_task.set("cut", lengths.cut)?;
                by_task.set(task, of_task)?;
            }
            Ok(Some(by_task))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        methods.add_meta_method(MetaMethod::Len, |_, this, ()| Ok(this.0.tasks.len()));
        methods.add_meta_function(MetaMethod::Add, |_, (a, b): (Value, Value)| {
            match (object::take::<Tasks>(&a), object::take::<Tasks>(&b)) {
                (Some(left), Some(right)) => Ok(Tasks(Rc::new(left.0.join(&right.0)?))),
                (left, _) => {
                    let other = kind(if left.is_some() { &b } else { &a });
                    Err(Error::new(format!("tasks are added to tasks, not to a {other}"))
                        .hint("compt.tasks(...) + compt.tasks(...)")
                        .into())
                }
            }
        });
        let mut methods = call::methods(methods);
        methods.add_method("size", |_, this, (task, split): (Value, String)| {
            Ok(this.0.split(this.place(&task)?, Split::parse(&split)?).len())
        });
        // The names of a task's scores, its main one first.
        methods.add_method("metrics", |_, this, task: Value| {
            let metrics = &this.0.tasks[this.place(&task)?].metrics;
            Ok(metrics.iter().flat_map(Metric::scores).collect::<Vec<_>>())
        });
        methods.add_method("rows", |lua, this, (task, split): (Value, String)| {
            let rows = this.0.split(this.place(&task)?, Split::parse(&split)?).iter();
            lua.create_sequence_from(
                rows.map(|row| {
                    let table = lua.create_table()?;
                    table.set("source", row.source.as_str())?;
                    table.set("target", row.target.as_str())?;
                    if !row.references.is_empty() {
                        table.set("references", row.references.as_slice())?;
                    }
                    Ok(table)
                })
                .collect::<mlua::Result<Vec<Table>>>()?,
            )
        });
    }
}

impl Tasks {
    /// The index, from 0, of a task by name or number from 1.
    fn place(&self, task: &Value) -> crate::Result<usize> {
        let names: Vec<String> = self.0.names().into_iter().map(String::from).collect();
        index(task, "task", &names)
    }
}
