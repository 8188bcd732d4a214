//! `compt.prompt_bank { ... }`: shared source prompts and one private prompt per task.

use super::{LuaBackbone, index};
use crate::object::{self, Object};
use crate::options::Options;
use crate::rich::html;
use crate::torch::{LuaTensor, TensorArg, leaves};
use crate::{Error, call, data};
use compt_base::options::Variant;
use compt_core::prompt::{BankOptions, EncoderKind, Init, Material, PromptBank};
use compt_core::tensor::device;
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A bank shared by the script and its trainer.
#[derive(Clone)]
pub struct LuaBank {
    pub bank: Rc<PromptBank>,
    pub length: i64,
    pub private_length: i64,
    pub dim: i64,
}

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("prompt_bank", call::function(lua, "compt.prompt_bank", bank)?)
}

/// Options: `compt.BankOptions` in `stdlib/doc`.
fn bank(lua: &Lua, options: Value) -> mlua::Result<LuaBank> {
    let o = Options::new("compt.prompt_bank", options)?;
    let tasks: Vec<String> = o.need(lua, "tasks")?;
    let sources: usize = o.get_or(lua, "sources", 0)?;
    let length: i64 = o.get_or(lua, "length", 20)?;
    let private_length: i64 = o.get_or(lua, "private_length", length)?;
    let encoder: Value = o.get_or(lua, "encoder", Value::Nil)?;
    let init: Value = o.get_or(lua, "init", Value::Nil)?;
    let backbone: Option<LuaBackbone> = o.object(lua, "backbone")?;
    let dim: Option<i64> = o.get(lua, "d_model")?;
    let on: String = o.get_or(lua, "device", "cpu".into())?;
    o.finish()?;
    let backbone = backbone.as_ref().map(|backbone| backbone.0.borrow());
    let material = match (&backbone, dim) {
        (Some(backbone), _) => Material::of(backbone),
        (None, Some(dim)) => {
            let device = device::parse(&on)?;
            Material { dim, device, vocabulary: None, tokenizer: None }
        }
        (None, None) => {
            return Err(Error::new("needs 'backbone' or 'd_model'").at("compt.prompt_bank").into());
        }
    };
    let bank = PromptBank::new(&BankOptions {
        tasks: &tasks,
        sources,
        length,
        private_length,
        init: read_init(lua, &init, &material)?,
        encoder: read_encoder(&encoder)?,
        material,
    })?;
    Ok(LuaBank::new(lua, Rc::new(bank), length, private_length, material.dim))
}

/// "mlp" | "lstm" | "none", or { kind, activation = "gelu", residual = false }.
fn read_encoder(value: &Value) -> mlua::Result<EncoderKind> {
    let value = match data::plain(value).map_err(|e| e.at("encoder"))? {
        serde_json::Value::Null => return Ok(EncoderKind::default()),
        value => value,
    };
    Ok(EncoderKind::read(&Variant::read(&value, "encoder", Some(EncoderKind::DEFAULT))?)?)
}

/// The initial values of prompts in a method or an option: plain data (`Init::read`), or
/// { kind = "given", value = tensor [m, d] }.
pub fn read_init(lua: &Lua, value: &Value, material: &Material) -> mlua::Result<Init> {
    if let Some(init) = given_init(lua, value)? {
        return Ok(init);
    }
    let value = match data::plain(value).map_err(|e| e.at("init"))? {
        serde_json::Value::Null => return Ok(Init::default()),
        value => value,
    };
    Ok(Init::read(&Variant::read(&value, "init", None)?, material)?)
}

/// An initial prompt passed as a tensor, which is not plain data.
pub fn given_init(lua: &Lua, value: &Value) -> mlua::Result<Option<Init>> {
    let Value::Table(table) = value else { return Ok(None) };
    if !matches!(table.get("kind")?, Value::String(kind) if kind == "given") {
        return Ok(None);
    }
    let o = Options::new("init", value.clone())?;
    let _: String = o.need(lua, "kind")?;
    let init = Init::Given(o.need::<TensorArg>(lua, "value")?.tensor()?);
    o.finish()?;
    Ok(Some(init))
}

