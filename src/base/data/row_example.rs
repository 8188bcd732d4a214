//! Reads the example of a row.

use super::class_names::ClassNames;
use super::columns::{root, texts, value_at};
use super::missing::{Lack, MissingPart, lack};
use super::padding::padded;
use super::template::missing;
use super::{Definition, Example, Missing, Row, Split};
use crate::{Error, Result};
use serde_json::Value;

/// The result of reading a row.
pub enum Taken {
    Example(Example),
    Skipped(MissingPart),
    /// Not one of the rows that the task uses.
    Other,
}

impl Definition {
    pub(super) fn label_column(&self) -> &str {
        self.form.columns.get("label").map_or("label", String::as_str)
    }

    /// The example of a row, without its index. Errors: the row lacks a column, a label or text, and the task does
    /// not skip such rows; its label is outside of the label set.
    pub(super) fn example(
        &self,
        row: &Row,
        split: Split,
        classes: Option<&ClassNames>,
        target: impl Fn(&Value) -> Result<String>,
    ) -> Result<Taken> {
        for (column, value) in &self.filter {
            match row.get(column) {
                Some(found) if found == value => {}
                Some(_) => return Ok(Taken::Other),
                None => return Err(missing(row, column, "; 'where' needs it")),
            }
        }
        let column = self.label_column();
        let lacking = |Lack(part, error)| match self.missing {
            Missing::Skip => Ok(Taken::Skipped(part)),
            Missing::Error => Err(error),
        };
        if let Some(lack) = lack(&self.form, column, &self.label_names, row) {
            return lacking(lack);
        }
        let Some(source) = self.form.text(row)? else { return lacking(Lack::of_template()) };
        let mut example = Example { source, ..self.for_metrics(row, split)? };
        if self.form.labels.free_text().is_some() {
            let label = value_at(row, column).unwrap_or_default();
            let name = classes.map(|classes| classes.label(&label)).transpose()?.flatten();
            let label = name.unwrap_or(&label);
            let change = if self.form.pad_punctuation { padded } else { str::to_string };
            let right: Vec<String> = texts(label).iter().map(|text| change(text)).collect();
            example.target = right.first().cloned().unwrap_or_default();
            example.references = if right.len() > 1 { right } else { Vec::new() };
            return Ok(Taken::Example(example));
        }
        let label = &row[column];
        example.target = match classes.map(|classes| classes.label(label)).transpose()?.flatten() {
            Some(Value::String(word)) => word.clone(),
            Some(number) => target(number)?,
            None => target(label)?,
        };
        Ok(Taken::Example(example))
    }

    /// An example with what metrics need of its row.
    fn for_metrics(&self, row: &Row, split: Split) -> Result<Example> {
        let mut example = Example::default();
        if split == Split::Train {
            return Ok(example);
        }
        if let Some(path) = &self.group {
            let group = value_at(row, path).ok_or_else(|| missing(row, root(path), ""))?;
            if group.is_null() {
                return Err(Error::new(format!("the group '{path}' is null")));
            }
            example.group = Some(group.to_string());
        }
        for column in &self.keep {
            let value = row.get(column).ok_or_else(|| missing(row, column, ""))?;
            example.kept.insert(column.clone(), value.clone());
        }
        Ok(example)
    }
}

impl Example {
    /// An example for each of the targets.
    pub(super) fn for_each_target(self) -> Vec<Result<Taken>> {
        let one = |target: String| {
            Ok(Taken::Example(Example { target, references: Vec::new(), ..self.clone() }))
        };
        self.right().into_iter().map(one).collect()
    }
}

/// About the bytes of an example's texts.
pub fn bytes_of(example: &Example) -> usize {
    let references: usize = example.references.iter().map(|text| text.len() + 24).sum();
    let kept: usize = example.kept.values().map(|value| value.to_string().len() + 64).sum();
    example.source.len() + example.target.len() + references + kept
}
