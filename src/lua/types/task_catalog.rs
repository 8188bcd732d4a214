//! The tasks that a call of `compt.tasks` selects: by name from the library's sets, and by definition.

use crate::Error;
use crate::object;
use crate::options::kind;
use crate::stdlib;
use mlua::{Function, Lua, LuaSerdeExt, Table, Value};

/// The name of the function in messages.
pub const CALL: &str = "compt.tasks";

/// A requested task.
#[derive(Clone)]
pub struct Picked {
    pub name: String,
    /// The library set it belongs to; `None` if the script defines it.
    pub set: Option<String>,
    pub definition: Table,
    /// Whether the task was named itself, not its set.
    is_named: bool,
}

/// The tasks of a call, in order, and their common name.
pub struct Catalog {
    pub name: String,
    pub picked: Vec<Picked>,
}

impl Catalog {
    /// `what`: the name of a set or a task; a list of such names; definitions by name; or both in one
    /// table, the names first.
    pub fn of(lua: &Lua, what: &Value, options: &Value) -> mlua::Result<Catalog> {
        let library = Library { lua, options };
        match what {
            Value::String(name) => {
                let name = name.to_str()?.to_string();
                Ok(Catalog { picked: library.named(&name)?, name })
            }
            Value::Table(table) => library.listed(table),
            other => {
                let what = format!("expected a name or a table of tasks, got a {}", kind(other));
                Err(Error::new(what).at(CALL).into())
            }
        }
    }

    /// Some of the tasks, in this order.
    pub fn only(&self, lua: &Lua, wanted: &[String], options: &Value) -> mlua::Result<Vec<Picked>> {
        let find = |name: &String| {
            let is = |task: &&Picked| match name.split_once('.') {
                Some((set, task_name)) if task.set.as_deref() == Some(set) => {
                    task.name == task_name
                }
                _ => task.name == *name,
            };
            self.picked.iter().find(is).cloned().ok_or_else(|| self.missing(lua, name, options))
        };
        wanted.iter().map(find).collect()
    }

    /// The error for a missing task, which may belong to another set.
    fn missing(&self, lua: &Lua, name: &str, options: &Value) -> mlua::Error {
        let others = Library { lua, options }.sets_with(name).unwrap_or_default();
        let others: Vec<&str> = others.iter().map(|(set, _)| set.as_str()).collect();
        if others.is_empty() {
            let known = self.picked.iter().map(|task| task.name.as_str());
            return Error::unknown("task", name, known).at(CALL).into();
        }
        Error::new(format!("unknown task '{name}' in '{}'", self.name))
            .at(CALL)
            .hint(format!(
                "'{name}' is a task of {}; a list of names takes tasks of several sets: compt.tasks({{ \
                 \"{}\", \"{}.{name}\" }})",
                others.join(" and of "),
                self.name,
                others[0]
            ))
            .into()
    }

    /// Adds tasks. A task that is already present through a set is added once; another task
    /// with its name is an error.
    fn add(&mut self, lua: &Lua, tasks: Vec<Picked>) -> mlua::Result<()> {
        for task in tasks {
            let known = self.picked.iter_mut().find(|known| known.name == task.name);
            match known {
                None => self.picked.push(task),
                Some(known) if known.is_same(lua, &task) && !(known.is_named && task.is_named) => {
                    known.is_named |= task.is_named;
                }
                Some(known) => {
                    let (a, b) = (known.origin(), task.origin());
                    let error =
                        Error::new(format!("task '{}' occurs twice: {a} and {b}", task.name));
                    return Err(error.at(CALL).into());
                }
            }
        }
        Ok(())
    }
}

impl Picked {
    fn origin(&self) -> String {
        self.set.as_ref().map_or("as a definition".into(), |set| format!("as one of '{set}'"))
    }

    /// Whether two entries are the same task.
    fn is_same(&self, lua: &Lua, other: &Picked) -> bool {
        self.definition == other.definition
            || matches!((plain(lua, self), plain(lua, other)), (Some(a), Some(b)) if a == b)
    }
}

/// A definition as data; `None` if it contains a function.
fn plain(lua: &Lua, task: &Picked) -> Option<serde_json::Value> {
    lua.from_value(Value::Table(task.definition.clone())).ok()
}

/// The sets of `stdlib/tasks`. A module there returns { order, tasks }, or { order, make } where
/// `make(name, options)` returns a task's definition.
struct Library<'l> {
    lua: &'l Lua,
    options: &'l Value,
}

