//! Rows from Parquet files.

use super::encoding::LONGEST;
use super::rows::{Columns, Numbered, Opened, Row, Wanted, until_broken};
use super::template::missing;
use crate::guard::guarded;
use crate::{Error, Result};
use compt_error::Context;
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use serde_json::{Value, json};
use std::fs::File;

/// The maximum ratio of the declared size of rows to the file size: text usually compresses to a tenth.
const MOST_EXPANSION: u64 = 100;
const SMALL: u64 = 64 << 20;
/// The size of an element of a list in memory: its two levels and its value.
const ELEMENT: u64 = 16;

/// The metadata key of Hugging Face's datasets for column features, as JSON.
const FEATURES: &str = "huggingface";

/// All rows with their numbers, from 1. Columns of strings, numbers or booleans become JSON values;
/// other columns are not decoded. Errors: the file is damaged, or a requested column is missing.
pub fn open(file: File, wanted: &Wanted) -> Result<Opened> {
    let (mut rows, names, class_names) = whole(|| parts(file, wanted))?;
    let mut number = 0;
    let mut next = move || -> Result<Option<Numbered>> {
        let Some(read) = rows.next().transpose().map_err(damaged)? else { return Ok(None) };
        number += 1;
        let mut row: Row = names.iter().map(|name| (name.clone(), Value::Null)).collect();
        for (name, field) in read.into_columns() {
            let cell = value(&field).map_err(|e| e.at(format!("column '{name}'")));
            row.insert(name, cell.at(format!("row {number}"))?);
        }
        Ok(Some((number, row)))
    };
    Ok(Opened { rows: until_broken(move || whole(&mut next)), class_names, unit: "row" })
}

