//! `compt.prompt_bank { ... }`: shared source prompts and one private prompt a task.

use super::{LuaBackbone, index};
use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::torch::{LuaTensor, TensorArg, leaves};
use crate::{Error, Result};
use compt_core::data::Tokenizer;
use compt_core::nn::Activation;
use compt_core::prompt::{BankOptions, EncoderKind, Init, Prompt, PromptBank, Rest};
use compt_core::tensor::device;
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// A bank shared by the script and its trainer.
#[derive(Clone)]
pub struct LuaBank {
    pub bank: Rc<PromptBank>,
    pub length: i64,
    pub private_length: i64,
    pub dim: i64,
}

/// The shape of a bank, whoever asks for one.
pub struct Shape {
    pub tasks: Vec<String>,
    pub sources: usize,
    pub length: i64,
    pub private_length: i64,
}

/// What prompts are made of besides their shape: the backbone's width and vocabulary.
pub struct Material<'a> {
    pub dim: i64,
    pub device: Device,
    pub vocabulary: Option<&'a Tensor>,
    pub tokenizer: Option<&'a Tokenizer>,
}

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("prompt_bank", call::function(lua, "compt.prompt_bank", bank)?)
}

/// Options: `compt.BankOptions` in `stdlib/doc`.
fn bank(lua: &Lua, options: Value) -> mlua::Result<LuaBank> {
    let o = Options::new("compt.prompt_bank", options)?;
    let length: i64 = o.get_or(lua, "length", 20)?;
    let shape = Shape {
        tasks: o.need(lua, "tasks")?,
        sources: o.get_or(lua, "sources", 0)?,
        length,
        private_length: o.get_or(lua, "private_length", length)?,
    };
    let encoder: Value = o.get_or(lua, "encoder", Value::Nil)?;
    let init: Value = o.get_or(lua, "init", Value::Nil)?;
    let backbone: Option<LuaBackbone> = o.object(lua, "backbone")?;
    let dim: Option<i64> = o.get(lua, "d_model")?;
    let on: String = o.get_or(lua, "device", "cpu".into())?;
    o.finish()?;
    match (backbone, dim) {
        (Some(backbone), _) => {
            let b = backbone.0.borrow();
            let material = Material {
                dim: b.model.model_config().d_model,
                device: b.model.device(),
                vocabulary: Some(b.model.embedding()),
                tokenizer: b.tokenizer.as_deref(),
            };
            make(lua, shape, &encoder, &init, &material)
        }
        (None, Some(dim)) => {
            let device = device::parse(&on)?;
            let material = Material { dim, device, vocabulary: None, tokenizer: None };
            make(lua, shape, &encoder, &init, &material)
        }
        (None, None) => {
            Err(Error::new("needs 'backbone' or 'd_model'").at("compt.prompt_bank").into())
        }
    }
}

/// Makes a bank from an `encoder` and an `init` as a method gives them.
pub fn make(
    lua: &Lua,
    shape: Shape,
    encoder: &Value,
    init: &Value,
    material: &Material,
) -> mlua::Result<LuaBank> {
    let options = BankOptions {
        tasks: &shape.tasks,
        sources: shape.sources,
        length: shape.length,
        private_length: shape.private_length,
        dim: material.dim,
        source_init: read_init(lua, init, material)?,
        private_init: read_init(lua, init, material)?,
        encoder: read_encoder(lua, encoder)?,
        vocabulary: material.vocabulary,
        device: material.device,
    };
    let bank = Rc::new(PromptBank::new(&options)?);
    let weak = Rc::downgrade(&bank);
    leaves::of_object(lua, move || Some(weak.upgrade()?.parameters()));
    Ok(LuaBank {
        bank,
        length: shape.length,
        private_length: shape.private_length,
        dim: material.dim,
    })
}

/// A prompt `[rows, d]` as an `init` of a method says it begins.
pub fn initial(lua: &Lua, rows: i64, init: &Value, material: &Material) -> mlua::Result<Tensor> {
    if rows < 1 {
        return Err(Error::new(format!("a prompt needs a row or more, not {rows}")).into());
    }
    let init = read_init(lua, init, material)?;
    let (none, vocabulary) = (EncoderKind::None, material.vocabulary);
    let prompt = Prompt::new(rows, material.dim, &init, none, vocabulary, material.device)?;
    Ok(prompt.encoded()?.f_detach().map_err(Error::from)?)
}

