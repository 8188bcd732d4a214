//! What a page shows, in parts with versions, so that an open page is sent only what has changed.

use std::collections::BTreeMap;

/// The parts of a page, each as JSON: the runs in their order, and the rest by name.
#[derive(Default)]
pub struct Parts {
    pub rest: Vec<(String, String)>,
    pub runs: Vec<(String, String)>,
}

/// The newest parts, and when each of them changed.
#[derive(Default)]
pub struct Live {
    version: u64,
    rest: BTreeMap<String, Versioned>,
    runs: BTreeMap<String, Versioned>,
    /// The ids of the runs, and when this list changed.
    order: (u64, Vec<String>),
}

struct Versioned {
    version: u64,
    json: String,
}

impl Live {
    /// Replaces all runs, and the other parts that are given. Runs that are no longer there are forgotten.
    pub fn publish(&mut self, parts: Parts) {
        let version = self.version + 1;
        let order: Vec<String> = parts.runs.iter().map(|(id, _)| id.clone()).collect();
        let before = std::mem::take(&mut self.runs);
        for (id, json) in parts.runs {
            let same = before.get(&id).filter(|same| same.json == json).map(|same| same.version);
            self.version = if same.is_none() { version } else { self.version };
            self.runs.insert(id, Versioned { version: same.unwrap_or(version), json });
        }
        if order != self.order.1 {
            (self.order, self.version) = ((version, order), version);
        }
        for (name, json) in parts.rest {
            self.set_at(version, &name, json);
        }
    }

    /// Replaces one part that is no run.
    pub fn set(&mut self, name: &str, json: String) {
        self.set_at(self.version + 1, name, json);
    }

    fn set_at(&mut self, version: u64, name: &str, json: String) {
        if self.rest.get(name).is_none_or(|before| before.json != json) {
            self.version = version;
            self.rest.insert(name.to_string(), Versioned { version, json });
        }
    }

    /// What has changed since a version, as JSON: `{ version, order, runs, NAME = part }`, each only where it is
    /// new; `None`: nothing has. A page that has seen nothing has version 0.
    pub fn since(&self, version: u64) -> Option<String> {
        if version == self.version {
            return None;
        }
        // A later version is that of another process.
        let version = if version > self.version { 0 } else { version };
        let is_new = |part: &&Versioned| part.version > version;
        let mut json = format!("{{\"version\":{}", self.version);
        if self.order.0 > version {
            json += ",\"order\":";
            json += &serde_json::Value::from(self.order.1.clone()).to_string();
        }
        for (name, part) in self.rest.iter().filter(|(_, part)| is_new(part)) {
            json += &format!(",\"{name}\":{}", part.json);
        }
        let runs = self.order.1.iter().filter_map(|id| self.runs.get(id)).filter(is_new);
        let runs: Vec<&str> = runs.map(|part| part.json.as_str()).collect();
        json += &format!(",\"runs\":[{}]}}", runs.join(","));
        Some(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(head: &str, runs: &[(&str, &str)]) -> Parts {
        let own = |(name, json): &(&str, &str)| (name.to_string(), json.to_string());
        Parts { rest: vec![own(&("head", head))], runs: runs.iter().map(own).collect() }
    }

    #[test]
    fn only_what_has_changed_is_sent() {
        let mut live = Live::default();
        assert_eq!(live.since(0), None);
        live.publish(parts("1", &[("a", "10"), ("b", "20")]));
        let all = r#"{"version":1,"order":["a","b"],"head":1,"runs":[10,20]}"#;
        assert_eq!(live.since(0).as_deref(), Some(all));
        live.publish(parts("1", &[("a", "10"), ("b", "20")]));
        assert_eq!(live.since(1), None);
        live.publish(parts("1", &[("a", "10"), ("b", "21")]));
        assert_eq!(live.since(1).as_deref(), Some(r#"{"version":2,"runs":[21]}"#));
        live.publish(parts("2", &[("c", "30"), ("a", "10")]));
        let newest = r#"{"version":3,"order":["c","a"],"head":2,"runs":[30]}"#;
        assert_eq!(live.since(2).as_deref(), Some(newest));
        live.publish(parts("2", &[("a", "10")]));
        assert_eq!(live.since(3).as_deref(), Some(r#"{"version":4,"order":["a"],"runs":[]}"#));
        let all = r#"{"version":4,"order":["a"],"head":2,"runs":[10]}"#;
        assert_eq!(live.since(0).as_deref(), Some(all));
        assert_eq!(live.since(9).as_deref(), Some(all), "of another process");
    }
}
