//! A collection of prompts in a script.

use super::LuaPrompt;
use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::{Error, Result};
use compt_run::exchange::{Prompts, peft};
use mlua::{Lua, LuaSerdeExt, MetaMethod, UserData, UserDataFields, UserDataMethods, Value};
use std::path::Path;
use std::rc::Rc;

/// The prompts of one run or one file.
#[derive(Clone)]
pub struct LuaPrompts(Rc<Prompts>);

impl LuaPrompts {
    pub fn new(prompts: Prompts) -> Self {
        LuaPrompts(Rc::new(prompts))
    }

    /// Exports the composed prompts, one per task, to one PEFT folder.
    fn export(&self, lua: &Lua, folder: &str, options: Value) -> mlua::Result<()> {
        let o = Options::new("prompts:export_peft", options)?;
        let how = super::prompt::export_options(lua, &o)?;
        o.finish()?;
        let tasks = self.0.tasks();
        let prompts = tasks.iter().map(|task| self.0.get(task)).collect::<Result<Vec<_>>>()?;
        if prompts.is_empty() {
            return Err(Error::new("there is no prompt of a task").at(&self.0.place).into());
        }
        Ok(peft::write_all(Path::new(folder), &prompts, how)?)
    }
}

impl Object for LuaPrompts {
    const NAME: &'static str = "prompts";
    const CLASS: &'static str = "compt.Prompts";
    const MADE_BY: &'static str = "compt.prompts.load(...)";

    /// One line per prompt: its shape and its score.
    fn summary(&self, _: bool) -> mlua::Result<String> {
        let prompts = self.0.all()?;
        let mut text = format!("prompts({}: {})", self.0.place, prompts.len());
        let width = prompts.iter().map(|prompt| prompt.name.len()).max().unwrap_or(0);
        for prompt in prompts {
            let score = prompt.note.score(&prompt.name);
            let score = score.map_or(String::new(), |score| format!("  score {score:.1}"));
            let (m, d) = (prompt.length(), prompt.d_model());
            text.push_str(&format!("\n  {:width$}  [{m}, {d}]{score}", prompt.name));
        }
        Ok(text)
    }
}

impl UserData for LuaPrompts {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("names", |_, this| Ok(this.0.names()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.0.tasks()));
        fields.add_field_method_get("method", |_, this| Ok(this.0.note.method.clone()));
        fields.add_field_method_get("placement", |_, this| Ok(this.0.note.placement.clone()));
        fields.add_field_method_get("backbone", |_, this| {
            Ok(this.0.note.backbone_name().map(String::from))
        });
        fields.add_field_method_get("scores", |lua, this| lua.to_value(&this.0.note.scores));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        methods.add_meta_method(MetaMethod::Len, |_, this, ()| Ok(this.0.names().len()));
        let mut methods = call::methods(methods);
        methods.add_method("get", |_, this, name: String| Ok(LuaPrompt::new(this.0.get(&name)?)));
        methods.add_method("export_peft", |lua, this, (folder, options): (String, Value)| {
            this.export(lua, &folder, options)
        });
    }
}