impl LuaBank {
    pub fn new(
        lua: &Lua,
        bank: Rc<PromptBank>,
        length: i64,
        private_length: i64,
        dim: i64,
    ) -> Self {
        let weak = Rc::downgrade(&bank);
        leaves::of_object(lua, move || Some(weak.upgrade()?.parameters()));
        LuaBank { bank, length, private_length, dim }
    }
}

impl Object for LuaBank {
    const NAME: &'static str = "prompt_bank";
    const CLASS: &'static str = "compt.PromptBank";
    const MADE_BY: &'static str = "compt.prompt_bank { ... }";

    /// One line per prompt: its shape and the norms of its rows.
    fn summary(&self, _: bool) -> mlua::Result<String> {
        let lines = self.norms()?;
        let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let mut text = self.headline();
        for (name, shape, [low, mean, high]) in lines {
            text.push_str(&format!(
                "\n  {name:width$}  [{}, {}]  row norms {low:.3} .. {mean:.3} .. {high:.3}",
                shape[0], shape[1]
            ));
        }
        Ok(text)
    }

    fn html(&self) -> mlua::Result<Option<String>> {
        let row = |(name, shape, norms): Norms| {
            let norms = norms.map(|norm| format!("{norm:.3}"));
            [vec![name, format!("{shape:?}")], norms.to_vec()].concat()
        };
        let rows: Vec<Vec<String>> = self.norms()?.into_iter().map(row).collect();
        let head = ["prompt", "shape", "lowest row norm", "mean", "highest"];
        Ok(Some(html::table(&self.headline(), &head, &rows, 2)))
    }
}

/// The name and the shape of a prompt, and the lowest, mean and highest norm of its rows.
type Norms = (String, Vec<i64>, [f64; 3]);

impl LuaBank {
    fn headline(&self) -> String {
        let count = self.bank.tasks().len();
        format!("prompt_bank({} source prompts, {count} private prompts)", self.bank.source_count())
    }

    fn norms(&self) -> mlua::Result<Vec<Norms>> {
        let number = |t: std::result::Result<Tensor, tch::TchError>| {
            t.and_then(|t| t.f_double_value(&[])).map_err(Error::from)
        };
        let mut found = Vec::new();
        for (name, prompt) in self.bank.materialise()? {
            let norms = prompt.f_norm_scalaropt_dim(2.0, -1, false).map_err(Error::from)?;
            let three = [norms.f_min(), norms.f_mean(Kind::Float), norms.f_max()];
            let [low, mean, high] = three.map(number);
            found.push((name, prompt.size(), [low?, mean?, high?]));
        }
        Ok(found)
    }
}

impl UserData for LuaBank {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("length", |_, this| Ok(this.length));
        fields.add_field_method_get("private_length", |_, this| Ok(this.private_length));
        fields.add_field_method_get("d_model", |_, this| Ok(this.dim));
        fields.add_field_method_get("sources", |_, this| Ok(this.bank.source_count()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.bank.tasks().to_vec()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        // The i-th source prompt, from 1 (`src0` is source 1), encoded: [m, d].
        methods.add_method("source", |_, this, which: Value| {
            let names: Vec<String> =
                (0..this.bank.source_count()).map(|i| format!("src{i}")).collect();
            let i = index(&which, "source prompt", &names)?;
            Ok(LuaTensor::new(this.bank.source(i)?.encoded()?))
        });
        methods.add_method("private", |_, this, task: Value| {
            let i = index(&task, "task", this.bank.tasks())?;
            Ok(LuaTensor::new(this.bank.private(&this.bank.tasks()[i])?.encoded()?))
        });
        methods.add_method("parameters", |lua, this, ()| {
            let table = lua.create_table()?;
            for (name, tensor) in this.bank.parameters() {
                table.set(name, LuaTensor::new(tensor))?;
            }
            Ok(table)
        });
    }
}
