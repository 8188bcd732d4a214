//! `compt.backbone(name_or_folder, { dtype, device })`

use super::task_text::beams;
use super::{LuaTokenizer, ids};
use crate::call;
use crate::object::{self, Object};
use crate::options::{Options, kind};
use crate::session::Session;
use crate::stdlib;
use crate::torch::{LuaTensor, TensorArg};
use crate::{Error, Result};
use compt_base::data::TextDecoding;
use compt_core::backbone::{Backbone, Beams, Encoded, Generate, Generation, LoadedBackbone};
use compt_core::pretrained::{self, Embedded};
use compt_core::tensor::{device, dtype};
use compt_study::hub::{Hub, RepoId, RepoKind, model_files, model_missing};
use mlua::{Lua, LuaSerdeExt, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use tch::Tensor;

/// A backbone shared by the script and its trainers, and whether its name alone identifies it.
#[derive(Clone)]
pub struct LuaBackbone(pub Rc<RefCell<LoadedBackbone>>, pub bool);

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("backbone", call::function(lua, "compt.backbone", load)?)
}

/// A built-in name, a folder, or a T5 configuration table for random weights.
fn load(lua: &Lua, (what, options): (Value, Value)) -> mlua::Result<LuaBackbone> {
    let o = Options::new("compt.backbone", options)?;
    let dtype: String = o.get_or(lua, "dtype", "auto".into())?;
    let on: String = o.get_or(lua, "device", super::default_device(lua))?;
    let trainable: bool = o.get_or(lua, "trainable", false)?;
    let tokenizer: Option<LuaTokenizer> = o.object(lua, "tokenizer")?;
    let seed: Option<i64> = o.get(lua, "seed")?;
    o.finish()?;
    let device = device::parse(&on)?;
    if let Some(seed) = seed {
        tch::manual_seed(seed);
    }
    let backbone = match what {
        Value::Table(config) => {
            let tokenizer = tokenizer.map(|t| t.0.clone());
            let config = lua.from_value(Value::Table(config))?;
            pretrained::random(config, tokenizer, &dtype, device, trainable)
                .map_err(|e| e.at("compt.backbone"))?
        }
        other => {
            let name: String = lua.unpack(other).map_err(|_| {
                Error::new("expected a name, a folder or a table of T5 configuration")
                    .at("compt.backbone")
            })?;
            let plain = tokenizer.is_none() && !trainable;
            let key = (name, dtype, device::name(device));
            if let Some(kept) = Kept::get(lua, &key).filter(|_| plain) {
                return Ok(kept);
            }
            // Freed before the next one is loaded: two may not fit in memory.
            lua.remove_app_data::<Kept>();
            let mut backbone = named(&key.0, &key.1, device, trainable)?;
            // A trainable backbone can have been trained before.
            let named_alone = plain;
            if let Some(tokenizer) = tokenizer {
                backbone.tokenizer = Some(tokenizer.0.clone());
            }
            let backbone = LuaBackbone(Rc::new(RefCell::new(backbone)), named_alone);
            if plain {
                Kept::put(lua, key, &backbone);
            }
            return Ok(backbone);
        }
    };
    Ok(LuaBackbone(Rc::new(RefCell::new(backbone)), false))
}

/// The last frozen backbone loaded in a cell of a grid, with its name, dtype and device: the
/// next cell shares it, because frozen ones do not change.
struct Kept((String, String, String), LuaBackbone);

impl Kept {
    fn get(lua: &Lua, key: &(String, String, String)) -> Option<LuaBackbone> {
        let kept = lua.app_data_ref::<Kept>()?;
        (kept.0 == *key).then(|| kept.1.clone())
    }

    fn put(lua: &Lua, key: (String, String, String), backbone: &LuaBackbone) {
        let in_cell = lua.app_data_ref::<Session>().is_some_and(|session| session.cell.is_some());
        if in_cell {
            lua.set_app_data(Kept(key, backbone.clone()));
        }
    }
}