impl Library<'_> {
    fn module(&self, set: &str) -> mlua::Result<Table> {
        let require: Function = self.lua.globals().get("require")?;
        require.call(format!("compt.tasks.{set}"))
    }

    fn task(&self, set: &str, module: &Table, name: &str) -> mlua::Result<Picked> {
        let definition = match module.get::<Option<Function>>("make")? {
            None => module.get::<Table>("tasks")?.get(name)?,
            Some(make) => {
                let options = match self.options {
                    Value::Nil => Value::Table(self.lua.create_table()?),
                    given => given.clone(),
                };
                make.call((name, options))?
            }
        };
        let (name, set) = (name.to_string(), Some(set.to_string()));
        Ok(Picked { name, set, definition, is_named: true })
    }

    /// The sets that have a task with this name.
    fn sets_with(&self, name: &str) -> mlua::Result<Vec<(String, Table)>> {
        let mut found = Vec::new();
        for set in stdlib::modules_in("tasks") {
            let module = self.module(&set)?;
            if module.get::<Vec<String>>("order")?.iter().any(|task| task == name) {
                found.push((set, module));
            }
        }
        Ok(found)
    }

    /// The tasks that a name refers to: those of a set, the one of `set.task`, or the one with this
    /// name.
    fn named(&self, name: &str) -> mlua::Result<Vec<Picked>> {
        let sets = stdlib::modules_in("tasks");
        if sets.iter().any(|set| set == name) {
            let module = self.module(name)?;
            let tasks = module.get::<Vec<String>>("order")?;
            let task =
                |task: &String| Ok(Picked { is_named: false, ..self.task(name, &module, task)? });
            return tasks.iter().map(task).collect();
        }
        if let Some((set, task)) = name.split_once('.')
            && sets.iter().any(|known| known == set)
        {
            let module = self.module(set)?;
            let order: Vec<String> = module.get("order")?;
            if !order.iter().any(|known| known == task) {
                let kind = format!("task of '{set}'");
                let others = self.sets_with(task)?;
                if let Some((other, _)) = others.first() {
                    return Err(Error::new(format!("unknown {kind} '{task}'"))
                        .at(CALL)
                        .hint(format!("it is a task of '{other}': \"{other}.{task}\""))
                        .into());
                }
                return Err(Error::unknown(&kind, task, order.iter().map(String::as_str))
                    .at(CALL)
                    .into());
            }
            return Ok(vec![self.task(set, &module, task)?]);
        }
        let found = self.sets_with(name)?;
        let tasks = found.iter().map(|(set, module)| self.task(set, module, name));
        let tasks = tasks.collect::<mlua::Result<Vec<Picked>>>()?;
        match &tasks[..] {
            [] => Err(self.unknown(name, &sets)?.at(CALL).into()),
            [first, rest @ ..] if rest.iter().all(|task| task.is_same(self.lua, first)) => {
                Ok(vec![first.clone()])
            }
            _ => {
                let of: Vec<&str> = found.iter().map(|(set, _)| set.as_str()).collect();
                let full: Vec<String> = of.iter().map(|set| format!("\"{set}.{name}\"")).collect();
                Err(Error::new(format!(
                    "'{name}' is a task of {}",
                    of.join(" and another one of ")
                ))
                .at(CALL)
                .hint(format!("specify one: {}", full.join(" or ")))
                .into())
            }
        }
    }

    fn unknown(&self, name: &str, sets: &[String]) -> mlua::Result<Error> {
        let mut known = sets.to_vec();
        for set in sets {
            known.extend(self.module(set)?.get::<Vec<String>>("order")?);
        }
        known.sort();
        known.dedup();
        Ok(Error::unknown("task or task set", name, known.iter().map(String::as_str)))
    }

    /// A list of names, definitions by name (in alphabetical order, because Lua tables have none), or
    /// both.
    fn listed(&self, table: &Table) -> mlua::Result<Catalog> {
        let mut catalog = Catalog { name: String::new(), picked: Vec::new() };
        let mut names = Vec::new();
        for i in 1..=table.raw_len() {
            let entry: Value = table.raw_get(i)?;
            let Value::String(name) = &entry else {
                return Err(not_a_name(i, &entry).at(CALL).into());
            };
            let name = name.to_str()?.to_string();
            catalog.add(self.lua, self.named(&name)?)?;
            names.push(name);
        }
        let mut defined = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            match pair? {
                (Value::Integer(i), _) if (1..=table.raw_len() as i64).contains(&i) => {}
                (Value::String(name), Value::Table(definition)) => {
                    let name = name.to_str()?.to_string();
                    defined.push(Picked { name, set: None, definition, is_named: true });
                }
                (Value::String(name), other) => {
                    let name = name.to_string_lossy();
                    let what = format!("task '{name}' must be a table, got a {}", kind(&other));
                    return Err(Error::new(what).at(CALL).into());
                }
                _ => {
                    return Err(Error::new("every task needs a name")
                        .at(CALL)
                        .hint("write compt.tasks { name = { fields = ... } }")
                        .into());
                }
            }
        }
        defined.sort_by(|a, b| a.name.cmp(&b.name));
        if !defined.is_empty() || names.is_empty() {
            names.push("custom".to_string());
        }
        catalog.add(self.lua, defined)?;
        catalog.name = names.join("+");
        Ok(catalog)
    }
}

/// The error for an entry of a list that is not a name.
fn not_a_name(i: usize, entry: &Value) -> Error {
    let what = format!("entry {i} is a {}", kind(entry));
    let error = match entry {
        Value::Table(_) => Error::new("every task needs a name"),
        _ => Error::new(format!("{what}, not the name of a task or of a set of tasks")),
    };
    match object::take::<super::Tasks>(entry) {
        Some(_) => error.hint("use a + b to add sets of tasks"),
        None => error.hint("write compt.tasks { \"rte\", \"set2\", name = { fields = ... } }"),
    }
}
