//! `compt.tokenizer(folder)`

use crate::call;
use crate::object::{self, Object};
use compt_base::data::Tokenizer;
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods};
use std::path::Path;
use std::rc::Rc;

/// A tokenizer shared with the backbone that reads its ids.
#[derive(Clone)]
pub struct LuaTokenizer(pub Rc<Tokenizer>);

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let load = call::function(lua, "compt.tokenizer", |_, folder: String| {
        Ok(LuaTokenizer(Rc::new(Tokenizer::load(Path::new(&folder))?)))
    })?;
    compt.set("tokenizer", load)
}

impl Object for LuaTokenizer {
    const NAME: &'static str = "tokenizer";
    const CLASS: &'static str = "compt.Tokenizer";
    const MADE_BY: &'static str = "compt.tokenizer(folder)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(format!("tokenizer({} tokens)", self.0.vocab_size()))
    }
}

impl UserData for LuaTokenizer {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("vocab_size", |_, this| Ok(this.0.vocab_size()));
        fields.add_field_method_get("pad_id", |_, this| Ok(this.0.pad_id()));
        fields.add_field_method_get("eos_id", |_, this| Ok(this.0.eos_id()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("encode", |_, this, text: String| Ok(this.0.encode(&text)?));
        methods.add_method("encode_batch", |_, this, texts: Vec<String>| {
            Ok(this.0.encode_batch(&texts)?)
        });
        methods.add_method("decode", |_, this, ids: Vec<i64>| Ok(this.0.decode(&ids)?));
        methods.add_method("id_of", |_, this, token: String| Ok(this.0.id_of(&token)));
    }
}
