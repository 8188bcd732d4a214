//! `compt sweep` on a real Slurm of one node.

use crate::program::cluster::Cluster;
use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const PLAN: &str = "runs/study/plan.jsonl";

/// Six cells that train; one fails as long as there is no `mended.txt`.
const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local runs = compt.ablate {
  grid = { method = { "pt", "ssum" }, seed = { 1, 2, 3 } },
  run = function(s)
    if s.method == "pt" and s.seed == 2 and not io.open "mended.txt" then error "no luck" end
    local method = s.method == "pt" and compt.methods.pt { length = 2 } or compt.methods.ssum { sources = 2, length = 2 }
    local t = small.trainer { method = method, steps = 20, seed = s.seed }
    t:run()
    return t:evaluate "test"
  end,
}
print(compt.report.table(runs, { rows = "method" }))
"#;

/// One that takes its time, so that it can be stopped in the middle.
const LONG: &str = r#"
local compt, small = require "compt", require "small"
compt.ablate {
  grid = { seed = { 1, 2 } },
  run = function(s)
    local t = small.trainer { steps = 1500, seed = s.seed, checkpoint_every = 100 }
    t:run()
    return t:evaluate "test"
  end,
}
"#;

struct Site<'a> {
    cluster: &'a Cluster,
    study: Study,
}

impl Site<'_> {
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = compt(arguments);
        command.current_dir(self.study.0.path());
        read(self.cluster.with(&mut command).output().unwrap())
    }

    /// What is said of the jobs that come.
    fn submit(&self, arguments: &[&str]) -> String {
        let mut all = vec!["sweep", "submit", "study.lua"];
        all.extend(arguments);
        let (code, out, err) = self.run(&all);
        assert_eq!(code, 0, "{out}{err}");
        out
    }

    /// What the jobs of a submission said.
    fn said(&self, submission: usize) -> String {
        let folder = self.study.path(&format!("runs/study/.slurm/{submission}"));
        let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        let mut texts: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
        texts.sort();
        texts.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    fn folders(&self) -> Vec<String> {
        let lines = self.study.text(PLAN);
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        lines.lines().skip(1).map(|l| line(l)["folder"].as_str().unwrap().to_string()).collect()
    }

    fn losses(&self) -> BTreeMap<String, Vec<String>> {
        let loss = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].to_string();
        let of = |folder: String| {
            let metrics = self.study.text(&format!("{folder}/metrics.jsonl"));
            (folder, metrics.lines().map(loss).collect())
        };
        self.folders().into_iter().map(of).collect()
    }
}

#[test]
fn a_grid_goes_through_slurm() {
    let Some(cluster) = Cluster::start() else { return };
    what_is_wrong_leaves_nothing(&cluster);
    an_array_is_merged_and_what_failed_submitted_again(&cluster);
    a_stopped_element_goes_on_after_its_requeue(&cluster);
    who_holds_a_run_is_asked_of_slurm(&cluster);
}

fn what_is_wrong_leaves_nothing(cluster: &Cluster) {
    let site = Site { cluster, study: Study::small(STUDY) };
    for (profile, said) in [
        ("return { partition = 'nope' }", "Invalid partition name specified"),
        ("return { memory = '999999G' }", "Memory specification can not be satisfied"),
        ("return { merge = { partition = 'nope' } }", "Invalid partition name specified"),
    ] {
        fs::write(site.study.path("slurm.lua"), profile).unwrap();
        let (code, _, err) = site.run(&["sweep", "submit", "study.lua"]);
        assert!(code == 1 && err.contains(said), "{profile}: {err}");
        assert!(!site.study.path("runs/study/.slurm").exists(), "{profile}");
    }
    fs::write(
        site.study.path("slurm.lua"),
        "return { setup = { 'echo no such module', 'exit 1' } }",
    )
    .unwrap();
    site.submit(&["--pack", "6"]);
    cluster.settle();
    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert!(out.contains("6 missing"), "{out}");
    assert!(out.contains("run 1 was not started; output of its element: no such module"), "{out}");
}

