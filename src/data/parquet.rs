//! Rows out of Parquet files.

use super::Row;
use crate::{Error, Result};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many times larger than the file its rows may say they are: text compresses to a tenth or so.
const MOST_EXPANSION: u64 = 100;
const SMALL: u64 = 64 << 20;

/// Every row with its number, from 1. A column of texts, numbers or truth values becomes one of JSON.
pub fn rows(file: File) -> Result<Vec<(usize, Row)>> {
    // The library checks little of what a damaged file says.
    catch_unwind(AssertUnwindSafe(|| read(file)))
        .unwrap_or_else(|_| Err(Error::new("it cannot be read")))
        .map_err(|e| e.hint("is it a whole Parquet file? fetch or copy it again"))
}

fn read(file: File) -> Result<Vec<(usize, Row)>> {
    let most = file.metadata()?.len().saturating_mul(MOST_EXPANSION).saturating_add(SMALL);
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let groups = reader.metadata().row_groups().iter();
    let sizes = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    if sizes.fold(0, u64::saturating_add) > most {
        return Err(Error::new("it says that it holds far more than it can"));
    }
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).map_err(damaged)? {
        if let Value::Object(row) = row.map_err(damaged)?.to_json_value() {
            rows.push((rows.len() + 1, row));
        }
    }
    Ok(rows)
}

fn damaged(error: ParquetError) -> Error {
    Error::new(error.to_string())
}
