//! Plans: written, read, and compared.

use super::{Basis, Cell, Head, Indices, Launch, Plan};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn plan(shots: &[u64], code: &str, rows: &str) -> Plan {
    let launch = Launch { script: "a.lua".into(), device: "auto".into(), ..Launch::default() };
    let head = Head {
        code: BTreeMap::from([("a.lua".into(), code.to_string())]),
        ..Head::new("grid", 1, Path::new("runs/a"), shots.len(), launch)
    };
    let cell = |(i, shots): (usize, &u64)| {
        let basis = Basis {
            settings: json!({ "method": "a", "shots": shots }).as_object().unwrap().clone(),
            code: code.into(),
            data: BTreeMap::from([("rows.csv".to_string(), rows.to_string())]),
            binary: "b".into(),
            session: Arc::new(json!({ "seed": 1 })),
        };
        Cell::below(Path::new("runs/a"), i + 1, basis, "grid")
    };
    Plan { cells: shots.iter().enumerate().map(cell).collect(), head }
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/plan.jsonl");
    let made = plan(&[8, 16, 32], "1", "1");
    made.write(&path).unwrap();
    let read = Plan::read(&path, None).unwrap();
    assert_eq!(read.head.runs, 3);
    assert!(made.changes(&read).is_empty());
    let two: Vec<String> = read.cells.iter().map(|cell| cell.basis.id()).collect();
    assert_eq!(two, made.cells.iter().map(|cell| cell.id.clone()).collect::<Vec<_>>());
    let one = Plan::read(&path, Some(&Indices::of([2]))).unwrap();
    assert_eq!(one.cells.len(), 1);
    assert_eq!(one.cells[0].folder, made.cells[1].folder);

    let error = Plan::read(&path, Some(&Indices::of([4]))).unwrap_err().to_string();
    assert!(error.contains("there is no run 4: it has 3"), "{error}");
    let text = std::fs::read_to_string(&path).unwrap();
    let cut: Vec<&str> = text.lines().take(3).collect();
    std::fs::write(&path, cut.join("\n")).unwrap();
    let error = Plan::read(&path, None).unwrap_err().to_string();
    assert!(error.contains("truncated"), "{error}");
    std::fs::write(&path, "{}\n").unwrap();
    assert!(Plan::read(&path, None).is_err());
}

#[test]
fn what_changed_is_told() {
    let before = plan(&[8, 16], "1", "1");
    let changes = |now: Plan| before.changes(&now);
    assert_eq!(changes(plan(&[8, 16], "2", "1")), ["a.lua has changed"]);
    assert_eq!(
        changes(plan(&[8, 16], "1", "2")),
        ["'rows.csv', a file or folder that a setting names, has changed"]
    );
    assert_eq!(changes(plan(&[8, 32, 64], "1", "1")), ["the grid: 2 runs more, 1 fewer"]);
    let mut other = plan(&[8, 16], "1", "1");
    other.head.launch.seed = 3;
    assert_eq!(changes(other), ["--seed was 0, and is 3"]);
}