fn an_array_is_merged_and_what_failed_submitted_again(cluster: &Cluster) {
    let site = Site { cluster, study: Study::small(STUDY) };
    let profile = "return { throttle = 2, time = 10, cpus = 1, setup = { 'export SET_UP=1' } }";
    fs::write(site.study.path("slurm.lua"), profile).unwrap();
    let out = site.submit(&[]);
    assert!(out.contains("6 elements") && out.contains("6 of 6 runs submitted"), "{out}");
    // While they are in the queue, nothing is submitted twice.
    let again = site.submit(&[]);
    assert!(again.contains("nothing to submit"), "{again}");
    let (_, shown, _) = site.run(&["sweep", "status", PLAN]);
    assert!(shown.contains("(array): ") && shown.contains("(merging): 1 pending"), "{shown}");
    cluster.settle();

    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert!(out.contains("5 finished, 1 failed") && out.contains("no luck"), "{out}");
    assert_eq!(site.study.text("runs/study/results.jsonl").lines().count(), 6);
    assert!(site.study.path("runs/study/report.html").is_file());
    assert!(site.said(1).contains("1 run is missing"), "{}", site.said(1));
    let failed = &site.folders()[2];
    let (_, log, _) = site.run(&["runs", "log", failed]);
    assert!(log.contains("study.lua:6: no luck") && log.contains("/.slurm/1/"), "{log}");
    let (_, listed, _) = site.run(&["runs", "--state", "failed", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(listed["log"].as_str().unwrap().ends_with("log.txt"), "{listed}");
    assert!(listed["output"].as_str().unwrap().contains("/.slurm/1/"), "{listed}");

    // Only the failed one, with as many processes in its element as it has runs.
    fs::write(site.study.path("mended.txt"), "").unwrap();
    let out = site.submit(&["--pack", "3", "--jobs", "3"]);
    assert!(out.contains("1 of 6 runs submitted (5 finished)"), "{out}");
    cluster.settle();
    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert_eq!(out, "study: 6 runs: 6 finished\n");
    assert!(site.said(2).contains("6 runs, 3 seeds"), "{}", site.said(2));
    let out = site.submit(&[]);
    assert!(out.contains("nothing to submit: 6 runs: 6 finished"), "{out}");
}

fn a_stopped_element_goes_on_after_its_requeue(cluster: &Cluster) {
    let site = Site { cluster, study: Study::small(LONG) };
    let out = site.submit(&[]);
    let job = out.split(['\n', ' ', ':']).nth(1).unwrap().to_string();
    let folders = site.folders();
    let steps = |folder: &String| {
        let metrics = site.study.path(&format!("{folder}/metrics.jsonl"));
        fs::read_to_string(metrics).map_or(0, |text| text.lines().count())
    };
    let both_begun = || folders.iter().all(|folder| steps(folder) > 150);
    assert!(cluster.in_time(both_begun), "{}", site.said(1));
    // As at the end of its time; by scancel, because Slurm looks at limits once a minute. The last element
    // has the number of the whole array.
    let stopped = format!("{job}_2");
    cluster.told("scancel", &["--batch", "-s", "USR1", &stopped]);
    let restarts = |element: &str| {
        let shown =
            cluster.told("squeue", &["-h", "-r", "-O", "JobArrayID:20,RestartCnt:8,State:12"]);
        let line =
            shown.lines().find(|line| line.starts_with(element)).unwrap_or_default().to_string();
        line.split_whitespace().skip(1).map(String::from).collect::<Vec<_>>()
    };
    let requeued = || restarts(&stopped) == ["1", "PENDING"];
    assert!(cluster.in_time(requeued), "{} {}", cluster.told("squeue", &[]), site.said(1));
    let other = restarts(&format!("{job}_1"));
    assert!(other.is_empty() || other[0] == "0", "the other element goes on: {other:?}");
    let made = steps(&folders[1]);
    assert!((151..1500).contains(&made), "{made}");
    assert!(cluster.in_time(|| {
        cluster.told("scontrol", &["update", &format!("jobid={stopped}"), "starttime=now"]);
        steps(&folders[1]) > made
    }));
    cluster.settle();
    let said = site.said(1);
    assert!(
        said.contains(&format!("job {stopped} was requeued"))
            && said.contains("was started again (restart 1)"),
        "{said}"
    );
    assert!(said.contains("2 of 2 runs are finished\n") && !said.contains("unknown"), "{said}");
    let unbroken = Site { cluster, study: Study::small(LONG) };
    assert_eq!(unbroken.run(&["sweep", "plan", "study.lua"]).0, 0);
    assert_eq!(unbroken.run(&["sweep", "run", PLAN]).0, 0);
    assert_eq!(site.losses(), unbroken.losses());
}

fn who_holds_a_run_is_asked_of_slurm(cluster: &Cluster) {
    let site = Site { cluster, study: Study::small(STUDY) };
    assert_eq!(site.run(&["sweep", "plan", "study.lua"]).0, 0);
    let sleeping =
        cluster.told("sbatch", &["--parsable", "--output=/dev/null", "--wrap", "sleep 300"]);
    let sleeping: u64 = sleeping.trim().parse().unwrap();
    let runs = || cluster.told("squeue", &["-h", "-o", "%T"]).contains("RUNNING");
    assert!(cluster.in_time(runs), "{}", cluster.told("squeue", &[]));
    let hold = |folder: &str, job: u64, restart: u32| {
        let claims = site.study.path(&format!("{folder}/claims"));
        fs::create_dir_all(&claims).unwrap();
        let claimed = json!({ "claimed": {
            "host": "node7", "boot": "b", "table": "pid:[1]", "pid": 7, "began": 1,
            "job": { "cluster": "test", "id": job, "restart": restart, "user": 0 },
        } });
        fs::write(claims.join("1"), claimed.to_string()).unwrap();
    };
    let folders = site.folders();
    hold(&folders[3], sleeping, 0);
    hold(&folders[4], sleeping + 1000, 0);
    let (code, _, err) = site.run(&["sweep", "run", PLAN, "--index", "4,5"]);
    assert!(
        code == 0 && err.contains(&format!("skipped, it is run by job {sleeping} on node7")),
        "{err}"
    );
    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert!(out.contains("1 finished, 1 running"), "{out}");
    // Nothing of it is submitted while that job is there.
    let (_, out, _) = site.run(&["sweep", "submit", "study.lua", "--dry-run"]);
    assert!(out.contains("--array=1-4"), "{out}");
    cluster.told("scancel", &[&sleeping.to_string()]);
    cluster.settle();
    let out = site.submit(&["--pack", "6"]);
    assert!(out.contains("5 of 6 runs submitted"), "{out}");
    let (_, out, _) = site.run(&["sweep", "cancel", PLAN]);
    assert!(out.starts_with("cancelled: "), "{out}");
    cluster.settle();
    let (_, out, _) = site.run(&["sweep", "cancel", PLAN]);
    assert_eq!(out, "no job of this plan is in the queue\n");
}
