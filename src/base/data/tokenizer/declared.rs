//! Additional files of a tokenizer: `tokenizer_config.json`, `added_tokens.json` and
//! `special_tokens_map.json`, in the format of `transformers`.

use crate::files::{bounded, intact};
use crate::{Error, Result};
use compt_error::Context;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer as Inner};

pub const PAD: &str = "<pad>";
pub const EOS: &str = "</s>";

const CONFIG: &str = "tokenizer_config.json";
const ADDED: &str = "added_tokens.json";
const SPECIAL: &str = "special_tokens_map.json";

/// Tokens that a vocabulary must contain, or that are added to it.
#[derive(Debug, Default)]
pub struct Declared {
    /// The Python class of the tokenizer, if specified.
    class: Option<String>,
    pub pad: Option<String>,
    pub eos: Option<String>,
    /// For a byte-level vocabulary: whether a text begins with a space.
    add_prefix_space: Option<bool>,
    /// The number of sentinels after the pieces of a `spiece.model`; `None` if not specified.
    pub extra_ids: Option<usize>,
    /// By id.
    tokens: BTreeMap<u32, AddedToken>,
    /// Special tokens, possibly without ids.
    special: Vec<String>,
    /// Special tokens in a list, without a role.
    listed: Vec<String>,
    /// Whether listed tokens without an id are added: beside a `spiece.model`.
    pub lists_are_added: bool,
}

/// The roles of special tokens.
const NAMED: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

impl Declared {
    /// Reads the files of a folder; missing ones are skipped. Errors: an invalid file, which is named.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut found = Declared::default();
        if let Some(map) = object(&folder.join(CONFIG))? {
            found.config(&map).at(folder.join(CONFIG).display())?;
        }
        if let Some(map) = object(&folder.join(SPECIAL))? {
            found.names(&map);
        }
        if let Some(map) = object(&folder.join(ADDED))? {
            found.added(&map).at(folder.join(ADDED).display())?;
        }
        Ok(found)
    }

    /// The Python class of the tokenizer of a folder without tokenizer file; older models specify it in
    /// `config.json`. Errors: an invalid file.
    pub fn class(&self, folder: &Path) -> Result<Option<String>> {
        match &self.class {
            Some(class) => Ok(Some(class.clone())),
            None => {
                Ok(object(&folder.join("config.json"))?
                    .and_then(|m| text(m.get("tokenizer_class"))))
            }
        }
    }

    fn config(&mut self, map: &Map<String, Value>) -> Result<()> {
        self.class = text(map.get("tokenizer_class"));
        self.add_prefix_space = map.get("add_prefix_space").and_then(Value::as_bool);
        self.names(map);
        self.extra_ids = match map.get("extra_ids") {
            None | Some(Value::Null) => None,
            Some(value) => match value.as_u64().filter(|count| *count <= 1 << 16) {
                Some(count) => Some(count as usize),
                None => {
                    return Err(Error::new(format!(
                        "'extra_ids' must be a whole number, not {value}"
                    )));
                }
            },
        };
        let sampling = map.get("sp_model_kwargs").and_then(|kwargs| kwargs.get("enable_sampling"));
        if sampling == Some(&Value::Bool(true)) {
            return Err(Error::new(
                "'sp_model_kwargs' enables sampling of segmentations (enable_sampling), which is \
                 not supported",
            ));
        }
        let Some(decoder) = map.get("added_tokens_decoder").and_then(Value::as_object) else {
            return Ok(());
        };
        for (id, token) in decoder {
            let (Ok(id), Some(content)) = (id.parse(), text(Some(token))) else {
                return Err(Error::new(format!("'added_tokens_decoder': '{id}' is not a token")));
            };
            let is = |key: &str| token.get(key) == Some(&Value::Bool(true));
            let token = AddedToken::from(content, is("special"))
                .lstrip(is("lstrip"))
                .rstrip(is("rstrip"))
                .single_word(is("single_word"))
                .normalized(is("normalized"));
            self.tokens.insert(id, token);
        }
        Ok(())
    }

    fn names(&mut self, map: &Map<String, Value>) {
        self.pad = text(map.get("pad_token")).or(self.pad.take());
        self.eos = text(map.get("eos_token")).or(self.eos.take());
        let named = NAMED.iter().filter_map(|key| text(map.get(*key)));
        self.special.extend(named.collect::<Vec<_>>());
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            match map.get(key) {
                Some(Value::Array(list)) => {
                    self.listed.extend(list.iter().filter_map(|token| text(Some(token))));
                }
                Some(Value::Object(named)) => {
                    self.special.extend(named.values().filter_map(|token| text(Some(token))));
                }
                _ => {}
            }
        }
    }

    fn added(&mut self, map: &Map<String, Value>) -> Result<()> {
        for (content, id) in map {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let id = id.ok_or_else(|| Error::new(format!("'{content}' has no id")))?;
            let special = self.special.contains(content) || self.listed.contains(content);
            let token = AddedToken::from(content.clone(), special).normalized(!special);
            self.tokens.entry(id).or_insert(token);
        }
        Ok(())
    }

    /// The number of sentinels after the pieces of a `spiece.model`; T5's 100 by default.
    pub fn sentinels(&self) -> usize {
        self.extra_ids.unwrap_or(100)
    }

    /// Adds the missing tokens to a tokenizer, each with its required id. Errors: a token has another
    /// id in the vocabulary.
    pub fn give(&self, inner: &mut Inner) -> Result<()> {
        for (&id, token) in &self.tokens {
            let content = &token.content;
            match inner.token_to_id(content) {
                Some(own) if own == id => {}
                Some(own) => {
                    return Err(Error::new(format!(
                        "the token '{content}' has the id {own} in the vocabulary and {id} in \
                         {CONFIG} or {ADDED}"
                    )));
                }
                None => add(inner, token.clone(), Some(id))?,
            }
            // An added token is matched before the vocabulary's pieces; a special one is skipped in decoding.
            if token.special || !inner.get_added_tokens_decoder().contains_key(&id) {
                add(inner, token.clone(), None)?;
            }
        }
        for content in &self.special {
            add(inner, special(inner, content), None)?;
        }
        for content in &self.listed {
            if inner.token_to_id(content).is_none() && !self.lists_are_added {
                return Err(Error::new(format!(
                    "the special token '{content}' is listed, but is not in the vocabulary and has \
                     no id"
                ))
                .hint(
                    "transformers 4 gives it the next id and 5 ignores it: save the tokenizer \
                     again with save_pretrained, or remove the token from the list",
                ));
            }
            add(inner, special(inner, content), None)?;
        }
        Ok(())
    }

    /// Sets whether byte-level texts begin with a space, which may differ from the vocabulary's own
    /// file.
    pub fn set_prefix_space(&self, inner: &mut Inner) {
        let own = inner.get_pre_tokenizer().cloned();
        if let (Some(wanted), Some(PreTokenizerWrapper::ByteLevel(own))) =
            (self.add_prefix_space, own)
        {
            let ByteLevel { trim_offsets, use_regex, .. } = own;
            inner.with_pre_tokenizer(Some(ByteLevel::new(wanted, trim_offsets, use_regex)));
        }
    }
}

