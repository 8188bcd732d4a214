//! The settings of a run, by the names that users know.

use serde_json::{Map, Value};

/// Large entries that are not settings.
const LEFT_OUT: [&str; 17] = [
    "format",
    "library",
    "asked_steps",
    "non_finite_tries",
    "checkpoints",
    "control",
    "script",
    "tasks.sources",
    "tasks.rows",
    "tasks.forms",
    "tasks.files",
    "stages",
    "parameters",
    "backbone.config",
    "from.rows",
    "from.sources",
    "args",
];
/// Short names of common settings.
const SHORT: [(&str, &str); 7] = [
    ("method.name", "method"),
    ("backbone.name", "backbone"),
    ("tasks.set", "tasks"),
    ("tasks.shots", "shots"),
    ("tasks.per", "per"),
    ("tasks.seed", "data_seed"),
    ("tasks.split_seed", "split_seed"),
];

/// The resolved configuration, flat: `method.length`, and short names for the common settings.
pub fn flat(config: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    flatten("", config, &mut flat);
    flat
}

fn flatten(name: &str, value: &Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                if !LEFT_OUT.contains(&full.as_str()) {
                    flatten(&full, value, flat);
                }
            }
        }
        Value::Null => {}
        value => {
            let short = SHORT.iter().find(|(long, _)| *long == name).map_or(name, |short| short.1);
            flat.insert(short.to_string(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_have_short_names_and_bulky_parts_are_none() {
        let config = json!({
            "method": { "name": "a", "lr": { "router": 0.1 } }, "tasks": { "rows": { "x": "1" }, "shots": 8 },
            "epochs": null, "seed": 1,
        });
        let wanted = json!({ "method": "a", "method.lr.router": 0.1, "shots": 8, "seed": 1 });
        assert_eq!(Value::Object(flat(&config)), wanted);
    }
}
