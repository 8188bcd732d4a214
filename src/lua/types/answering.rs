//! `predict` and `generate` of a trainer and of a loaded run: new rows from Lua, and answers to Lua.

use super::task_text::beams;
use crate::data::plain;
use crate::options::{Options, kind};
use crate::recorded;
use crate::rich::{self, html};
use crate::{Error, Result};
use compt_base::data::{Form, Row, TextDecoding};
use compt_base::text_table::text_table;
use compt_core::train::{Answer, GeneratedText};
use compt_run::Part;
use mlua::{Lua, LuaSerdeExt, Table, Value};

/// The options that choose a part of the composition.
pub const OF_PART: [&str; 4] = ["only", "without", "weights", "normalise"];

/// The default number of rows in a batch: that of `compt predict`.
const BATCH: usize = 32;

/// New rows of a task.
pub struct Question {
    pub rows: Vec<Row>,
    /// The input text of each row.
    pub sources: Vec<String>,
}

/// The rows of the option `text` or `rows`, as the task's `form` reads them.
pub fn question(lua: &Lua, o: &Options, form: &Form) -> mlua::Result<Question> {
    let text: Option<Value> = o.get(lua, "text")?;
    let rows: Option<Value> = o.get(lua, "rows")?;
    let rows = match (text, rows) {
        (Some(text), None) => of_text(&text, form).map_err(|e| o.at("text", e))?,
        (None, Some(rows)) => of_rows(&rows, form).map_err(|e| o.at("rows", e))?,
        (Some(_), Some(_)) => return Err(o.error("set 'text' or 'rows', not both".into())),
        (None, None) => {
            let what = Error::new("option 'text' is missing");
            return Err(o.error_of(what.hint("'rows' is a list of rows, by column")));
        }
    };
    let source = |(i, row): (usize, &Row)| {
        form.full_source(row).map_err(|e| match rows.len() {
            1 => o.error_of(e),
            _ => o.error_of(e.at(format!("row {}", i + 1))),
        })
    };
    let sources = rows.iter().enumerate().map(source).collect::<mlua::Result<_>>()?;
    Ok(Question { rows, sources })
}

/// A line, several lines, or one row by column, in which every column is one of the text.
fn of_text(text: &Value, form: &Form) -> Result<Vec<Row>> {
    match text {
        Value::String(line) => Ok(vec![line_row(&line.to_string_lossy(), form)?]),
        Value::Table(table) if table.raw_len() > 0 => of_rows(text, form),
        Value::Table(_) => {
            let row = row(text)?;
            let known = form.text_columns();
            let unknown = row.keys().find(|key| !known.is_empty() && !known.contains(&&***key));
            match unknown {
                Some(column) => Err(Error::unknown("column", column, known)),
                None => Ok(vec![row]),
            }
        }
        other => {
            Err(Error::new(format!("expected a text, or a row by column, got a {}", kind(other))))
        }
    }
}

/// A list of rows, each by column or a line.
fn of_rows(rows: &Value, form: &Form) -> Result<Vec<Row>> {
    let Value::Table(list) = rows else {
        return Err(Error::new(format!("expected a list of rows, got a {}", kind(rows))));
    };
    if list.raw_len() == 0 && !list.is_empty() {
        let what = "expected a list of rows, got one row";
        return Err(Error::new(what).hint("write { { ... } }, or give one row as 'text'"));
    }
    let entry = |i: usize| {
        let value: Value = list.raw_get(i).map_err(|e| crate::failure::error_of(&e))?;
        match &value {
            Value::String(line) => line_row(&line.to_string_lossy(), form),
            Value::Table(_) => row(&value),
            other => Err(Error::new(format!("expected a row by column, got a {}", kind(other)))),
        }
        .map_err(|e| e.at(format!("row {i}")))
    };
    (1..=list.raw_len()).map(entry).collect()
}

fn line_row(line: &str, form: &Form) -> Result<Row> {
    match line.trim().is_empty() {
        true => Err(Error::new("the text is empty")),
        false => form.row(line),
    }
}

fn row(value: &Value) -> Result<Row> {
    match plain(value)? {
        serde_json::Value::Object(row) => Ok(row),
        _ => Err(Error::new("expected a row by column, got a list")),
    }
}

/// The options `only`, `without`, `weights` and `normalise`.
pub fn part(lua: &Lua, o: &Options) -> mlua::Result<Part> {
    Ok(Part {
        only: o.get(lua, "only")?,
        without: o.get(lua, "without")?,
        weights: o.get_or(lua, "weights", Part::default().weights)?,
        normalise: o.get(lua, "normalise")?,
    })
}

