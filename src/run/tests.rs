//! A run from its specification to its replay, without a Lua state.

use super::spec::tests::example;
use super::*;
use compt_base::data::{Example, Labels, Prefix, Split, Task, TaskSet};
use compt_base::files::json::{read_json, read_json_lines};
use compt_base::metric::Metric;
use compt_core::backbone::LoadedBackbone;
use compt_core::pretrained;
use compt_study::records::folder::{CONFIG, METRICS, RESULT};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};
use tch::Device;

/// libtorch has one random generator for all threads.
static GENERATOR: Mutex<()> = Mutex::new(());

fn generator() -> MutexGuard<'static, ()> {
    GENERATOR.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn backbone() -> LoadedBackbone {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib/micro/backbone");
    pretrained::load(&folder, "float32", Device::Cpu, false).unwrap()
}

fn tasks() -> TaskSet {
    let words = ["bad", "good"];
    let rows = |from: usize| -> Vec<Example> {
        let row = |index: usize| Example {
            index,
            source: format!("the day {index} was {}", words[index % 2]),
            target: words[index % 2].to_string(),
            ..Example::default()
        };
        (from..from + 8).map(row).collect()
    };
    let task = |name: &str| Task {
        name: name.into(),
        form: None,
        prefix: Prefix { text: name.into(), is_applied: false },
        labels: Labels::of(words.map(String::from).to_vec()).unwrap(),
        metrics: vec![Metric::parse("accuracy").unwrap()],
        origins: Default::default(),
        remarks: Default::default(),
        train: rows(0),
        validation: rows(8),
        test: rows(16),
    };
    TaskSet::of("days", vec![task("a"), task("b")])
}

fn specification() -> Specification {
    let mut value = example();
    value["method"] = json!({ "name": "sums", "compose": "sum", "sources": 2, "length": 3,
        "lr": { "router": 0.1, "source": 0.05, "private": 0.02 }, "temperature": [5, 0.001] });
    value["asked_steps"] = 6.into();
    value["evaluate_every"] = 4.into();
    value["checkpoints"] = json!({ "every": 2, "keep": 2, "best": "average" });
    serde_json::from_value(value).unwrap()
}

fn open(out: &Path, earlier: Option<Earlier>) -> Run {
    let options = RunOptions { out: Some(out.into()), earlier, ..RunOptions::default() };
    Run::declared(&specification(), backbone(), tasks(), Box::new(()), options).unwrap()
}

fn losses(run: &Path) -> Vec<Value> {
    let lines = read_json_lines(&run.join(METRICS)).unwrap();
    lines.into_iter().map(|mut line| line["loss"].take()).collect()
}

#[test]
fn a_run_is_made_recorded_resumed_evaluated_and_replayed() {
    let _generator = generator();
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let clip = Some(compt_core::train::knobs::Value::Number(1.0));
    let mut run = open(&whole, None);
    run.steering().set("clip", clip.clone()).unwrap();
    assert_eq!(run.run(None).unwrap(), Ended::Complete);
    assert_eq!((run.steps(), run.path()), (6, Some(&*whole)));
    let scores = run.evaluate(&EvaluationOptions::default()).unwrap().unwrap();
    assert_eq!(scores.split, Split::Test);
    let result = read_json(&whole.join(RESULT)).unwrap();
    assert_eq!((&result["steps"], &result["average"]), (&json!(6), &json!(scores.average())));
    assert_eq!(read_json(&whole.join(CONFIG)).unwrap(), specification().to_json());
    drop(run);

    // Another run ends after three steps, and is resumed.
    let mut run = open(&broken, None);
    run.steering().set("clip", clip).unwrap();
    assert_eq!(run.run(Some(3)).unwrap(), Ended::Complete);
    assert!(matches!(run.step().unwrap(), Step::Made(report) if report.step == 4));
    drop(run);
    let mut run = open(&broken, Some(Earlier::read(&broken, Purpose::Resume).unwrap()));
    for step in 1..=4 {
        assert!(matches!(run.step().unwrap(), Step::Recorded(line) if line["step"] == step));
    }
    assert_eq!(run.run(None).unwrap(), Ended::Complete);
    drop(run);
    assert_eq!(losses(&broken), losses(&whole));

    // Its last checkpoint is evaluated; no step is made.
    let mut run = open(&broken, Some(Earlier::read(&broken, Purpose::Evaluate).unwrap()));
    run.begin().unwrap();
    let again = run.evaluate(&EvaluationOptions::default()).unwrap().unwrap();
    assert_eq!(again.average(), scores.average());
    assert!(run.step().is_err_and(|e| e.to_string().contains("nothing is trained here")));
    drop(run);

    let replay = Purpose::Replay { to: None };
    let mut run = open(&broken, Some(Earlier::read(&broken, replay).unwrap()));
    assert_eq!(run.run(None).unwrap(), Ended::Replayed);
    let replayed = run.replayed().unwrap();
    assert_eq!((replayed.steps, replayed.differ), (6, 0));
}

#[test]
fn a_run_of_something_else_is_not_resumed() {
    let _generator = generator();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert_eq!(open(&out, None).run(Some(2)).unwrap(), Ended::Complete);
    let other = Specification { batch_size: 2, ..specification() };
    let earlier = Some(Earlier::read(&out, Purpose::Resume).unwrap());
    let options = RunOptions { earlier, ..RunOptions::default() };
    let mut run = Run::declared(&other, backbone(), tasks(), Box::new(()), options).unwrap();
    let text = run.run(None).unwrap_err().to_string();
    assert!(
        text.contains("the configuration of the run has changed: batch_size: 4 -> 2"),
        "{text}"
    );
}

#[test]
fn a_setting_out_of_its_range_is_named() {
    let _generator = generator();
    let refused = |edit: &dyn Fn(&mut Specification), words: &str| {
        let mut specification = specification();
        edit(&mut specification);
        let options = RunOptions::default();
        let made = Run::declared(&specification, backbone(), tasks(), Box::new(()), options);
        let text = made.err().unwrap().to_string();
        assert!(text.contains(words), "{text}");
    };
    refused(&|s| s.batch_size = 0, "'batch_size'");
    refused(&|s| s.dropout = 1.5, "'dropout'");
    refused(&|s| s.clip = 0.0, "'clip'");
    refused(&|s| s.weight_decay = -1.0, "'weight_decay'");
    refused(&|s| s.max_source_length = 1, "'max_source_length'");
    refused(&|s| s.evaluate_limit = Some(0), "'evaluate_limit'");
    refused(&|s| s.non_finite = "go".into(), "non_finite: unknown policy 'go'");
    refused(&|s| s.checkpoints.as_mut().unwrap().best = "c".into(), "best: unknown score 'c'");
    refused(&|s| s.script = vec!["a stream".into()], "'script'");
}
