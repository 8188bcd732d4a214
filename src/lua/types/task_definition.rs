//! Reads a task from a Lua table.

use super::task_metrics::{keep, metrics};
use super::task_sources;
use super::task_text::{each_target, free_text};
use crate::Error;
use crate::options::Options;
use compt_base::data;
use compt_base::data::{
    Definition, Form, FreeText, LabelIs, Labels, Layout, Missing, Row, Source, Split, Template,
};
use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaSerdeExt, Table, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// Settings of the task set: the folder of relative paths, the rounding of numbers, the treatment
/// of rows that lack a label or text, the maximum length of free text.
pub struct Place {
    pub folder: Option<PathBuf>,
    pub step: Option<f64>,
    pub missing: Option<Missing>,
    pub max_target: Option<usize>,
}

/// Reads one task's table:
///
/// - `fields`: the columns that become "field: value field: value"; or `template`: text with
///   `{field}` in it, or a function(row) -> text
/// - `prefix`: a word before the text
/// - `shared_prefix`: the word before the text where one model answers several tasks (default: the name)
/// - `labels`: the label words (rows contain their index from 0, or the word; `label_is` decides
///   if words are numbers), or "number" with `range` (default {0, 5}) and `rounding`
///   (default 0.2); or "text" with `max_target_length`, `generation`, `targets`, `pad_punctuation`
/// - `metrics`: default {"accuracy"}, for numbers {"pearson", "spearman"}, for free text
///   {"exact_match", "token_f1"}; `keep`: the columns that they read; `group`: what they group rows by
/// - `where`: column -> value, of the rows to use
/// - `files` = { train, validation, test }: paths, lists of paths, or `hf://datasets/...`; `hub`, in the
///   same form, used if the folder does not hold the files; or `rows`, with lists of tables
/// - `columns`: field -> column name, if it differs, or its position in tables without a header
/// - `delimiter`, `quotes`: the table format, if the file name does not determine it
/// - `label_names`, `class_names`: the names of the labels in rows, and of the classes in Parquet files
/// - `missing`: "error" (default) or "skip", for rows without a label or text
/// - `small`: halve validation into validation and test (default false)
pub fn definition(lua: &Lua, name: &str, table: Table, place: &Place) -> mlua::Result<Definition> {
    let call = format!("task '{name}'");
    let o = Options::new(&call, Value::Table(table))?;
    let labels = labels(lua, &o, &call, place)?;
    let group: Option<String> = o.get(lua, "group")?;
    let metrics = metrics(lua, &o, &labels, group.is_some())?;
    let template = template(lua, &o)?;
    let keep = keep(lua, &o, &template, &metrics)?;
    let (columns, layout) = columns(lua, &o, &template)?;
    let sources = task_sources::sources(lua, &o, &call, place.folder.as_deref())?;
    let given = Split::ALL.into_iter().filter_map(|split| sources.of(split));
    if let Some(option) = layout.given()
        && given.into_iter().all(|source| matches!(source, Source::Rows(_)))
    {
        return Err(o.error(format!("{option} is for files, not for 'rows'")));
    }
    let (prefix, shared_prefix) = prefixes(lua, &o)?;
    let pad_punctuation = o.get_or(lua, "pad_punctuation", false)?;
    let each_target = each_target(lua, &o, &labels)?;
    let label_is: Option<String> = o.get(lua, "label_is")?;
    if label_is.is_some() && labels.words().is_empty() {
        return Err(o.error("'label_is' is for label words, not for numbers and text".to_string()));
    }
    let label_is = label_is.map(|name| LabelIs::parse(&name)).transpose();
    let definition = Definition {
        label_names: names(lua, &o, "label_names", &labels)?,
        class_names: names(lua, &o, "class_names", &labels)?,
        label_is: label_is.map_err(|e| e.at(&call))?,
        name: name.to_string(),
        form: Form { template, prefix, columns, pad_punctuation, labels },
        shared_prefix,
        missing: place.missing.or(missing(lua, &o)?).unwrap_or_default(),
        layout,
        metrics,
        keep,
        group,
        each_target,
        filter: filter(lua, &o)?,
        small: o.get_or(lua, "small", false)?,
        sources,
    };
    o.finish()?;
    Ok(definition)
}

