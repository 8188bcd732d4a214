//! A prompt in a script.

use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::torch::LuaTensor;
use compt_run::exchange::peft::{self, Export, PeftType};
use compt_run::exchange::{self, Prompt};
use mlua::{Lua, UserData, UserDataFields, UserDataMethods, Value};
use std::path::Path;
use std::rc::Rc;

/// A prompt and its description.
#[derive(Clone)]
pub struct LuaPrompt(Rc<Prompt>);

impl LuaPrompt {
    pub fn new(prompt: Prompt) -> Self {
        LuaPrompt(Rc::new(prompt))
    }

    /// The prompt itself; the tensor is shared.
    pub fn copy(&self) -> Prompt {
        let p = &self.0;
        Prompt { name: p.name.clone(), value: p.value.shallow_clone(), note: p.note.clone() }
    }

    fn export(&self, lua: &Lua, folder: &str, options: Value) -> mlua::Result<()> {
        const CALL: &str = "prompt:export_peft";
        let o = Options::new(CALL, options)?;
        let how = export_options(lua, &o)?;
        let kind: String = o.get_or(lua, "type", PeftType::OF_ONE[0].into())?;
        o.finish()?;
        let kind = PeftType::of_one(&kind).map_err(|e| e.at(CALL))?;
        Ok(peft::write(Path::new(folder), &self.0, kind, how)?)
    }
}

/// `force` and `overwrite`.
pub fn export_options(lua: &Lua, o: &Options) -> mlua::Result<Export> {
    Ok(Export {
        force: o.get_or(lua, "force", false)?,
        overwrite: o.get_or(lua, "overwrite", false)?,
    })
}

impl Object for LuaPrompt {
    const NAME: &'static str = "prompt";
    const CLASS: &'static str = "compt.Prompt";
    const MADE_BY: &'static str = "prompts:get(...)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        let p = &self.0;
        let placement = p.note.placement.as_ref().map(|placement| format!(", {placement}"));
        let backbone = p.note.backbone_name().map(|name| format!(", for {name}"));
        let [low, mean, high] = exchange::compare::row_norms(p)?;
        Ok(format!(
            "prompt({}: [{}, {}]{}{}, row norms {low:.3} .. {mean:.3} .. {high:.3})",
            p.name,
            p.length(),
            p.d_model(),
            placement.unwrap_or_default(),
            backbone.unwrap_or_default(),
        ))
    }
}

impl UserData for LuaPrompt {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("name", |_, this| Ok(this.0.name.clone()));
        fields.add_field_method_get("value", |_, this| {
            Ok(LuaTensor::new(this.0.value.shallow_clone()))
        });
        fields.add_field_method_get("length", |_, this| Ok(this.0.length()));
        fields.add_field_method_get("d_model", |_, this| Ok(this.0.d_model()));
        fields.add_field_method_get("placement", |_, this| Ok(this.0.note.placement.clone()));
        fields.add_field_method_get("backbone", |_, this| {
            Ok(this.0.note.backbone_name().map(String::from))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("export_peft", |lua, this, (folder, options): (String, Value)| {
            this.export(lua, &folder, options)
        });
        methods.add_method("save", |_, this, path: String| {
            Ok(exchange::save(Path::new(&path), &[this.copy()])?)
        });
    }
}