/// A special token, with its properties if it is already an added token.
fn special(inner: &Inner, content: &str) -> AddedToken {
    let id = inner.token_to_id(content);
    match id.and_then(|id| inner.get_added_tokens_decoder().get(&id).cloned()) {
        Some(own) => own.special(true),
        None => AddedToken::from(content, true).normalized(false),
    }
}

fn add(inner: &mut Inner, token: AddedToken, id: Option<u32>) -> Result<()> {
    let content = token.content.clone();
    let failed = |e: tokenizers::Error| Error::new(e.to_string());
    match token.special {
        true => inner.add_special_tokens([token]).map_err(failed)?,
        false => inner.add_tokens([token]).map_err(failed)?,
    };
    let given = inner.token_to_id(&content);
    match id {
        Some(id) if given != Some(id) => Err(Error::new(format!(
            "the token '{content}' must have the id {id}, but the vocabulary and the tokens before it \
             end at {}",
            given.map_or(0, |given| given.saturating_sub(1))
        ))
        .hint("save the tokenizer again with save_pretrained, which writes tokenizer.json")),
        _ => Ok(()),
    }
}

/// The text of a token, which may be an object with properties.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Object(token) => Some(token.get("content")?.as_str()?.to_string()),
        _ => None,
    }
}

/// The object in a file; `None` if the file does not exist.
fn object(path: &Path) -> Result<Option<Map<String, Value>>> {
    if !intact::is_there(path)? {
        return Ok(None);
    }
    let bytes = bounded::read(path, bounded::JSON)?;
    let map = serde_json::from_slice(intact::json(&bytes).at(path.display())?)
        .map_err(|e| Error::new(format!("not a JSON object: {e}")))
        .at(path.display())?;
    Ok(Some(map))
}
pub fn failed(error: tokenizers::Error) -> Error {
    Error::new(error.to_string())
}
