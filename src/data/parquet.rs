//! Rows out of Parquet files.

use super::reader::{Numbered, Row, Rows};
use crate::guard::guarded;
use crate::{Error, Result};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use serde_json::Value;
use std::fs::File;

/// How many times larger than the file its rows may say they are: text compresses to a tenth or so.
const MOST_EXPANSION: u64 = 100;
const SMALL: u64 = 64 << 20;

/// Every row with its number, from 1. A column of texts, numbers or truth values becomes one of JSON.
pub fn rows(file: File) -> Result<Rows> {
    let mut rows = whole(|| open(file))?;
    let mut number = 0;
    let mut next = move || -> Result<Option<Numbered>> {
        let Some(row) = rows.next().transpose().map_err(damaged)? else { return Ok(None) };
        number += 1;
        let row = row.get_column_iter().map(|(name, field)| Ok((name.clone(), value(field)?)));
        let row: Result<Row> = row.collect();
        Ok(Some((number, row.map_err(|e| e.at(format!("row {number}")))?)))
    };
    let mut broken = false;
    Ok(Box::new(std::iter::from_fn(move || {
        let row = (!broken).then(|| whole(&mut next))?;
        broken = row.is_err();
        row.transpose()
    })))
}

/// A cell. A number of 32 bits is the decimal it was written as, not that of its 64 bits; bytes are
/// text.
fn value(field: &Field) -> Result<Value> {
    Ok(match field {
        Field::Float(number) => number.to_string().parse::<f64>().map_or(Value::Null, Value::from),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data())
            .map_err(|_| Error::new("a column of bytes is no text"))?
            .into(),
        other => other.to_json_value(),
    })
}

/// The library checks little of what a damaged file says.
fn whole<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded(read).map_err(|e| match e.to_string().contains("Disabled feature") {
        true => Error::new("it is compressed in a way that is not read")
            .hint("uncompressed, snappy, gzip and zstd are: write it again so"),
        false => e.hint("is it a whole Parquet file? fetch or copy it again"),
    })
}

fn open(file: File) -> Result<RowIter<'static>> {
    let most = file.metadata()?.len().saturating_mul(MOST_EXPANSION).saturating_add(SMALL);
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let groups = reader.metadata().row_groups().iter();
    let sizes = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    if sizes.fold(0, u64::saturating_add) > most {
        return Err(Error::new("it says that it holds far more than it can"));
    }
    Ok(reader.into_iter())
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
        assert!(value(&Field::Bytes(ByteArray::from(vec![0xff]))).is_err());
    }
}
