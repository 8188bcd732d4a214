//! Access to a configuration's keys. A value of another type is an error that names the key.

use crate::{Error, Result};
use serde_json::{Map, Value};

pub struct Keys<'a>(pub &'a Map<String, Value>);

impl Keys<'_> {
    /// The value of a key; `None` if it is absent.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Whether a key has an effect: it is not null, not false and not empty.
    pub fn is_on(&self, key: &str) -> bool {
        match self.value(key) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Object(map)) => !map.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        }
    }

    fn read<T>(
        &self,
        key: &str,
        what: &str,
        as_type: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let read = as_type(value).map(Some);
        read.ok_or_else(|| Error::new(format!("'{key}' must be {what}, not {}", short(value))))
    }

    pub fn integer(&self, key: &str) -> Result<Option<i64>> {
        self.read(key, "a whole number", Value::as_i64)
    }

    /// Like `integer`, with null treated as absent.
    pub fn integer_or_null(&self, key: &str) -> Result<Option<i64>> {
        match self.value(key) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(key),
        }
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>> {
        self.read(key, "a number", Value::as_f64)
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub fn text(&self, key: &str) -> Result<Option<String>> {
        self.read(key, "a text", |value| value.as_str().map(str::to_string))
    }

    /// A list of strings; null is an empty list.
    pub fn texts(&self, key: &str) -> Result<Vec<String>> {
        let list = self.read(key, "a list of strings", |value| match value {
            Value::Null => Some(Vec::new()),
            Value::Array(list) => {
                list.iter().map(|item| item.as_str().map(str::to_string)).collect()
            }
            _ => None,
        });
        Ok(list?.unwrap_or_default())
    }
}

/// The beginning of a value, for a message.
fn short(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}