/// The backbone itself, or if it is frozen a trainable copy.
pub fn thawed(backbone: &LuaBackbone) -> Result<LuaBackbone> {
    let copy = {
        let b = backbone.0.borrow();
        if b.model.is_trainable() {
            return Ok(backbone.clone());
        }
        if b.fingerprint()?.is_none() {
            return Err(Error::new(
                "this method trains the backbone, and this one has random weights",
            )
            .hint("make it trainable: compt.backbone({ ... }, { trainable = true })"));
        }
        let name = match &b.revision {
            Some(revision) => format!("{}@{revision}", b.name),
            None => b.name.clone(),
        };
        let mut copy = named(&name, dtype::name(b.model.kind()), b.model.device(), true)?;
        copy.tokenizer = b.tokenizer.clone();
        copy
    };
    Ok(LuaBackbone(Rc::new(RefCell::new(copy)), backbone.1))
}

/// A backbone of the library (`stdlib/NAME/backbone`), a folder, or a model on the Hub.
pub fn named(
    name: &str,
    dtype: &str,
    device: tch::Device,
    trainable: bool,
) -> Result<LoadedBackbone> {
    let file = |part: &str| stdlib::file(&format!("{name}/backbone/{part}"));
    let (Some(config), Some(weights), Some(tokenizer)) =
        (file("config.json"), file("model.safetensors"), file("tokenizer.json"))
    else {
        let folder = Path::new(name);
        return match hub_id(name) {
            Some(model) if !folder.exists() => from_hub(name, &model, dtype, device, trainable),
            _ => pretrained::load(folder, dtype, device, trainable),
        };
    };
    let config = String::from_utf8_lossy(&config);
    let files = Embedded { config: &config, weights: &weights, tokenizer: &tokenizer };
    pretrained::embedded(name, files, dtype, device, trainable)
}

/// `org/name`, `org/name@revision`, and names like `t5-base`; an existing folder takes precedence.
fn hub_id(name: &str) -> Option<RepoId> {
    let id = RepoId::parse(name).ok().filter(|id| id.kind == RepoKind::Model)?;
    id.name.contains('/').then_some(id)
}

fn from_hub(
    name: &str,
    model: &RepoId,
    dtype: &str,
    device: tch::Device,
    trainable: bool,
) -> Result<LoadedBackbone> {
    let no_folder = |e: Error| e.at(format!("there is no folder '{name}'; as a model of the hub"));
    let found = Hub::from_env()?.get(model, model_files, model_missing).map_err(no_folder)?;
    let mut backbone = pretrained::load(&found.folder, dtype, device, trainable)?;
    backbone.name = model.name.clone();
    backbone.revision = Some(found.commit);
    Ok(backbone)
}

/// The model's input from the arguments of a call, encoded.
struct Input {
    encoded: Encoded,
}

impl Object for LuaBackbone {
    const NAME: &'static str = "backbone";
    const CLASS: &'static str = "compt.Backbone";
    const MADE_BY: &'static str = "compt.backbone(...)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        let b = self.0.borrow();
        let c = b.model.model_config();
        Ok(format!(
            "backbone({}: d_model {}, {}+{} layers, {} heads, {} ids, {} on {}, {})",
            b.name,
            c.d_model,
            c.num_layers,
            c.num_decoder_layers,
            c.num_heads,
            c.vocab_size,
            dtype::name(b.model.kind()),
            device::name(b.model.device()),
            if b.model.is_trainable() { "trainable" } else { "frozen" }
        ))
    }
}

