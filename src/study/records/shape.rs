//! The shapes of a run's records, which editors, other programs and full disks may have changed.

use crate::{Error, Result};
use serde_json::{Map, Value};

type Check = fn(&Value) -> std::result::Result<(), Wrong>;

/// A value of another kind: the path to it, from its end, and the expected kind.
struct Wrong {
    path: Vec<String>,
    expected: &'static str,
    found: &'static str,
}

/// The known keys of `result.json`. Errors: the key that has a value of another kind.
pub fn result(value: &Value) -> Result<()> {
    told(
        value,
        &[
            ("method", text),
            ("name", text),
            ("backbone", text),
            ("tasks", texts),
            ("shots", number),
            ("per", text),
            ("seed", whole),
            ("data_seed", whole),
            ("steps", whole),
            ("seconds", number),
            ("average", number),
            ("interrupted", flag),
            ("error", text),
            ("scores", scores),
            ("counts", numbers),
            ("evaluations", evaluations),
        ],
    )
}

/// The known keys of `cell.json`, apart from `values`, which a script may choose. Errors: as in `result`.
pub fn cell(value: &Value) -> Result<()> {
    told(
        value,
        &[
            ("id", text),
            ("settings", object),
            ("outcome", text),
            ("error", text),
            ("seconds", number),
            ("ended", number),
            ("average", number),
            ("by", text),
            ("output", text),
            ("data", object),
            ("code_sha256", text),
        ],
    )
}

/// `config.json` and `environment.json`: any keys. Errors: it is not an object.
pub fn settings(value: &Value) -> Result<()> {
    told(value, &[])
}

/// A line of `metrics.jsonl`. Errors: as in `result`.
pub fn step(value: &Value) -> Result<()> {
    told(
        value,
        &[
            ("step", given_whole),
            ("loss", number),
            ("grad_norm", number),
            ("temperature", number),
            ("seconds", number),
            ("lr", numbers),
            ("knobs", object),
        ],
    )
}

/// A line of `evaluations.jsonl`. Errors: as in `result`.
pub fn evaluation(value: &Value) -> Result<()> {
    told(value, &[("step", given_whole), ("average", number), ("scores", object)])
}

/// `tags.json`. Errors: it is not a list of texts.
pub fn tags(value: &Value) -> Result<()> {
    texts(value).map_err(Wrong::told)
}

fn told(value: &Value, keys: &[(&str, Check)]) -> Result<()> {
    let read = || {
        let Value::Object(map) = value else { return Err(wrong("an object", value)) };
        known(map, keys)
    };
    read().map_err(Wrong::told)
}

fn known(map: &Map<String, Value>, keys: &[(&str, Check)]) -> std::result::Result<(), Wrong> {
    keys.iter().try_for_each(|(key, check)| {
        check(map.get(*key).unwrap_or(&Value::Null)).map_err(|wrong| wrong.below(key))
    })
}

impl Wrong {
    fn below(mut self, key: &str) -> Wrong {
        self.path.push(key.to_string());
        self
    }

    /// `scores.rte.accuracy: expected a number, found text`
    fn told(self) -> Error {
        let Wrong { mut path, expected, found } = self;
        path.reverse();
        let error = Error::new(format!("expected {expected}, found {found}"));
        if path.is_empty() { error } else { error.at(path.join(".")) }
    }
}

fn wrong(expected: &'static str, found: &Value) -> Wrong {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "another number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Wrong { path: Vec::new(), expected, found }
}

fn if_true(is: bool, expected: &'static str, value: &Value) -> std::result::Result<(), Wrong> {
    if is { Ok(()) } else { Err(wrong(expected, value)) }
}

fn text(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_string() || value.is_null(), "text", value)
}

fn number(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_number() || value.is_null(), "a number", value)
}

fn given_whole(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_u64(), "a whole number", value)
}

fn whole(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_u64() || value.is_null(), "a whole number", value)
}

fn flag(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_boolean() || value.is_null(), "true or false", value)
}

fn object(value: &Value) -> std::result::Result<(), Wrong> {
    if_true(value.is_object() || value.is_null(), "an object", value)
}

fn texts(value: &Value) -> std::result::Result<(), Wrong> {
    each_in_list(value, "a list of texts", |value| if_true(value.is_string(), "text", value))
}

fn numbers(value: &Value) -> std::result::Result<(), Wrong> {
    each_by_name(value, "an object of numbers", number)
}

fn scores(value: &Value) -> std::result::Result<(), Wrong> {
    each_by_name(value, "the scores of each task by metric", |metrics| {
        if_true(metrics.is_object(), "numbers by metric", metrics)?;
        numbers(metrics)
    })
}

fn evaluations(value: &Value) -> std::result::Result<(), Wrong> {
    each_in_list(value, "a list of evaluations", |found| {
        let Value::Object(map) = found else { return Err(wrong("an evaluation", found)) };
        let keys: [(&str, Check); 4] =
            [("only", text), ("without", text), ("scores", scores), ("average", number)];
        known(map, &keys)
    })
}

fn each_in_list(
    value: &Value,
    expected: &'static str,
    check: Check,
) -> std::result::Result<(), Wrong> {
    if_true(value.is_array() || value.is_null(), expected, value)?;
    let items = value.as_array().into_iter().flatten().enumerate();
    items
        .into_iter()
        .try_for_each(|(i, item)| check(item).map_err(|wrong| wrong.below(&(i + 1).to_string())))
}

fn each_by_name(
    value: &Value,
    expected: &'static str,
    check: Check,
) -> std::result::Result<(), Wrong> {
    if_true(value.is_object() || value.is_null(), expected, value)?;
    let items = value.as_object().into_iter().flatten();
    items.into_iter().try_for_each(|(name, item)| check(item).map_err(|wrong| wrong.below(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_another_kind_is_named_by_its_path() {
        let told = |value: Value| result(&value).err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(told(json!({ "steps": 3, "scores": { "a": { "f1": 0.5, "x": null } } })), "");
        assert_eq!(told(json!({ "evaluations": [{ "only": "src0", "scores": {} }] })), "");
        for (value, text) in [
            (json!([1]), "expected an object, found a list"),
            (json!({ "scores": 5 }), "scores: expected the scores of each task by metric, found "),
            (json!({ "scores": { "a": 5 } }), "scores.a: expected numbers by metric, found "),
            (
                json!({ "scores": { "a": { "f1": "x" } } }),
                "scores.a.f1: expected a number, found text",
            ),
            (json!({ "evaluations": [1] }), "evaluations.1: expected an evaluation, found "),
            (json!({ "steps": -1 }), "steps: expected a whole number, found another number"),
            (json!({ "tasks": ["a", null] }), "tasks.2: expected text, found nothing"),
        ] {
            let found = told(value);
            assert!(found.starts_with(text), "{found}");
        }
        assert!(step(&json!({ "loss": 1 })).is_err() && step(&json!({ "step": 1 })).is_ok());
    }
}