/// The prefix of all sources, and the one where one model answers several tasks: one of both, or none.
fn prefixes(lua: &Lua, o: &Options) -> mlua::Result<(Option<String>, Option<String>)> {
    let given: (Option<String>, Option<String>) =
        (o.get(lua, "prefix")?, o.get(lua, "shared_prefix")?);
    if given.0.is_some() && given.1.is_some() {
        let what = "'shared_prefix' is for tasks without 'prefix', which precedes every source";
        return Err(o.error(what.to_string()));
    }
    match &given.1 {
        Some(text) if text.trim().is_empty() => {
            Err(o.error("'shared_prefix' is empty: the default is the task's name".to_string()))
        }
        _ => Ok(given),
    }
}

/// Column -> the value of the rows to use.
fn filter(lua: &Lua, o: &Options) -> mlua::Result<BTreeMap<String, serde_json::Value>> {
    let mut filter = BTreeMap::new();
    for pair in o.get::<Table>(lua, "where")?.iter().flat_map(|table| table.pairs()) {
        let (column, value): (String, Value) = pair?;
        let value = crate::data::plain(&value).map_err(|e| o.at("where", e))?;
        filter.insert(column, value);
    }
    Ok(filter)
}

/// A name for each label.
fn names(lua: &Lua, o: &Options, key: &'static str, labels: &Labels) -> mlua::Result<Vec<String>> {
    let names: Vec<String> = o.get_or(lua, key, Vec::new())?;
    let normal: Vec<String> = names.iter().map(|name| data::normal(name)).collect();
    if let Some(i) = (1..normal.len()).find(|&i| normal[..i].contains(&normal[i])) {
        return Err(o.error(format!("'{key}' holds '{}' twice", names[i])));
    }
    match names.len() == labels.words().len() || names.is_empty() {
        true => Ok(names),
        false => Err(o.error(format!("'{key}' needs a name for each of 'labels'"))),
    }
}

/// The option `missing`: the treatment of rows without a label or text.
pub fn missing(lua: &Lua, o: &Options) -> mlua::Result<Option<Missing>> {
    let name: Option<String> = o.get(lua, "missing")?;
    let parsed = name.map(|name| Missing::parse(&name)).transpose();
    parsed.map_err(|e| o.at("missing", e))
}

/// Field -> column, and the table format.
fn columns(
    lua: &Lua,
    o: &Options,
    template: &Template,
) -> mlua::Result<(BTreeMap<String, String>, Layout)> {
    let (mut names, mut positions) = (BTreeMap::new(), BTreeMap::new());
    for pair in o.get::<Table>(lua, "columns")?.iter().flat_map(|table| table.pairs()) {
        let (field, column): (Value, Value) = pair?;
        let Value::String(field) = field else {
            return Err(o.error(
                "'columns' must name its fields: { text = \"column\" } or, by position in a table \
                 without a header row, { text = 1, label = 2 }"
                    .to_string(),
            ));
        };
        let field = field.to_str()?.to_string();
        match column {
            Value::String(column) => drop(names.insert(field, column.to_str()?.to_string())),
            Value::Integer(position @ 1..) => drop(positions.insert(field, position as usize)),
            Value::Integer(_) => {
                return Err(o.error(format!("columns: '{field}': positions count from 1")));
            }
            other => {
                let got = other.type_name();
                let what = format!("columns: '{field}' must be a name or a position, got a {got}");
                return Err(o.error(what));
            }
        }
    }
    fit(o, template, &names, &positions)?;
    let layout = Layout {
        delimiter: delimiter(lua, o)?,
        quotes: quotes(lua, o)?,
        positions: (!positions.is_empty()).then_some(positions),
    };
    Ok((names, layout))
}

/// Refuses columns of unknown fields, and positions of only some fields.
fn fit(
    o: &Options,
    template: &Template,
    names: &BTreeMap<String, String>,
    positions: &BTreeMap<String, usize>,
) -> mlua::Result<()> {
    let known = fields(template);
    let mut given = names.keys().chain(positions.keys());
    if let Some(known) = &known
        && let Some(field) = given.find(|field| !known.contains(&field.as_str()))
    {
        return Err(o.at("columns", Error::unknown("field", field, known.iter().copied())));
    }
    if positions.is_empty() {
        return Ok(());
    }
    if let Some(field) = names.keys().next() {
        return Err(o.error(format!(
            "columns: '{field}' is a name where others are positions; a table without a header row \
             has only positions"
        )));
    }
    let wanted = known.unwrap_or_else(|| vec!["label"]);
    match wanted.iter().find(|field| !positions.contains_key(**field)) {
        Some(field) => Err(o.error(format!("columns: the position of '{field}' is missing"))),
        None => Ok(()),
    }
}

