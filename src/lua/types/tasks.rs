//! `compt.tasks(name or definitions, options)`

use super::task_definition::{Place, definition, missing};
use super::{LuaTokenizer, index};
use crate::Error;
use crate::data::{Per, Plan, Split, TaskSet};
use crate::lua::object::{self, Object};
use crate::lua::options::Options;
use crate::lua::stdlib;
use crate::notice;
use mlua::{
    FromLua, Function, Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, Value,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

const CALL: &str = "compt.tasks";

/// The tasks of a study, shared with its trainer.
#[derive(Clone)]
pub struct Tasks(pub Rc<TaskSet>);

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set(
        "tasks",
        object::function(lua, CALL, |lua, (what, options)| tasks(lua, what, options))?,
    )
}

/// `what` is a task set of `stdlib/tasks`, a single task of one, or a table name -> definition (see
/// `task_definition`); options: `compt.TasksOptions` in `stdlib/doc`.
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
        validation_size: o.get(lua, "validation_size")?,
        max_test: o.get(lua, "max_test")?,
    };
    let tokenizer: Option<LuaTokenizer> = o.object(lua, "tokenizer")?;
    let most: usize = o.get_or(lua, "max_source_length", 256)?;
    o.finish()?;

    let (name, catalog, folder) = match what {
        Value::String(name) => {
            let name = name.to_str()?.to_string();
            let catalog = find(lua, &name, &options)?;
            (name, catalog, None)
        }
        Value::Table(definitions) => {
            ("custom".to_string(), Catalog::custom(definitions)?, script_folder(lua))
        }
        other => {
            return Err(Error::new(format!(
                "expected a name or a table of tasks, got a {}",
                other.type_name()
            ))
            .at(CALL)
            .into());
        }
    };
    if let Some(data) = data.as_ref().filter(|data| !data.is_dir()) {
        let missing = Error::new("there is no such folder").at(data.display());
        return Err(missing.at(format!("{CALL}: data")).into());
    }
    let place = Place { folder: data.or(folder), step, missing };
    let order = wanted.unwrap_or_else(|| catalog.order.clone());
    let definitions = order
        .iter()
        .map(|task| definition(lua, task, catalog.task(task)?, &place))
        .collect::<mlua::Result<_>>()?;
    let mut set = TaskSet::build(&name, definitions, &plan).map_err(|e| e.at(CALL))?;
    tell(&set);
    if let Some(tokenizer) = tokenizer {
        set.measure(&tokenizer.0, most).map_err(|e| e.at(CALL))?;
    }
    Ok(Tasks(Rc::new(set)))
}

/// Says what is to be known of the tasks' rows: each thing once, however often they are read.
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

/// Task definitions by name, and the order they are taken in.
struct Catalog {
    order: Vec<String>,
    tasks: Table,
}

impl Catalog {
    /// Definitions a script gives, in alphabetical order, for a Lua table has none.
    fn custom(tasks: Table) -> mlua::Result<Self> {
        let names = tasks.pairs::<Value, Value>().map(|pair| match pair?.0 {
            Value::String(name) => Ok(name.to_str()?.to_string()),
            _ => Err(Error::new("every task needs a name")
                .at(CALL)
                .hint("write compt.tasks { name = { fields = ... } }")
                .into()),
        });
        let mut order = names.collect::<mlua::Result<Vec<String>>>()?;
        order.sort();
        Ok(Catalog { order, tasks })
    }

    /// What a module of `stdlib/tasks` returned: a table { order, tasks }, or a function of the
    /// options that returns one.
    fn module(lua: &Lua, module: Value, options: &Value) -> mlua::Result<Self> {
        let catalog: Table = match (module, options) {
            (Value::Function(make), Value::Nil) => make.call(lua.create_table()?)?,
            (Value::Function(make), options) => make.call(options)?,
            (table, _) => Table::from_lua(table, lua)?,
        };
        Ok(Catalog { order: catalog.get("order")?, tasks: catalog.get("tasks")? })
    }

    fn task(&self, name: &str) -> mlua::Result<Table> {
        self.tasks.get::<Option<Table>>(name)?.ok_or_else(|| {
            Error::unknown("task", name, self.order.iter().map(String::as_str)).at(CALL).into()
        })
    }
}

/// The catalog of a task set, or that of the first set with a task of this name, alone.
fn find(lua: &Lua, name: &str, options: &Value) -> mlua::Result<Catalog> {
    let require: Function = lua.globals().get("require")?;
    let require = |set: &String| require.call::<Value>(format!("compt.tasks.{set}"));
    let mut known = stdlib::modules_in("tasks");
    if known.iter().any(|set| set == name) {
        return Catalog::module(lua, require(&name.to_string())?, options);
    }
    let mut modules = known.iter().map(require).collect::<mlua::Result<Vec<Value>>>()?;
    // A function may have to make its rows first.
    modules.sort_by_key(Value::is_function);
    for module in modules {
        let catalog = Catalog::module(lua, module, options)?;
        if catalog.order.iter().any(|task| task == name) {
            return Ok(Catalog { order: vec![name.to_string()], ..catalog });
        }
        known.extend(catalog.order);
    }
    known.sort();
    known.dedup();
    Err(Error::unknown("task or task set", name, known.iter().map(String::as_str)).at(CALL).into())
}

/// The folder of the script that called; that of the program where it is no file.
fn script_folder(lua: &Lua) -> Option<PathBuf> {
    let source =
        |level| lua.inspect_stack(level, |debug| debug.source().source.map(|s| s.into_owned()));
    let mut sources = (1..).map_while(source).flatten();
    let script = sources.find(|source| source != "=[C]")?;
    let path = Path::new(script.trim_start_matches(['@', '=']));
    match path.is_file() {
        true => Some(path.parent().unwrap_or(Path::new("")).to_path_buf()),
        // What is typed is in no file.
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
        fields.add_field_method_get("shots", |_, this| Ok(this.0.shots));
        fields.add_field_method_get("per", |_, this| Ok(this.0.per.name()));
        fields.add_field_method_get("seed", |_, this| Ok(this.0.seed));
        // By task, nil where no tokenizer was given.
        fields.add_field_method_get("lengths", |lua, this| {
            let Some(lengths) = &this.0.lengths else { return Ok(None) };
            let by_task = lua.create_table()?;
            for (task, lengths) in this.0.names().into_iter().zip(lengths) {
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
        let methods = &mut object::strict(methods);
        methods.add_method("size", |_, this, (task, split): (Value, String)| {
            Ok(this.0.split(this.place(&task)?, Split::parse(&split)?).len())
        });
        // The names of a task's metrics, its main one first.
        methods.add_method("metrics", |_, this, task: Value| {
            let metrics = &this.0.tasks[this.place(&task)?].metrics;
            Ok(metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>())
        });
        methods.add_method("rows", |lua, this, (task, split): (Value, String)| {
            let rows = this.0.split(this.place(&task)?, Split::parse(&split)?).iter();
            lua.create_sequence_from(
                rows.map(|row| {
                    let table = lua.create_table()?;
                    table.set("source", row.source.as_str())?;
                    table.set("target", row.target.as_str())?;
                    Ok(table)
                })
                .collect::<mlua::Result<Vec<Table>>>()?,
            )
        });
    }
}

impl Tasks {
    /// The place, from 0, of a task named or counted from 1.
    fn place(&self, task: &Value) -> crate::Result<usize> {
        let names: Vec<String> = self.0.names().into_iter().map(String::from).collect();
        index(task, "task", &names)
    }
}