impl UserData for LuaBackbone {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("name", |_, this| Ok(this.0.borrow().name.clone()));
        fields.add_field_method_get("config", |lua, this| {
            lua.to_value(&this.0.borrow().model.config_json())
        });
        fields.add_field_method_get("d_model", |_, this| {
            Ok(this.0.borrow().model.model_config().d_model)
        });
        fields.add_field_method_get("vocab_size", |_, this| {
            Ok(this.0.borrow().model.model_config().vocab_size)
        });
        fields
            .add_field_method_get("dtype", |_, this| Ok(dtype::name(this.0.borrow().model.kind())));
        fields.add_field_method_get("device", |_, this| {
            Ok(device::name(this.0.borrow().model.device()))
        });
        fields.add_field_method_get("tokenizer", |_, this| {
            Ok(this.0.borrow().tokenizer.clone().map(LuaTokenizer))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("embed", |_, this, ids: TensorArg| {
            let b = this.0.borrow();
            let ids = ids::whole(ids, "ids").map_err(|e| e.at("backbone:embed"))?;
            Ok(LuaTensor::new(embedded(&*b.model, &ids)?))
        });
        methods.add_method("encode", |lua, this, options: Value| {
            let o = Options::new("backbone:encode", options)?;
            let input = this.input(lua, &o, 0.0)?;
            o.finish()?;
            let width = input.encoded.layout.longest();
            Ok(LuaTensor::new(input.encoded.layout.unpack(&input.encoded.states, width)?))
        });
        methods.add_method("forward", |lua, this, options: Value| this.forward(lua, options));
        methods.add_method("generate", |lua, this, options: Value| this.generate(lua, options));
        methods.add_method("parameters", |lua, this, ()| {
            let table = lua.create_table()?;
            for (name, tensor) in this.0.borrow().model.parameters() {
                table.set(name, LuaTensor::new(tensor.shallow_clone()))?;
            }
            Ok(table)
        });
        methods.add_method("save", |_, this, folder: String| {
            Ok(this.0.borrow().save(Path::new(&folder))?)
        });
    }
}

impl LuaBackbone {
    /// `{ loss, logits }`: logits `[B, T, vocabulary]`; the loss is the mean over the labels that
    /// are not -100.
    fn forward(&self, lua: &Lua, options: Value) -> mlua::Result<Table> {
        let o = Options::new("backbone:forward", options)?;
        let labels: Option<TensorArg> = o.get(lua, "labels")?;
        let decoder_ids: Option<TensorArg> = o.get(lua, "decoder_input_ids")?;
        let dropout: f64 = o.get_or(lua, "dropout", 0.0)?;
        let input = self.input(lua, &o, dropout)?;
        o.finish()?;
        let o_error = |e: Error| -> mlua::Error { e.at("backbone:forward").into() };
        let b = self.0.borrow();
        let rows = input.encoded.layout.order.len() as i64;
        let on_device = |ids: Result<Tensor>| -> mlua::Result<Tensor> {
            let ids = ids.map_err(o_error)?;
            Ok(ids.f_to_device(b.model.device()).map_err(Error::from)?)
        };
        let vocabulary = b.model.model_config().vocab_size;
        let labels =
            labels.map(|labels| on_device(ids::labels(labels, rows, vocabulary))).transpose()?;
        let inputs = match (decoder_ids, &labels) {
            (Some(given), labels) => {
                let given = ids::of_rows(given, "'decoder_input_ids'", rows);
                let given = given.and_then(|ids| b.model.check_ids(&ids).map(|()| ids));
                let given = on_device(given)?;
                if let Some(labels) = labels.as_ref().filter(|labels| labels.size() != given.size())
                {
                    let (own, other) = (given.size(), labels.size());
                    let what = format!("'decoder_input_ids' are {own:?} and 'labels' {other:?}");
                    return Err(o_error(Error::new(what)));
                }
                given
            }
            (None, Some(labels)) => b.model.shift_right(labels)?,
            (None, None) => {
                return Err(Error::new("needs 'labels' or 'decoder_input_ids'")
                    .at("backbone:forward")
                    .into());
            }
        };
        let logits = b.model.decode(&input.encoded, &inputs, dropout)?.logits;
        let out = lua.create_table()?;
        if let Some(labels) = labels {
            let loss = b.model.token_losses(&logits, &labels)?.mean()?;
            out.set("loss", LuaTensor::new(loss))?;
        }
        out.set("logits", LuaTensor::new(logits))?;
        Ok(out)
    }

