use super::*;

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn runs_are_found_with_their_states() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let result = json!({ "method": "pt", "steps": 3, "interrupted": false, "average": 80.5 });
    write(&at("a"), RESULT, &result.to_string());
    write(
        &at("a"),
        CONFIG,
        r#"{ "method": { "name": "pt", "lr": { "x": 0.1 } }, "tasks": { "shots": 8, "rows": [] } }"#,
    );
    write(&at("b/c"), RESULT, &json!({ "steps": 3, "error": "not finite" }).to_string());
    write(&at("b/c"), CONFIG, "{}");
    write(&at("d"), RESULT, "{ \"steps\": ");
    write(&at("e"), "notes.txt", "hello");
    write(&at("f"), CONFIG, "{}");
    write(&at("f"), METRICS, "{\"step\":1}\n{\"step\":2}\n{\"st");
    write(
        &at("g"),
        CELL,
        r#"{ "settings": { "shots": 4 }, "outcome": "finished", "average": 1.5, "values": 3 }"#,
    );
    write(&at("h"), RESULT, r#"{ "of": "another program" }"#);
    let entries = find(&[folder.path().to_path_buf()]).unwrap();
    let states: Vec<(String, State)> = entries.iter().map(|e| (e.name(), e.state)).collect();
    let wanted = [
        ("a", State::Finished),
        ("c", State::Failed),
        ("d", State::Damaged),
        ("e", State::Foreign),
        ("f", State::Unfinished),
        ("g", State::Finished),
        ("h", State::Foreign),
    ];
    assert_eq!(states, wanted.map(|(name, state)| (name.to_string(), state)));
    assert_eq!(
        Value::Object(entries[0].settings()),
        json!({ "method": "pt", "method.lr.x": 0.1, "shots": 8 })
    );
    assert_eq!((entries[0].average, entries[5].average), (Some(80.5), Some(1.5)));
    assert_eq!((entries[0].steps, entries[4].steps), (Some(3), Some(2)));
    assert_eq!(entries[5].settings()["shots"], 4);
    assert!(!entries[5].settings().contains_key("method"));
    entries[0].tag(&["good".into()]).unwrap();
    assert_eq!(Entry::read(&at("a")).unwrap().tags, ["good"]);
    entries[0].tag(&[]).unwrap();
    assert!(Entry::read(&at("a")).unwrap().tags.is_empty());
    assert!(find(&[at("none")]).is_err());
}

#[test]
fn a_cell_has_the_method_of_its_trainers() {
    let folder = tempfile::tempdir().unwrap();
    let cell = |name: &str, settings: Value| {
        let path = folder.path().join(name);
        let record = json!({ "settings": settings, "outcome": "finished" });
        write(&path, CELL, &record.to_string());
        path
    };
    let result = |method: &str| json!({ "method": method, "steps": 3 }).to_string();
    let own = cell("own", json!({ "shots": 4 }));
    write(&own, RESULT, &result("a"));
    let set = cell("set", json!({ "method": { "name": "b", "length": 7 } }));
    write(&set, RESULT, &result("a"));
    let below = cell("below", json!({ "shots": 4 }));
    ["x", "y"].iter().for_each(|name| write(&below.join(name), RESULT, &result("c")));
    let both = cell("both", json!({ "shots": 4 }));
    [("x", "d"), ("y", "c")].iter().for_each(|(n, m)| write(&both.join(n), RESULT, &result(m)));
    let entry = |path: &Path| Entry::read(path).unwrap();
    assert_eq!(entry(&own).settings(), entry(&own).told().clone());
    assert_eq!(entry(&own).settings()["method"], "a");
    assert_eq!(entry(&below).settings()["method"], "c");
    assert_eq!(entry(&both).settings()["method"], json!(["c", "d"]));
    let all = entry(&set).all_settings();
    assert_eq!((&all["method"], &all["method.length"]), (&json!("b"), &json!(7)));
}
