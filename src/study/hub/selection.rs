//! Selects the required files of a repository, and those that match a pattern.

use crate::{Error, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// The files that a T5 may have besides its configuration and weights.
const BESIDE: [&str; 6] = [
    "tokenizer.json",
    "spiece.model",
    "added_tokens.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
];
const CONFIG: &str = "config.json";
/// The formats of weights in order of preference: the single file, the index of shards, and the start
/// and end of a shard's name.
const WEIGHTS: [(&str, &str, &str, &str); 2] = [
    ("model.safetensors", "model.safetensors.index.json", "model-", ".safetensors"),
    ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-", ".bin"),
];

/// The files of a T5: configuration, weights in the preferred available format, tokenizer.
/// Errors: no configuration, no known format of weights, or missing shards.
pub fn model_files(names: &[String]) -> Result<Vec<String>> {
    let there = |name: &str| names.iter().any(|n| n == name);
    if !there(CONFIG) {
        return Err(Error::new(format!("no {CONFIG}: it is not a model that can be loaded"))
            .hint(format!("there are: {}", some_of(names))));
    }
    let mut picked = vec![CONFIG.to_string()];
    picked.extend(weights(names)?);
    picked.extend(BESIDE.into_iter().filter(|name| there(name)).map(str::to_string));
    Ok(picked)
}

fn weights(names: &[String]) -> Result<Vec<String>> {
    let there = |name: &str| names.iter().any(|n| n == name);
    for (whole, index, start, end) in WEIGHTS {
        if there(whole) {
            return Ok(vec![whole.to_string()]);
        }
        if there(index) {
            let mut picked = vec![index.to_string()];
            picked.extend(shards(names, start, end)?);
            return Ok(picked);
        }
    }
    let known: Vec<&str> = WEIGHTS.iter().map(|form| form.0).collect();
    Err(Error::new(format!("no weights in a form that can be loaded: no {}", known.join(", no ")))
        .hint(format!("there are: {}", some_of(names))))
}

/// `model-00001-of-00002.safetensors` and the others of its series.
fn shards(names: &[String], start: &str, end: &str) -> Result<Vec<String>> {
    let numbers = |name: &str| -> Option<(usize, usize)> {
        let (number, of) = name.strip_prefix(start)?.strip_suffix(end)?.split_once("-of-")?;
        Some((number.parse().ok()?, of.parse().ok()?))
    };
    let found: Vec<(&String, (usize, usize))> =
        names.iter().filter_map(|name| Some((name, numbers(name)?))).collect();
    let total = found.iter().map(|(_, (_, of))| *of).max().unwrap_or(0);
    let have: BTreeSet<usize> =
        found.iter().filter(|(_, (_, of))| *of == total).map(|(_, (number, _))| *number).collect();
    if total == 0 || have.len() != total || have.last() != Some(&total) {
        let what = format!("{} of {total} shards {start}*{end} are there", have.len());
        return Err(Error::new(what));
    }
    let series = found.into_iter().filter(|(_, (_, of))| *of == total);
    Ok(series.map(|(name, _)| name.clone()).collect())
}

/// The files of a T5 that are missing in a folder.
pub fn model_missing(folder: &Path) -> Vec<String> {
    let missing = |name: &str| !folder.join(name).is_file();
    let mut lacks = Vec::new();
    if missing(CONFIG) {
        lacks.push(CONFIG.to_string());
    }
    let form = WEIGHTS.iter().find(|form| !missing(form.0) || !missing(form.1));
    match form {
        None => lacks.push(WEIGHTS[0].0.to_string()),
        Some((whole, ..)) if !missing(whole) => {}
        Some((_, index, ..)) => lacks
            .extend(shards_of_index(&folder.join(index)).into_iter().filter(|name| missing(name))),
    }
    // ByT5 has no vocabulary file, only a tokenizer_config.json.
    if ["tokenizer.json", "spiece.model", "tokenizer_config.json"].into_iter().all(missing) {
        lacks.push("spiece.model".to_string());
    }
    lacks
}

fn shards_of_index(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read(path).unwrap_or_default();
    let index: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let map = index["weight_map"].as_object();
    map.into_iter().flatten().filter_map(|(_, file)| file.as_str().map(str::to_string)).collect()
}

/// The names that match one of the patterns; `*` matches any characters, `?` one.
/// Errors: a pattern matches no name.
pub fn included(names: &[String], patterns: &[String]) -> Result<Vec<String>> {
    for pattern in patterns {
        if !names.iter().any(|name| fits(pattern, name)) {
            return Err(Error::new(format!("no file matches '{pattern}'"))
                .hint(format!("there are: {}", some_of(names))));
        }
    }
    let wanted = |name: &&String| patterns.iter().any(|pattern| fits(pattern, name));
    Ok(names.iter().filter(wanted).cloned().collect())
}

fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    // The position of the last star, and the length of the name up to its end.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    (p, n) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

fn some_of(names: &[String]) -> String {
    let mut text = names.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => text.push_str("no files"),
        13.. => text.push_str(", ..."),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_string).collect()
    }

    #[test]
    fn the_best_form_of_the_weights_is_picked() {
        let small = "config.json flax_model.msgpack model.safetensors pytorch_model.bin \
                     rust_model.ot spiece.model tf_model.h5 tokenizer.json README.md";
        let picked = model_files(&names(small)).unwrap();
        assert_eq!(picked, names("config.json model.safetensors tokenizer.json spiece.model"));
        let v1_1 = "config.json pytorch_model.bin spiece.model special_tokens_map.json";
        let picked = model_files(&names(v1_1)).unwrap();
        assert_eq!(
            picked,
            names("config.json pytorch_model.bin spiece.model special_tokens_map.json")
        );
        let xl = "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors \
                  model.safetensors.index.json pytorch_model-00001-of-00002.bin";
        assert_eq!(
            model_files(&names(xl)).unwrap(),
            names(
                "config.json model.safetensors.index.json model-00001-of-00002.safetensors \
                 model-00002-of-00002.safetensors"
            )
        );
    }

    #[test]
    fn what_cannot_be_loaded_says_what_there_is() {
        let e = model_files(&names("config.json tf_model.h5")).unwrap_err().to_string();
        assert!(e.contains("no weights") && e.contains("tf_model.h5"), "{e}");
        let e = model_files(&names("README.md")).unwrap_err().to_string();
        assert!(e.contains("no config.json"), "{e}");
        let shards = "config.json model.safetensors.index.json model-00001-of-00002.safetensors";
        let e = model_files(&names(shards)).unwrap_err().to_string();
        assert!(e.contains("1 of 2 shards"), "{e}");
    }

    #[test]
    fn a_folder_tells_what_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let lacks = || model_missing(folder.path());
        assert_eq!(lacks(), ["config.json", "model.safetensors", "spiece.model"]);
        write("config.json", "{}");
        write("tokenizer.json", "{}");
        write("model.safetensors.index.json", r#"{"weight_map":{"a":"x.safetensors"}}"#);
        assert_eq!(lacks(), ["x.safetensors"]);
        write("x.safetensors", "");
        assert_eq!(lacks(), Vec::<String>::new());
    }

    #[test]
    fn patterns_fit_as_in_a_shell_across_folders() {
        for (pattern, name, fitting) in [
            ("*.json", "a/b.json", true),
            ("data/*", "data/x/y", true),
            ("data/*", "database", false),
            ("t?st", "test", true),
            ("t?st", "tst", false),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbx", false),
            ("x", "x", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
        }
        let e = included(&names("a.csv b.csv"), &names("*.json")).unwrap_err().to_string();
        assert!(e.contains("there are: a.csv, b.csv"), "{e}");
    }
}