    /// `{ ids, text }`: one list per row, without the start token and padding.
    fn generate(&self, lua: &Lua, options: Value) -> mlua::Result<Table> {
        let o = Options::new("backbone:generate", options)?;
        let max_new_tokens = o.get_or(lua, "max_new_tokens", 20)?;
        let text = beams(lua, &o)?;
        TextDecoding { max_new_tokens: Some(max_new_tokens), ..text }
            .check()
            .map_err(|e| o.error_of(e))?;
        let min_new_tokens = text.min_new_tokens.unwrap_or(0);
        let generation = Generation { max_new_tokens, min_new_tokens };
        let default = Beams::default();
        let beams = Beams {
            num_beams: text.num_beams.unwrap_or(1),
            length_penalty: text.length_penalty.unwrap_or(default.length_penalty),
            early_stopping: text.early_stopping.unwrap_or(default.early_stopping),
        };
        let input = tch::no_grad(|| self.input(lua, &o, 0.0))?;
        o.finish()?;
        let b = self.0.borrow();
        let ids = match beams.num_beams {
            1 => b.model.greedy(&input.encoded, generation)?,
            _ => b.model.beam_search(&input.encoded, generation, beams)?,
        };
        let out = lua.create_table()?;
        if let Some(tokenizer) = &b.tokenizer {
            let text = ids.iter().map(|ids| tokenizer.decode(ids)).collect::<Result<Vec<_>>>()?;
            out.set("text", text)?;
        }
        out.set("ids", ids)?;
        Ok(out)
    }

    /// Reads `input_ids`, `inputs_embeds` or `text`, with `attention_mask`, and encodes.
    fn input(&self, lua: &Lua, o: &Options, dropout: f64) -> mlua::Result<Input> {
        self.0.borrow_mut().model.refresh()?;
        let ids: Option<Value> = o.get(lua, "input_ids")?;
        let embeds: Option<LuaTensor> = o.get(lua, "inputs_embeds")?;
        let text: Option<Value> = o.get(lua, "text")?;
        let mask: Option<TensorArg> = o.get(lua, "attention_mask")?;
        let b = self.0.borrow();
        let given = [ids.is_some(), embeds.is_some(), text.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            return Err(o.error("needs one of 'input_ids', 'inputs_embeds' and 'text'".into()));
        }
        let (embeds, own_mask) = if let Some(embeds) = embeds {
            let embeds = embeds.get()?;
            if embeds.numel() == 0 {
                return Err(o.error("option 'inputs_embeds' is empty: nothing to encode".into()));
            }
            (embeds.f_to_device(b.model.device()).map_err(Error::from)?, None)
        } else if let Some(ids) = ids {
            let (ids, mask) = ids::rows_of_ids(lua, ids, b.model.model_config().pad_token_id)?;
            if ids.numel() == 0 {
                return Err(o.error("option 'input_ids' holds no ids: nothing to encode".into()));
            }
            (embedded(&*b.model, &ids)?, mask)
        } else {
            let texts: Vec<String> = match text {
                Some(Value::String(one)) => vec![one.to_str()?.to_string()],
                Some(many) => texts(lua, o, many)?,
                None => unreachable!("one of the three is given"),
            };
            let rows = b.need_tokenizer()?.encode_batch(&texts)?;
            let (ids, mask) = ids::pad(&rows, b.model.model_config().pad_token_id)?;
            (embedded(&*b.model, &ids)?, Some(mask))
        };
        let mask = match mask {
            Some(mask) => Some(ids::mask(mask).map_err(|e| o.error_of(e))?),
            None => own_mask,
        };
        let cost = b.model.group_cost();
        let encoded = b.model.encode_padded(&embeds, mask.as_ref(), cost, dropout)?;
        Ok(Input { encoded })
    }
}

/// The embeddings of a script's ids.
fn embedded(model: &dyn Backbone, ids: &Tensor) -> Result<Tensor> {
    model.check_ids(ids)?;
    model.embed(&ids.f_to_device(model.device())?)
}

/// A list of at least one text.
fn texts(lua: &Lua, o: &Options, given: Value) -> mlua::Result<Vec<String>> {
    let wrong = |what: &str| {
        o.error(format!("option 'text' must be a string or a list of strings, {what}"))
    };
    let Value::Table(list) = &given else {
        return Err(wrong(&format!("got a {}", kind(&given))));
    };
    for (i, text) in list.sequence_values::<Value>().enumerate() {
        let text = text?;
        if !text.is_string() {
            return Err(wrong(&format!("and element {} is a {}", i + 1, kind(&text))));
        }
    }
    match list.raw_len() {
        0 => Err(wrong("got an empty one: there is nothing to encode")),
        _ => lua.unpack(given.clone()),
    }
}
