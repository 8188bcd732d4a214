//! The differences between a plan and the current state, as text.

use super::cell::Cell;
use super::plan::{Head, Launch, Plan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

impl Plan {
    /// The differences to a later plan, one line each.
    pub fn changes(&self, now: &Plan) -> Vec<String> {
        let mut changes = code_changes(&self.head, &now.head.code, &now.head.binary_sha256);
        changes.extend(self.head.launch.changes(&now.head.launch));
        // A cell with another id but equal settings has changed; its reasons are printed once.
        let (before, after) = (by_settings(self), by_settings(now));
        let both = before.iter().filter_map(|(settings, cell)| Some((cell, after.get(settings)?)));
        let data: BTreeSet<String> =
            both.flat_map(|(cell, now)| data_changes(&cell.basis.data, &now.basis.data)).collect();
        changes.extend(data);
        let missing = |a: &BTreeMap<String, &Cell>, b: &BTreeMap<String, &Cell>| {
            a.keys().filter(|key| !b.contains_key(*key)).count()
        };
        let (more, fewer) = (missing(&after, &before), missing(&before, &after));
        if more + fewer > 0 {
            changes.push(format!("the grid: {more} runs more, {fewer} fewer"));
        }
        let ids = |plan: &Plan| plan.cells.iter().map(|cell| cell.id.clone()).collect::<Vec<_>>();
        if changes.is_empty() && ids(self) != ids(now) {
            changes.push("the grid: its runs are in another order, or different".into());
        }
        changes
    }
}

impl Launch {
    fn changes(&self, now: &Launch) -> Vec<String> {
        let args = |launch: &Launch| Value::Object(launch.args.clone()).to_string();
        let text =
            |path: &Option<PathBuf>| format!("{:?}", path.as_deref().unwrap_or(Path::new("")));
        let pairs = [
            ("script", format!("{:?}", self.script), format!("{:?}", now.script)),
            ("folder", format!("{:?}", self.folder), format!("{:?}", now.folder)),
            ("--set", args(self), args(now)),
            ("--out", text(&self.out), text(&now.out)),
            ("--device", self.device.clone(), now.device.clone()),
            ("--seed", self.seed.to_string(), now.seed.to_string()),
            ("--strict", self.strict.to_string(), now.strict.to_string()),
        ];
        let differ = pairs.into_iter().filter(|(_, before, now)| before != now);
        differ.map(|(name, before, now)| format!("{name} was {before}, and is {now}")).collect()
    }
}

fn by_settings(plan: &Plan) -> BTreeMap<String, &Cell> {
    let text = |cell: &Cell| Value::Object(cell.basis.settings.clone()).to_string();
    plan.cells.iter().map(|cell| (text(cell), cell)).collect()
}

/// The changes of the code, one line each.
pub fn code_changes(head: &Head, code: &BTreeMap<PathBuf, String>, binary: &str) -> Vec<String> {
    let mut changes = file_changes(&head.code, code, |path| path.display().to_string());
    if head.binary_sha256 != binary {
        let version = env!("CARGO_PKG_VERSION");
        changes
            .push(format!("compt itself is another build (version {version}, was {})", head.compt));
    }
    changes
}

/// The changes of the files that settings name, one line each.
pub fn data_changes(
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<String> {
    file_changes(before, now, |path| format!("'{path}', a file or folder that a setting names,"))
}

fn file_changes<K: Ord>(
    before: &BTreeMap<K, String>,
    now: &BTreeMap<K, String>,
    shown: impl Fn(&K) -> String,
) -> Vec<String> {
    let mut changes = Vec::new();
    for (path, hash) in before {
        match now.get(path) {
            Some(is) if is == hash => {}
            Some(_) => changes.push(format!("{} has changed", shown(path))),
            None => changes.push(format!("{} was removed, or is no longer used", shown(path))),
        }
    }
    let new = now.keys().filter(|path| !before.contains_key(path));
    changes.extend(new.map(|path| format!("{} is now used, too", shown(path))));
    changes
}