fn delimiter(lua: &Lua, o: &Options) -> mlua::Result<Option<u8>> {
    let Some(text) = o.get::<String>(lua, "delimiter")? else { return Ok(None) };
    match text.as_bytes() {
        &[byte] if byte.is_ascii() && !b"\"\r\n".contains(&byte) => Ok(Some(byte)),
        _ => Err(o.error(format!("'delimiter' must be one ASCII character, got '{text}'"))),
    }
}

fn quotes(lua: &Lua, o: &Options) -> mlua::Result<Option<bool>> {
    match o.get::<Value>(lua, "quotes")? {
        None => Ok(None),
        Some(Value::Boolean(quotes)) => Ok(Some(quotes)),
        Some(_) => Err(o.error("'quotes' must be true or false".to_string())),
    }
}

/// The fields whose columns may be named; `None` if a function reads the row.
fn fields(template: &Template) -> Option<Vec<&str>> {
    match template {
        Template::Function(_) => None,
        _ => Some(template.fields().into_iter().chain(["label"]).collect()),
    }
}

fn labels(lua: &Lua, o: &Options, call: &str, place: &Place) -> mlua::Result<Labels> {
    let rounding: Option<f64> = o.get(lua, "rounding")?;
    let range: Option<Vec<f64>> = o.get(lua, "range")?;
    let text = free_text(lua, o, call)?;
    let given = o.need(lua, "labels")?;
    let is_text = matches!(&given, Value::String(kind) if kind == "text");
    if let (false, Some((key, _))) = (is_text, &text) {
        return Err(o.error(format!("'{key}' is for labels = \"text\"")));
    }
    if is_text && (rounding.is_some() || range.is_some()) {
        return Err(o.error("'rounding' and 'range' are for labels = \"number\"".to_string()));
    }
    match given {
        Value::Table(words) => {
            let words = words.sequence_values::<String>().collect::<mlua::Result<Vec<_>>>();
            let words = words.map_err(|_| o.error("each of 'labels' must be a word".into()))?;
            if words.len() < 2 {
                return Err(o.error("'labels' needs two words or more".to_string()));
            }
            Labels::of(words).map_err(|e| o.error_of(e))
        }
        Value::String(kind) if kind == "number" => {
            let step = place.step.or(rounding).unwrap_or(0.2);
            let range = match range.as_deref() {
                None => (0.0, 5.0),
                Some(&[low, high]) if low < high => (low, high),
                Some(_) => return Err(o.error("'range' must be { lowest, highest }".to_string())),
            };
            if !(step > 0.0 && step.is_finite()) {
                return Err(o.error(format!("'rounding' must be above 0, got {step}")));
            }
            Ok(Labels::Numbers { step, range })
        }
        Value::String(kind) if kind == "text" => {
            let mut text = text.map_or_else(FreeText::default, |(_, text)| text);
            text.max_target_length = place.max_target.or(text.max_target_length);
            Ok(Labels::Text(text))
        }
        _ => Err(o.error("'labels' must be a list of words, \"number\" or \"text\"".to_string())),
    }
}

fn template(lua: &Lua, o: &Options) -> mlua::Result<Template> {
    let fields: Option<Vec<String>> = o.get(lua, "fields")?;
    match (o.get(lua, "template")?, fields) {
        (None, Some(fields)) if !fields.is_empty() => Ok(Template::Fields(fields)),
        (None, _) => {
            Err(o.error("'fields' or 'template' is missing: the input of the model".into()))
        }
        (Some(Value::String(pattern)), _) => Ok(Template::Pattern(pattern.to_str()?.to_string())),
        (Some(Value::Function(render)), _) => {
            let lua = lua.clone();
            Ok(Template::Function(Rc::new(move |row: &Row| {
                // JSON's null becomes nil.
                let options = SerializeOptions::new().serialize_unit_to_null(false);
                let text = lua.to_value_with(row, options).and_then(|row| render.call(row));
                match text.map_err(|e| Error::new(format!("template: {e}")))? {
                    Value::Nil => Ok(String::new()),
                    text @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => {
                        text.to_string().map_err(|e| Error::new(format!("template: {e}")))
                    }
                    other => Err(Error::new(format!(
                        "template: it returned a {}, not a string",
                        other.type_name()
                    ))),
                }
            })))
        }
        _ => Err(o.error("'template' must be a string or a function(row) -> string".to_string())),
    }
}
