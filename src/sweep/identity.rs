//! What a cell is made of, as one hash: the same hash, the same numbers.

use crate::Result;
use crate::error::Context;
use crate::run::source::{fingerprint, sha256};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Hexadecimal digits of an id: 2^48 ids are enough for 100,000 cells (a collision in 60,000 grids).
const DIGITS: usize = 12;

/// Everything that decides what a cell's run gives.
#[derive(Debug, Clone)]
pub struct Basis {
    pub settings: Map<String, Value>,
    /// The SHA-256 of the code that runs it.
    pub code: Arc<str>,
    /// The content of each file or folder its settings name.
    pub data: BTreeMap<String, String>,
    /// The SHA-256 of the program.
    pub binary: Arc<str>,
    /// What else of the session counts: the values of `--set`, the seed, the device.
    pub session: Arc<Value>,
}

impl Basis {
    /// The name of what all this gives.
    pub fn id(&self) -> String {
        let whole = json!({
            "settings": canonical(&Value::Object(self.settings.clone())),
            "code": *self.code, "data": self.data, "binary": *self.binary,
            "session": canonical(&self.session),
        });
        sha256(whole.to_string().as_bytes())[..DIGITS].to_string()
    }
}

/// With sorted keys; 30 and 30.0 are the same number.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, canonical(value))).collect();
            json!(sorted)
        }
        Value::Array(list) => list.iter().map(canonical).collect(),
        Value::Number(n) => match n.as_f64() {
            Some(x) if x.fract() == 0.0 && x.abs() < 9e15 => json!(x as i64),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

/// The fingerprint of a file, or of all files below a folder but for one folder.
pub fn contents(path: &Path, without: &Path) -> Result<String> {
    let mut files = Vec::new();
    walk(path, &std::path::absolute(without).at(without.display())?, &mut files)
        .at(path.display())?;
    files.sort();
    fingerprint(&files).at(path.display())
}

fn walk(path: &Path, without: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if std::path::absolute(path)? == without {
        return Ok(());
    }
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        walk(&entry?.path(), without, files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(settings: Value) -> Basis {
        let settings = settings.as_object().unwrap().clone();
        Basis {
            settings,
            code: "c".into(),
            data: BTreeMap::new(),
            binary: "b".into(),
            session: Arc::default(),
        }
    }

    #[test]
    fn the_id_follows_from_what_the_cell_is_made_of() {
        let one = basis(json!({ "method": "ssum", "shots": 8 }));
        assert_eq!(one.id().len(), DIGITS);
        assert_eq!(one.id(), basis(json!({ "shots": 8.0, "method": "ssum" })).id());
        assert_ne!(one.id(), basis(json!({ "method": "ssum", "shots": 16 })).id());
        assert_ne!(one.id(), Basis { code: "d".into(), ..one.clone() }.id());
        assert_ne!(one.id(), Basis { binary: "d".into(), ..one.clone() }.id());
        let data = BTreeMap::from([("rows.csv".to_string(), "1".to_string())]);
        assert_ne!(one.id(), Basis { data, ..one.clone() }.id());
    }

    #[test]
    fn a_folder_has_the_content_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        let file = folder.path().join("a/rows.csv");
        std::fs::write(&file, "1").unwrap();
        let out = folder.path().join("runs");
        let of = || contents(folder.path(), &out).unwrap();
        let before = of();
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("result.json"), "1").unwrap();
        assert_eq!(of(), before);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(of(), before);
    }
}
