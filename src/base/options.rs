//! Options as plain data (JSON): an unknown key, or a value of another type, is an error
//! that names the option.

use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use std::fmt::Display;

/// The options of one call, or of a part of a specification.
pub struct Options<'a> {
    place: String,
    map: &'a Map<String, Value>,
    known: &'a [&'static str],
}

impl<'a> Options<'a> {
    /// `place` is the prefix of messages, `known` lists all valid keys.
    ///
    /// # Errors
    ///
    /// An unknown key; the nearest known one is named.
    pub fn new(
        place: impl Display,
        map: &'a Map<String, Value>,
        known: &'a [&'static str],
    ) -> Result<Self> {
        let place = place.to_string();
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Error::unknown("option", key, known.iter().copied()).at(place)),
            None => Ok(Options { place, map, known }),
        }
    }

    /// An optional option; null means absent.
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn get<T: Read>(&self, key: &str) -> Result<Option<T>> {
        debug_assert!(self.known.contains(&key), "'{key}' is not among the known options");
        let Some(value) = self.map.get(key).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        T::read(value).map(Some).map_err(|misfit| {
            let error = self.error(format!("option '{key}' {}", misfit.what));
            match misfit.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        })
    }

    /// An option with a default; errors as in `get`.
    pub fn get_or<T: Read>(&self, key: &str, default: T) -> Result<T> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// A required option.
    ///
    /// # Errors
    ///
    /// It is absent; or as in `get`.
    pub fn need<T: Read>(&self, key: &str) -> Result<T> {
        self.get(key)?.ok_or_else(|| self.error(format!("option '{key}' is missing")))
    }

    /// An option whose value is one of several names, with the function that parses them.
    ///
    /// # Errors
    ///
    /// The value is not a string, or `parse` fails.
    pub fn named<T>(&self, key: &str, default: T, parse: fn(&str) -> Result<T>) -> Result<T> {
        match self.get::<String>(key)? {
            Some(name) => parse(&name).map_err(|e| e.at(&self.place)),
            None => Ok(default),
        }
    }

    /// An error of these options.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::new(what).at(&self.place)
    }

    /// An error of one of these options.
    pub fn of(&self, key: &str, error: Error) -> Error {
        error.at(key).at(&self.place)
    }

    /// Checks an option; `wanted` describes valid values.
    ///
    /// # Errors
    ///
    /// `fits` is false.
    pub fn check(&self, key: &str, fits: bool, wanted: &str) -> Result<()> {
        match fits {
            true => Ok(()),
            false => {
                let got = self.map.get(key).map_or("nothing".to_string(), Value::to_string);
                Err(self.error(format!("option '{key}' must be {wanted}, got {got}")))
            }
        }
    }
}

/// The reason why a value has the wrong type: the end of a sentence that begins with the option's name.
pub struct Misfit {
    what: String,
    hint: Option<String>,
}

/// A type of option values.
pub trait Read: Sized {
    /// The name of the type in messages.
    const NOUN: &'static str;

    fn of(value: &Value) -> Option<Self>;

    fn read(value: &Value) -> std::result::Result<Self, Misfit> {
        Self::of(value).ok_or_else(|| wrong(Self::NOUN, value))
    }
}

/// The error for a value that is not a `noun`.
fn wrong(noun: &str, value: &Value) -> Misfit {
    let got = match value {
        Value::Number(number) => number.to_string(),
        other => format!("a {}", kind(other)),
    };
    let means = |text: &str| match noun {
        "boolean" => crate::word::truth(text).map(|truth| truth.to_string()),
        "number" | "whole number" => text.trim().parse::<f64>().ok().map(|_| text.trim().into()),
        _ => None,
    };
    let hint = value.as_str().and_then(|text| {
        let value = means(text)?;
        Some(format!("\"{text}\" in quotes is a string: write {value}"))
    });
    Misfit { what: format!("must be a {noun}, got {got}"), hint }
}

/// The type of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) | Value::Object(_) => "table",
    }
}

/// An integer, also if it is written with a decimal point.
fn whole(value: &Value) -> Option<i64> {
    // Beyond 2^53 not every integer is a double.
    let exact = |x: &f64| x.fract() == 0.0 && x.abs() <= (1i64 << 53) as f64;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(|x| x as i64))
}

impl Read for f64 {
    const NOUN: &'static str = "number";