/// "mlp" | "lstm" | "none", or { kind, activation = "gelu", residual = false }.
fn read_encoder(lua: &Lua, value: &Value) -> mlua::Result<EncoderKind> {
    let (kind, activation, residual) = match value {
        Value::Nil => return Ok(EncoderKind::default()),
        Value::String(name) => (name.to_str()?.to_string(), "gelu".to_string(), false),
        table => {
            let o = Options::new("encoder", table.clone())?;
            let kind: String = o.get_or(lua, "kind", "mlp".into())?;
            let activation: String = o.get_or(lua, "activation", "gelu".into())?;
            let residual: bool = o.get_or(lua, "residual", false)?;
            o.finish()?;
            (kind, activation, residual)
        }
    };
    Ok(EncoderKind::parse(&kind, Activation::parse(&activation)?, residual)?)
}

/// "uniform" | "vocabulary", or { kind = "uniform", bound = 0.5 }, { kind = "vocabulary",
/// first = 5000 }, { kind = "text", text = , rest = "tile" | "sample" }, { kind = "labels",
/// labels = { words }, rest = }, { kind = "given", value = tensor [m, d] }.
fn read_init(lua: &Lua, value: &Value, material: &Material) -> mlua::Result<Init> {
    let o = match value {
        Value::Nil => return Ok(Init::default()),
        Value::String(name) => {
            let table = lua.create_table()?;
            table.set("kind", name)?;
            Options::new("init", Value::Table(table))?
        }
        table => Options::new("init", table.clone())?,
    };
    let kind: String = o.need(lua, "kind")?;
    let init = match kind.as_str() {
        "uniform" => Init::Uniform { bound: o.get_or(lua, "bound", 0.5)? },
        "vocabulary" => Init::Vocabulary { first: o.get_or(lua, "first", 5000)? },
        "text" => {
            let text: String = o.need(lua, "text")?;
            Init::text(&pieces(material, &text)?, rest(lua, &o)?)
        }
        "labels" => {
            let words: Vec<String> = o.need(lua, "labels")?;
            let rows = words.iter().map(|word| pieces(material, word)).collect::<Result<_>>()?;
            Init::labels(rows, rest(lua, &o)?)
        }
        "given" => Init::Given(o.need::<TensorArg>(lua, "value")?.tensor()?),
        _ => {
            let known = ["uniform", "vocabulary", "text", "labels", "given"];
            return Err(Error::unknown("init", &kind, known).into());
        }
    };
    o.finish()?;
    Ok(init)
}

/// The ids of a text without the closing `</s>`.
fn pieces(material: &Material, text: &str) -> Result<Vec<i64>> {
    let tokenizer = material.tokenizer.ok_or_else(|| {
        Error::new("starting from text needs a backbone with a tokenizer").at("init")
    })?;
    let mut ids = tokenizer.encode(text)?;
    ids.pop();
    Ok(ids)
}

fn rest(lua: &Lua, o: &Options) -> mlua::Result<Rest> {
    let name: String = o.get_or(lua, "rest", "sample".into())?;
    let first: i64 = o.get_or(lua, "first", 5000)?;
    match name.as_str() {
        "sample" => Ok(Rest::Sample { first }),
        "tile" => Ok(Rest::Tile),
        _ => Err(Error::unknown("'rest'", &name, ["sample", "tile"]).into()),
    }
}

impl Object for LuaBank {
    const NAME: &'static str = "prompt_bank";
    const CLASS: &'static str = "compt.PromptBank";
    const MADE_BY: &'static str = "compt.prompt_bank { ... }";

    /// A line a prompt: its shape and how long its rows are.
    fn summary(&self, _: bool) -> mlua::Result<String> {
        let count = self.bank.tasks().len();
        let mut text = format!(
            "prompt_bank({} source prompts, {count} private prompts)",
            self.bank.source_count()
        );
        let prompts = self.bank.materialise()?;
        let width = prompts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, prompt) in prompts {
            let norms = prompt.f_norm_scalaropt_dim(2.0, -1, false).map_err(Error::from)?;
            let number = |t: std::result::Result<Tensor, tch::TchError>| {
                t.and_then(|t| t.f_double_value(&[])).map_err(Error::from)
            };
            let (low, mean, high) = (
                number(norms.f_min())?,
                number(norms.f_mean(Kind::Float))?,
                number(norms.f_max())?,
            );
            let shape = prompt.size();
            text.push_str(&format!(
                "\n  {name:width$}  [{}, {}]  row norms {low:.3} .. {mean:.3} .. {high:.3}",
                shape[0], shape[1]
            ));
        }
        Ok(text)
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
