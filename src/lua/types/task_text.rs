//! The options of tasks of free text, and of generation.

use crate::Error;
use crate::options::Options;
use compt_base::data::{EarlyStopping, FreeText, Labels, TextDecoding};
use mlua::{Lua, Value};

/// The options of free text, with the name of one that is set; `None` if none is.
pub fn free_text(
    lua: &Lua,
    o: &Options,
    call: &str,
) -> mlua::Result<Option<(&'static str, FreeText)>> {
    let max_target_length: Option<usize> = o.get(lua, "max_target_length")?;
    let generation: Option<Value> = o.get(lua, "generation")?;
    let key = match (max_target_length, &generation) {
        (None, None) => return Ok(None),
        (Some(_), _) => "max_target_length",
        (None, Some(_)) => "generation",
    };
    if max_target_length.is_some_and(|most| most < 2) {
        let what = "'max_target_length' must be at least 2: a token and </s>";
        return Err(o.error(what.to_string()));
    }
    let decoding = match generation {
        Some(table) => {
            let o = Options::new(&format!("{call}: generation"), table)?;
            let max_new_tokens = o.get(lua, "max_new_tokens")?;
            let decoding = TextDecoding { max_new_tokens, ..beams(lua, &o)? };
            o.finish()?;
            decoding
        }
        None => TextDecoding::default(),
    };
    let text = FreeText { max_target_length, decoding };
    let checked = TextDecoding { max_new_tokens: Some(text.most_tokens()), ..decoding }.check();
    checked.map_err(|e| o.at("generation", e))?;
    Ok(Some((key, text)))
}

/// The options of a generation other than its length.
pub fn beams(lua: &Lua, o: &Options) -> mlua::Result<TextDecoding> {
    Ok(TextDecoding {
        num_beams: o.get(lua, "num_beams")?,
        max_new_tokens: None,
        min_new_tokens: o.get(lua, "min_new_tokens")?,
        length_penalty: o.get(lua, "length_penalty")?,
        early_stopping: early_stopping(lua, o)?,
    })
}

/// `early_stopping`: true, false or "never", as in transformers.
pub fn early_stopping(lua: &Lua, o: &Options) -> mlua::Result<Option<EarlyStopping>> {
    match o.get::<Value>(lua, "early_stopping")? {
        None => Ok(None),
        Some(Value::Boolean(false)) => Ok(Some(EarlyStopping::No)),
        Some(Value::Boolean(true)) => Ok(Some(EarlyStopping::Yes)),
        Some(Value::String(text)) if text == "never" => Ok(Some(EarlyStopping::Never)),
        Some(_) => Err(o.error("'early_stopping' is true, false or \"never\"".to_string())),
    }
}

/// Whether every target of a training row makes an example.
pub fn each_target(lua: &Lua, o: &Options, labels: &Labels) -> mlua::Result<bool> {
    let given: Option<String> = o.get(lua, "targets")?;
    if given.is_some() && labels.free_text().is_none() {
        return Err(o.error("'targets' is for labels = \"text\"".to_string()));
    }
    match given.as_deref() {
        None | Some("first") => Ok(false),
        Some("each") => Ok(true),
        Some(other) => Err(o.error_of(Error::unknown("'targets'", other, ["first", "each"]))),
    }
}
