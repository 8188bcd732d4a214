use super::*;
use crate::records::catalog::find;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

/// A finished cell with everything, one that failed at once, and one without a result.
fn grid(folder: &Path) -> Vec<Entry> {
    let cell = |settings: Value, outcome: &str| {
        json!({ "settings": settings, "outcome": outcome }).to_string()
    };
    let a = folder.join("a");
    write(
        &a,
        "cell.json",
        &cell(
            json!({ "method": "pt", "seed": 1, "task": "x", "data": { "file": "f" } }),
            "finished",
        ),
    );
    let result = json!({
        "method": "pt", "shots": 8, "seed": 1, "steps": 4, "average": 75.5, "counts": { "nli": 10, "sts": 5 },
        "scores": { "nli": { "accuracy": 51.0 }, "sts": { "spearman": 100.0, "pearson": null } },
        "evaluations": [{
            "only": "src0", "without": null, "limit": 3, "beams": 2, "tasks": ["nli"], "average": null,
            "scores": { "nli": { "accuracy": 40 } },
        }],
    });
    write(&a, "result.json", &result.to_string());
    write(&a, "config.json", r#"{ "tasks": { "shots": 8 }, "epochs": 2 }"#);
    write(
        &a,
        "metrics.jsonl",
        "{\"step\":1,\"loss\":null,\"lr\":{\"b\":0.5,\"a\":1}}\n{\"step\":2,\"epoch\":1,\"loss\":2}\n",
    );
    write(
        &a,
        "evaluations.jsonl",
        "{\"step\":2,\"average\":50.0,\"scores\":{\"nli\":null,\"new\":50},\"weights\":{\"nli\":{\"src0\":0.5}}}\n",
    );
    write(
        &folder.join("b"),
        "cell.json",
        &cell(json!({ "method": "ssum", "seed": 1, "task": "y" }), "failed"),
    );
    let text = json!({ "settings": { "method": "ssum", "seed": 2, "task": "=1" } }).to_string();
    write(&folder.join("c"), "cell.json", &text);
    find(&[folder.to_path_buf()]).unwrap()
}

fn lines(table: Table, runs: &[Entry]) -> (Vec<String>, Vec<String>) {
    let (frame, notes) = table.of(runs).unwrap();
    let folder = runs[0].path.parent().unwrap().display().to_string();
    let short = |text: String| text.replace(&folder, "F");
    (frame.csv(false).map(short).collect(), notes.into_iter().map(short).collect())
}

#[test]
fn every_evaluation_and_score_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let runs = grid(folder.path());
    let (found, notes) = lines(Table::Evaluations, &runs);
    assert_eq!(
        found,
        [
            "run,path,state,method,seed,shots,task,data.file,evaluation,split,step,only,without,weights,normalise,\
             decoding,limit,average,rows,tasks,beams",
            "a,F/a,finished,pt,1,8,x,f,result,test,4,,,,,,,75.5,15,\"[\"\"nli\"\",\"\"sts\"\"]\",",
            "a,F/a,finished,pt,1,8,x,f,training,validation,2,,,,,,,50.0,,\"[\"\"nli\"\",\"\"new\"\"]\",",
            "a,F/a,finished,pt,1,8,x,f,further,test,4,src0,,,,,3,NaN,,\"[\"\"nli\"\"]\",2",
        ]
    );
    let wanted = "note: 2 of 3 runs have no rows in 'evaluations', having recorded none: F/b (failed), F/c (unfinished)";
    assert_eq!(notes, [wanted]);
    let (found, _) = lines(Table::Scores, &runs);
    let at = found[0].split(',').position(|name| name == "task").unwrap();
    assert_eq!(
        found[0].split(',').nth(6),
        Some("setting.task"),
        "{at}: the table has a column of this name"
    );
    let scores: Vec<String> = found[1..]
        .iter()
        .map(|line| line.split(',').skip(8).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(
        scores,
        [
            "result,test,4,,,,,,,nli,accuracy,true,51.0,10,",
            "result,test,4,,,,,,,sts,spearman,true,100.0,5,",
            "result,test,4,,,,,,,sts,pearson,false,NaN,5,",
            "training,validation,2,,,,,,,nli,accuracy,true,NaN,,",
            "training,validation,2,,,,,,,new,,true,50,,",
            "further,test,4,src0,,,,,3,nli,accuracy,true,40,,2",
        ]
    );
}

#[test]
fn every_run_has_a_row_of_settings() {
    let folder = tempfile::tempdir().unwrap();
    let (found, notes) = lines(Table::Settings, &grid(folder.path()));
    assert_eq!(
        found,
        [
            "run,path,state,method,seed,shots,task,data.file,error,seconds,tags,epochs",
            "a,F/a,finished,pt,1,8,x,f,,,,2",
            "b,F/b,failed,ssum,1,,y,,,,,",
            "c,F/c,unfinished,ssum,2,,'=1,,,,,",
        ]
    );
    assert!(notes.is_empty());
}

#[test]
fn steps_are_rows_with_a_column_per_number() {
    let folder = tempfile::tempdir().unwrap();
    let runs = grid(folder.path());
    let (found, _) = lines(Table::Steps, &runs);
    assert_eq!(
        found[0],
        "run,path,state,method,seed,shots,task,data.file,step,epoch,loss,lr.a,lr.b"
    );
    assert_eq!(found[1], "a,F/a,finished,pt,1,8,x,f,1,,NaN,1,0.5");
    assert_eq!(found[2], "a,F/a,finished,pt,1,8,x,f,2,1,2,,");
    write(&folder.path().join("b"), "metrics.jsonl", "{\"step\":\n");
    let (found, notes) = lines(Table::Steps, &runs);
    assert_eq!(found.len(), 3);
    assert!(
        notes[0].starts_with("note: F/b has no rows in 'steps': F/b/metrics.jsonl:1: "),
        "{notes:?}"
    );
    let (one, _) = lines(Table::Steps, &runs[..1]);
    assert!(
        one[0].starts_with("run,path,state,method,seed,shots,step,"),
        "one run differs in nothing: {}",
        one[0]
    );
}

#[test]
fn a_run_without_a_configuration_makes_no_setting_vary() {
    let folder = tempfile::tempdir().unwrap();
    grid(folder.path());
    for (name, epochs) in [("d", 2.0), ("e", 3.0)] {
        let path = folder.path().join(name);
        write(&path, "result.json", r#"{ "steps": 1, "average": 2 }"#);
        write(&path, "config.json", &json!({ "epochs": epochs, "clip": 1 }).to_string());
    }
    let runs = find(&[folder.path().to_path_buf()]).unwrap();
    let (found, _) = lines(Table::Evaluations, &runs);
    assert!(
        found[0].starts_with("run,path,state,method,seed,shots,epochs,task,evaluation,"),
        "{}",
        found[0]
    );
    // With its average alone, a run has an evaluation.
    assert_eq!(
        found.last().unwrap(),
        &format!("e,F/e,finished,,,,3.0,,result,test,1{}2.0,,,", ",".repeat(7))
    );
}

#[test]
fn no_runs_are_refused() {
    let text = Table::Scores.of(&[]).err().unwrap().to_string();
    assert!(text.contains("there are no runs to export"), "{text}");
}
