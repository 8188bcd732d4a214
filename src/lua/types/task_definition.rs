//! A task as a Lua table.

use super::task_sources;
use crate::Error;
use crate::data::{Definition, Form, LabelIs, Labels, Row, Template};
use crate::lua::options::Options;
use crate::metric::Metric;
use mlua::{Lua, LuaSerdeExt, Table, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// What a definition leaves to its task set: where relative paths begin, how numbers are rounded.
pub struct Place {
    pub folder: Option<PathBuf>,
    pub step: Option<f64>,
}

/// Reads one task's table:
///
/// - `fields`: the columns that become "field: value field: value"; or `template`: text with
///   `{field}` in it, or a function(row) -> text
/// - `prefix`: a word before the text
/// - `labels`: the label words (rows name them by number from 0, or by the word; `label_is` says
///   which, where words are numbers), or "number" with `range` (default {0, 5}) and `rounding`
///   (default 0.2)
/// - `metrics`: default {"accuracy"}, for numbers {"pearson", "spearman"}
/// - `files` = { train, validation, test }: paths, lists of paths, or `hf://datasets/...`; `hub`, the
///   same, where no folder holds the files; or `rows`, the same as lists of tables
/// - `columns`: field -> column, where a file's names differ
/// - `small`: halve validation into validation and test (default false)
pub fn definition(lua: &Lua, name: &str, table: Table, place: &Place) -> mlua::Result<Definition> {
    let call = format!("task '{name}'");
    let o = Options::new(&call, Value::Table(table))?;
    let labels = labels(lua, &o, place)?;
    let metrics: Option<Vec<String>> = o.get(lua, "metrics")?;
    let metrics = match metrics {
        Some(names) => names.iter().map(|name| Metric::parse(name)).collect::<crate::Result<_>>(),
        None if labels.words().is_empty() => Ok(vec![Metric::Pearson, Metric::Spearman]),
        None => Ok(vec![Metric::Accuracy]),
    };
    let label_names: Vec<String> = o.get_or(lua, "label_names", Vec::new())?;
    if !label_names.is_empty() && label_names.len() != labels.words().len() {
        return Err(o.error("'label_names' needs a name for each of 'labels'".to_string()));
    }
    let label_is: Option<String> = o.get(lua, "label_is")?;
    if label_is.is_some() && labels.words().is_empty() {
        return Err(o.error("'label_is' is said of label words, not of numbers".to_string()));
    }
    let label_is = label_is.map(|name| LabelIs::parse(&name)).transpose();
    let definition = Definition {
        label_names,
        label_is: label_is.map_err(|e| e.at(&call))?,
        name: name.to_string(),
        form: Form {
            template: template(lua, &o)?,
            prefix: o.get(lua, "prefix")?,
            columns: o.get_or(lua, "columns", BTreeMap::new())?,
            labels,
        },
        metrics: metrics.map_err(|e| e.at(&call))?,
        small: o.get_or(lua, "small", false)?,
        sources: task_sources::sources(lua, &o, &call, place)?,
    };
    o.finish()?;
    Ok(definition)
}

fn labels(lua: &Lua, o: &Options, place: &Place) -> mlua::Result<Labels> {
    let rounding: Option<f64> = o.get(lua, "rounding")?;
    let range: Option<Vec<f64>> = o.get(lua, "range")?;
    match o.need(lua, "labels")? {
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
        _ => Err(o.error("'labels' must be a list of words, or \"number\"".to_string())),
    }
}

fn template(lua: &Lua, o: &Options) -> mlua::Result<Template> {
    let fields: Option<Vec<String>> = o.get(lua, "fields")?;
    match (o.get(lua, "template")?, fields) {
        (None, Some(fields)) if !fields.is_empty() => Ok(Template::Fields(fields)),
        (None, _) => Err(o.error("'fields' or 'template' must say what the model reads".into())),
        (Some(Value::String(pattern)), _) => Ok(Template::Pattern(pattern.to_str()?.to_string())),
        (Some(Value::Function(render)), _) => {
            let lua = lua.clone();
            Ok(Template::Function(Rc::new(move |row: &Row| {
                let text = lua.to_value(row).and_then(|row| render.call::<String>(row));
                text.map_err(|e| Error::new(format!("template: {e}")))
            })))
        }
        _ => Err(o.error("'template' must be text or a function(row) -> text".to_string())),
    }
}