/// The number of rows in a batch.
pub fn batch(lua: &Lua, o: &Options) -> mlua::Result<usize> {
    match o.get_or(lua, "batch", BATCH as i64)? {
        batch @ 1.. => Ok(batch as usize),
        batch => Err(o.error(format!("'batch' must be at least 1, not {batch}"))),
    }
}

/// How texts of a task are decoded. Errors: an option is out of range, or does not fit the others.
pub fn decoding(lua: &Lua, o: &Options, form: &Form) -> mlua::Result<TextDecoding> {
    let max_new_tokens: Option<i64> = o.get(lua, "max_new_tokens")?;
    let given = TextDecoding { max_new_tokens, ..beams(lua, o)? };
    let own = form.labels.free_text().copied().unwrap_or_default();
    let most = max_new_tokens.unwrap_or(own.most_tokens());
    let all = TextDecoding { max_new_tokens: Some(most), ..given.or(own.decoding) };
    all.check().map_err(|e| o.error_of(e))?;
    Ok(given)
}

/// { source, prediction, score, scores, cut, row } of each row, which prints itself as a table.
pub fn predictions(lua: &Lua, of: Question, answers: &[Answer]) -> mlua::Result<Table> {
    let list = lua.create_table()?;
    let mut shown = Vec::new();
    for ((row, source), answer) in of.rows.iter().zip(&of.sources).zip(answers) {
        let entry = entry(lua, row, source, answer.cut)?;
        entry.set("prediction", answer.prediction.as_str())?;
        let own = answer.scores.iter().find(|(word, _)| *word == answer.prediction);
        if !answer.scores.is_empty() {
            entry.set("scores", lua.create_table_from(answer.scores.clone())?)?;
            entry.set("score", own.map(|own| own.1))?;
        }
        let score = own.map_or(String::new(), |own| format!("{:.4}", own.1));
        shown.push([source.clone(), answer.prediction.clone(), score]);
        list.raw_push(entry)?;
    }
    printed(lua, list, "prediction", &shown)
}

/// { source, text, score, tokens, cut, row } of each row, which prints itself as a table.
pub fn texts(lua: &Lua, of: Question, found: &[GeneratedText]) -> mlua::Result<Table> {
    let list = lua.create_table()?;
    let mut shown = Vec::new();
    for ((row, source), found) in of.rows.iter().zip(&of.sources).zip(found) {
        let entry = entry(lua, row, source, found.cut)?;
        entry.set("text", found.text.as_str())?;
        entry.set("score", found.score)?;
        entry.set("tokens", found.tokens)?;
        shown.push([source.clone(), found.text.clone(), format!("{:.4}", found.score)]);
        list.raw_push(entry)?;
    }
    printed(lua, list, "text", &shown)
}

fn entry(lua: &Lua, row: &Row, source: &str, cut: bool) -> mlua::Result<Table> {
    let entry = lua.create_table()?;
    entry.set("source", source)?;
    entry.set("row", lua.to_value_with(row, recorded::plain())?)?;
    entry.set("cut", cut.then_some(true))?;
    Ok(entry)
}

/// The number of rows that are printed, and of the characters of a text.
const MOST: (usize, usize) = (20, 60);

/// Makes a list print as a table of input, answer and score.
fn printed(lua: &Lua, list: Table, answer: &str, rows: &[[String; 3]]) -> mlua::Result<Table> {
    let short = |text: &String| match text.chars().count() > MOST.1 {
        true => text.chars().take(MOST.1 - 3).chain("...".chars()).collect(),
        false => text.clone(),
    };
    let mut table = text_table(["source", answer, "score"].map(String::from).to_vec(), [2]);
    for row in rows.iter().take(MOST.0) {
        table.add_row(row.iter().map(short));
    }
    let mut text = table.trim_fmt();
    if rows.len() > MOST.0 {
        text.push_str(&format!("\n... {} more rows", rows.len() - MOST.0));
    }
    let body: Vec<Vec<String>> =
        rows.iter().take(MOST.0).map(|row| row.iter().map(short).collect()).collect();
    let mut html = html::table("", &["source", answer, "score"], &body, 2);
    if rows.len() > MOST.0 {
        html.push_str(&format!("<p>... {} more rows</p>", rows.len() - MOST.0));
    }
    rich::printed(lua, &list, text, html)?;
    Ok(list)
}