/// The decoded columns of a file, all column names, and the classes of its labels.
type Parts = (RowIter<'static>, Vec<String>, Option<Vec<String>>);

fn parts(file: File, wanted: &Wanted) -> Result<Parts> {
    let most = file.metadata()?.len().saturating_mul(MOST_EXPANSION).saturating_add(SMALL);
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let groups = reader.metadata().row_groups().iter();
    let sizes = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    if sizes.chain(of_lists(&reader, &wanted.columns)).fold(0, u64::saturating_add) > most {
        return Err(Error::new("its header declares more data than the file can contain"));
    }
    let about = reader.metadata().file_metadata();
    let schema = about.schema();
    let names: Vec<String> = schema.get_fields().iter().map(|f| f.name().to_string()).collect();
    if let Some(absent) = wanted.columns.absent(names.iter().map(String::as_str)) {
        let row = names.into_iter().map(|name| (name, Value::Null)).collect();
        return Err(missing(&row, absent, ""));
    }
    let twice =
        |(i, name): &(usize, &String)| wanted.columns.read(name) && names[..*i].contains(name);
    if let Some((_, name)) = names.iter().enumerate().find(twice) {
        return Err(Error::new(format!("two columns are called '{name}'"))
            .hint("a column that is read needs a unique name"));
    }
    let class_names = class_names(about, &wanted.label)?;
    let read = projection(schema, &wanted.columns)?;
    let rows = reader.into_iter().project(read).map_err(damaged)?;
    Ok((rows, names, class_names))
}

/// The bytes of the elements of the lists that are read: equal ones take no space in the file.
fn of_lists(reader: &SerializedFileReader<File>, columns: &Columns) -> Vec<u64> {
    let chunks = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
    let lists = chunks.filter(|chunk| {
        let about = chunk.column_descr();
        let column = about.path().parts().first();
        about.max_rep_level() > 0 && column.is_some_and(|name| columns.read(name))
    });
    let bytes = |count: i64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(ELEMENT);
    lists.map(|chunk| bytes(chunk.num_values())).collect()
}

/// The schema of the columns to read; `None` for all.
fn projection(schema: &Type, columns: &Columns) -> Result<Option<Type>> {
    if columns.is_all() {
        return Ok(None);
    }
    let read = schema.get_fields().iter().filter(|field| columns.read(field.name()));
    let group = Type::group_type_builder(schema.name()).with_fields(read.cloned().collect());
    group.build().map(Some).map_err(damaged)
}

/// The class names of a column that was written as a `ClassLabel` of datasets.
fn class_names(about: &FileMetaData, column: &str) -> Result<Option<Vec<String>>> {
    let entries = about.key_value_metadata().map_or(&[][..], Vec::as_slice);
    let Some(entry) = entries.iter().find(|entry| entry.key == FEATURES) else { return Ok(None) };
    let text = entry.value.as_deref().unwrap_or_default();
    let features: Value = serde_json::from_str(text).map_err(|e| {
        Error::new(format!("the metadata of its columns ('{FEATURES}') is not JSON: {e}"))
    })?;
    let feature = &features["info"]["features"][column];
    if feature["_type"] != "ClassLabel" {
        return Ok(None);
    }
    let texts = |names: Vec<&Value>| -> Option<Vec<String>> {
        names.into_iter().map(|name| name.as_str().map(String::from)).collect()
    };
    let names = match &feature["names"] {
        Value::Array(names) => texts(names.iter().collect()),
        // In the format of dataset cards: by number.
        Value::Object(names) => {
            let by_number = |i: usize| names.get(&i.to_string());
            (0..names.len()).map(by_number).collect::<Option<_>>().and_then(texts)
        }
        _ => None,
    };
    names.map(Some).ok_or_else(|| {
        Error::new(format!("its column '{column}' has class labels without names"))
            .hint("write it again with datasets' to_parquet")
    })
}

/// Converts a cell. A 32-bit float keeps its shortest decimal form; NaN becomes null, like
/// a missing value. Bytes become text, or a table with their number.
/// Errors: text longer than a row of the other formats may be.
fn value(field: &Field) -> Result<Value> {
    let length = match field {
        Field::Str(text) => text.len(),
        Field::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    if length as u64 > LONGEST {
        return Err(Error::new(format!("longer than {} MiB", LONGEST >> 20)));
    }
    Ok(match field {
        Field::Float(number) => number.to_string().parse().map_or(Value::Null, float),
        Field::Float16(number) => float(f64::from(*number)),
        Field::Double(number) => float(*number),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => json!({ "bytes": bytes.data().len() }),
        },
        Field::Group(row) => {
            let cells = row.get_column_iter();
            let cells = cells.map(|(name, field)| Ok((name.clone(), value(field)?)));
            Value::Object(cells.collect::<Result<_>>()?)
        }
        Field::ListInternal(list) => {
            Value::Array(list.elements().iter().map(value).collect::<Result<_>>()?)
        }
        other => other.to_json_value(),
    })
}

fn float(number: f64) -> Value {
    match number.is_infinite() {
        true => number.to_string().into(),
        false => number.into(),
    }
}

/// The library does not validate damaged files completely, and may panic.
fn whole<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded(read).map_err(|e| match e.to_string().contains("Disabled feature") {
        true => Error::new("its compression is not supported").hint(
            "supported are no compression, snappy, gzip and zstd: write the file again with \
                   one of them",
        ),
        false => e.hint("is it a complete Parquet file? download or copy it again"),
    })
}

fn damaged(error: ParquetError) -> Error {
    Error::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::ByteArray;

    #[test]
    fn cells_are_what_was_written() {
        assert_eq!(value(&Field::Float(3.1)).unwrap(), 3.1);
        assert_eq!(value(&Field::Bool(true)).unwrap(), true);
        assert_eq!(value(&Field::Bytes(ByteArray::from("é"))).unwrap(), "é");
        assert_eq!(
            value(&Field::Bytes(ByteArray::from(vec![0xff, 0]))).unwrap(),
            json!({ "bytes": 2 })
        );
        assert_eq!(value(&Field::Double(f64::NAN)).unwrap(), Value::Null);
        assert_eq!(value(&Field::Float(f32::NEG_INFINITY)).unwrap(), "-inf");
    }
}