    fn of(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

impl Read for i64 {
    const NOUN: &'static str = "whole number";

    fn of(value: &Value) -> Option<Self> {
        whole(value)
    }
}

impl Read for usize {
    const NOUN: &'static str = "whole number";

    fn of(value: &Value) -> Option<Self> {
        whole(value)?.try_into().ok()
    }
}

impl Read for bool {
    const NOUN: &'static str = "boolean";

    fn of(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for String {
    const NOUN: &'static str = "string";

    fn of(value: &Value) -> Option<Self> {
        value.as_str().map(String::from)
    }
}

impl Read for Value {
    const NOUN: &'static str = "value";

    fn of(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Read for Map<String, Value> {
    const NOUN: &'static str = "table";

    fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

impl<T: Read> Read for Vec<T> {
    const NOUN: &'static str = "list without names";

    fn of(value: &Value) -> Option<Self> {
        Self::read(value).ok()
    }

    fn read(value: &Value) -> std::result::Result<Self, Misfit> {
        let list = match value {
            Value::Array(list) => list,
            // Lua does not distinguish an empty list from an empty table.
            Value::Object(map) if map.is_empty() => return Ok(Vec::new()),
            other => return Err(wrong(Self::NOUN, other)),
        };
        let entry = |entry: &Value| {
            T::of(entry).ok_or_else(|| Misfit {
                what: format!("must have a {} as every element, not a {}", T::NOUN, kind(entry)),
                hint: None,
            })
        };
        list.iter().map(entry).collect()
    }
}

/// A variant with its options: `"adamw"`, or
/// `{ "kind": "adamw", "eps": 1e-6 }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub kind: String,
    pub options: Map<String, Value>,
}

/// An entry of a registry: a name, its options, and its constructor.
pub struct Registered<Make: 'static> {
    pub name: &'static str,
    pub options: &'static [&'static str],
    pub make: Make,
}

impl Variant {
    /// A variant with default options.
    pub fn of(kind: &str) -> Self {
        Variant { kind: kind.to_string(), options: Map::new() }
    }

    /// `what` is the name in messages; `default` the kind of a table without `kind`.
    ///
    /// # Errors
    ///
    /// The value is neither a name nor a table; a table has no `kind`, and there is no default.
    pub fn read(value: &Value, what: &str, default: Option<&str>) -> Result<Self> {
        match value {
            Value::String(kind) => Ok(Variant::of(kind)),
            Value::Object(map) => {
                let mut options = map.clone();
                let kind = match (options.shift_remove("kind"), default) {
                    (None | Some(Value::Null), Some(default)) => default.to_string(),
                    (None | Some(Value::Null), None) => {
                        return Err(Error::new("option 'kind' is missing").at(what));
                    }
                    (Some(kind), _) => String::read(&kind)
                        .map_err(|e| Error::new(format!("option 'kind' {}", e.what)).at(what))?,
                };
                Ok(Variant { kind, options })
            }
            other => Err(Error::new(format!(
                "'{what}' must be a name or a table of options, not a {}",
                kind(other)
            ))),
        }
    }

    /// The registry entry of this kind, and the options.
    ///
    /// # Errors
    ///
    /// An unknown kind or option; the nearest known one is named.
    pub fn among<'a, Make>(
        &'a self,
        what: &str,
        kinds: &'static [Registered<Make>],
    ) -> Result<(&'static Registered<Make>, Options<'a>)> {
        let line = kinds.iter().find(|line| line.name == self.kind);
        let names = kinds.iter().map(|line| line.name);
        let line = line.ok_or_else(|| Error::unknown(what, &self.kind, names))?;
        let place = format!("{what} '{}'", self.kind);
        Ok((line, Options::new(place, &self.options, line.options)?))
    }
}

impl Serialize for Variant {
    /// The name alone if there are no options.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.options.is_empty() {
            return serializer.serialize_str(&self.kind);
        }
        let mut map = Map::from_iter([("kind".to_string(), Value::from(self.kind.as_str()))]);
        map.extend(self.options.clone());
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Variant::read(&value, "kind", None).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let map = map(json!({ "bond": 1 }));
        let text = Options::new("router 'free'", &map, &["bound", "eval"]).err().unwrap();
        assert_eq!(
            text.to_string(),
            "router 'free': unknown option 'bond'\n  help: did you mean 'bound'? Known: bound, eval"
        );
    }

    #[test]
    fn a_wrong_type_names_the_option_and_what_it_is() {
        let map = map(json!({ "a": "x", "b": 0, "c": { "rte": true }, "d": ["a", {}], "e": 1.5,
            "f": "False", "g": "0.5", "h": -1, "i": null, "j": 2.0 }));
        let known = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        let o = Options::new("call", &map, &known).unwrap();
        fn text<T>(found: Result<T>) -> String {
            found.err().unwrap().to_string()
        }
        assert_eq!(text(o.get::<f64>("a")), "call: option 'a' must be a number, got a string");
        assert_eq!(
            text(o.get::<usize>("a")),
            "call: option 'a' must be a whole number, got a string"
        );
        assert_eq!(text(o.get::<bool>("b")), "call: option 'b' must be a boolean, got 0");
        let list = text(o.get::<Vec<String>>("c"));
        assert_eq!(list, "call: option 'c' must be a list without names, got a table");
        let list = text(o.get::<Vec<String>>("d"));
        assert_eq!(list, "call: option 'd' must have a string as every element, not a table");
        assert_eq!(text(o.get::<i64>("e")), "call: option 'e' must be a whole number, got 1.5");
        let quoted = text(o.get::<bool>("f"));
        assert!(quoted.ends_with("\"False\" in quotes is a string: write false"), "{quoted}");
        let quoted = text(o.get::<f64>("g"));
        assert!(quoted.ends_with("\"0.5\" in quotes is a string: write 0.5"), "{quoted}");
        assert_eq!(text(o.get::<usize>("h")), "call: option 'h' must be a whole number, got -1");
        assert_eq!(o.get::<i64>("i").unwrap(), None);
        assert_eq!(o.get::<i64>("j").unwrap(), Some(2));
        assert_eq!(text(o.need::<i64>("k")), "call: option 'k' is missing");
    }

    #[test]
    fn a_kind_is_a_name_or_a_table() {
        for value in [json!("free"), json!({ "kind": "free", "bound": 0.5 })] {
            let variant = Variant::read(&value, "router", None).unwrap();
            assert_eq!(variant.kind, "free");
            assert_eq!(serde_json::to_value(&variant).unwrap(), value);
            assert_eq!(serde_json::from_value::<Variant>(value).unwrap(), variant);
        }
        let read = |value| Variant::read(&value, "router", None).unwrap_err().to_string();
        assert_eq!(read(json!(1)), "'router' must be a name or a table of options, not a number");
        assert_eq!(read(json!({})), "router: option 'kind' is missing");
        assert_eq!(read(json!({ "kind": 1 })), "router: option 'kind' must be a string, got 1");
        assert_eq!(Variant::read(&json!({}), "encoder", Some("mlp")).unwrap(), Variant::of("mlp"));
    }
}
