//! The parts of the small records that lists of runs read.

use crate::records::shape;
use crate::{Error, Result};
use compt_base::files::bounded;
use compt_error::Context;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub const TAGS: &str = "tags.json";

/// The parts of `result.json` that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ResultHead {
    pub method: Value,
    pub backbone: Value,
    pub shots: Value,
    pub per: Value,
    pub seed: Value,
    pub average: Option<f64>,
    pub steps: Option<u64>,
    pub seconds: Option<f64>,
    pub error: Option<String>,
    pub interrupted: bool,
}

/// The parts of `cell.json` that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CellHead {
    pub settings: Option<Map<String, Value>>,
    pub outcome: Option<String>,
    pub error: Option<String>,
    pub seconds: Option<f64>,
    pub average: Option<f64>,
}

/// The tags of a run. Errors: as in [`head`].
pub fn tags(folder: &Path) -> Result<Vec<String>> {
    Ok(head(folder, TAGS, shape::tags)?.unwrap_or_default())
}

/// The parsed head of a record, or `None` if the file does not exist.
/// Errors: it cannot be read, or has another content than compt writes.
pub fn head<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
    check: fn(&Value) -> Result<()>,
) -> Result<Option<T>> {
    let path = folder.join(name);
    match fs::metadata(&path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        found => found.at(name)?,
    };
    let text = bounded::read(&path, bounded::JSON)?;
    let value: Value =
        serde_json::from_slice(&text).map_err(|e| Error::new(e.to_string()).at(name))?;
    check(&value).at(name)?;
    serde_json::from_value(value).map(Some).map_err(|e| Error::new(e.to_string()).at(name))
}

/// Checks that a record is an object, if it exists. Errors: it cannot be read, or is something else.
pub fn check_object(folder: &Path, name: &str) -> Result<()> {
    let path = folder.join(name);
    let text = match bounded::read(&path, bounded::JSON) {
        Err(_) if !path.exists() => return Ok(()),
        read => read?,
    };
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(&text)
        .map(drop)
        .map_err(|e| Error::new(e.to_string()).at(name))
}
