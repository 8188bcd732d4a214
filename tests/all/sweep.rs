//! `compt sweep` without a cluster: plans, their runs by any process, and what is refused.

use crate::program::{Study, apart, compt, read};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const PLAN: &str = "runs/study/plan.jsonl";

/// Nothing is trained; one cell fails as long as there is no `mended.txt`.
const QUICK: &str = r#"
local compt = require "compt"
local runs = compt.ablate {
  settings = { rows = "./rows.txt" }, files = { "rows" },
  grid = { x = { 1, 2, 3 }, seed = { 1, 2 } },
  run = function(s)
    print("x is", s.x)
    if s.x == 2 and s.seed == 2 and not io.open "mended.txt" then error "no luck" end
    return { average = s.x + s.seed / 10 }
  end,
}
print(compt.report.table(runs, { rows = "x" }))
"#;

fn quick() -> Study {
    Study::new(&[("study.lua", QUICK), ("rows.txt", "1")])
}

/// The plan's lines: the head, and the runs.
fn plan(study: &Study) -> Vec<Value> {
    study.text(PLAN).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_commands_of_a_plan_make_its_runs() {
    let study = quick();
    let (code, out, err) = study.run(&["sweep", "plan", "study.lua"]);
    assert_eq!((code, out.trim()), (0, PLAN), "{err}");
    assert!(err.contains("6 runs: 6 missing"), "{err}");
    let lines = plan(&study);
    assert_eq!((lines.len(), &lines[0]["runs"]), (7, &json!(6)));
    for key in ["id", "folder", "settings", "code_sha256", "data", "binary_sha256", "session"] {
        assert!(!lines[1][key].is_null(), "{key}");
    }

    assert_eq!(study.run(&["runs"]).1, "no such runs\n", "a plan is no foreign folder");
    let (code, out, err) = study.run(&["sweep", "merge", PLAN]);
    assert_eq!((code, &out[..]), (1, ""));
    assert!(err.starts_with("study: none of its 6 runs has begun: compt sweep run /"), "{err}");
    assert!(
        err.ends_with("/runs/study/plan.jsonl runs them\n") && err.lines().count() == 1,
        "{err}"
    );

    let (_, commands, _) = study.run(&["sweep", "list", PLAN]);
    assert_eq!(commands.lines().count(), 6);
    for command in commands.lines() {
        // From any folder.
        let done = apart("sh").args(["-c", command]).current_dir("/").output().unwrap();
        let failed = command.ends_with(" 5");
        assert_eq!(done.status.code(), Some(i32::from(failed)), "{command}");
    }
    let (_, out, _) = study.run(&["sweep", "status", PLAN]);
    assert!(out.contains("5 finished, 1 failed") && out.contains("no luck"), "{out}");
    assert!(out.contains("neither finished nor in the queue: 5"), "{out}");
    let failed = lines[5]["folder"].as_str().unwrap();
    let (code, log, _) = study.run(&["runs", "log", failed]);
    assert!(code == 0 && log.contains("x is\t2") && log.contains("no luck"), "{log}");

    let (code, out, err) = study.run(&["sweep", "merge", PLAN]);
    assert!(code == 1 && err.contains("5 of 6 runs are finished"), "{err}");
    assert!(out.contains("1 run is missing: "), "{out}");
    let results = study.text("runs/study/results.jsonl");
    let states: Vec<Value> = results
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["state"].clone())
        .collect();
    assert_eq!(states.iter().filter(|state| *state == "finished").count(), 5);
    assert!(study.path("runs/study/report.html").is_file());

    // Only what is left is run again, now side by side; then the script finds all done.
    fs::write(study.path("mended.txt"), "").unwrap();
    let (_, commands, _) = study.run(&["sweep", "list", PLAN, "--pack", "4"]);
    assert!(commands.trim_end().ends_with("--index 5"), "{commands}");
    let (code, _, err) = study.run(&["sweep", "run", PLAN, "--jobs", "2"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert!(code == 0 && err.is_empty() && out.contains("6 runs, 2 seeds"), "{out}{err}");
    let (code, merged, _) = study.run(&["sweep", "merge", PLAN]);
    assert!(code == 0 && merged.ends_with(&out), "{merged}");
    assert_eq!(study.run(&["sweep", "list", PLAN]).1, "");
}

#[test]
fn side_by_side_a_failed_run_is_one_failure() {
    let study = quick();
    study.run(&["sweep", "plan", "study.lua"]);
    let (code, _, err) = study.run(&["sweep", "run", PLAN, "--jobs", "3"]);
    assert!(code == 1 && err.contains("no luck"), "{err}");
    assert_eq!(err.matches("no luck").count(), 2, "once, with its line: {err}");
    assert!(err.trim_end().ends_with("study: 5 of 6 done, 0 running, 1 failed"), "{err}");
    let (_, out, _) = study.run(&["sweep", "status", PLAN]);
    assert!(out.contains("5 finished, 1 failed"), "{out}");
}

#[test]
fn a_plan_is_known_by_every_name_of_its_file() {
    let study = quick();
    study.run(&["sweep", "plan", "study.lua"]);
    std::os::unix::fs::symlink(study.path("runs"), study.path("link")).unwrap();
    let (code, _, err) =
        study.run(&["sweep", "run", "link/../link/study/plan.jsonl", "--index", "1"]);
    assert_eq!(code, 0, "{err}");
    let mut elsewhere = compt(&["sweep", "status", "../study/plan.jsonl"]);
    let (_, out, _) = read(elsewhere.current_dir(study.path("runs/study")).output().unwrap());
    assert!(out.contains("1 finished, 5 missing"), "{out}");
}

const TWO: &str = r#"
local compt = require "compt"
for _, name in ipairs { "one", "two" } do
  local runs = compt.ablate { name = name, grid = { x = { 1, 2 } }, settings = { of = name }, run = function(s) return { average = s.x } end }
  print(name, #runs:finished())
end
"#;

#[test]
fn each_grid_of_a_script_has_its_plan() {
    let study = Study::new(&[("study.lua", TWO)]);
    let (_, first, _) = study.run(&["sweep", "plan", "study.lua"]);
    assert_eq!(study.run(&["sweep", "run", first.trim()]).0, 0);
    let (code, out, err) = study.run(&["sweep", "merge", first.trim()]);
    assert!(code == 0 && out.contains("one\t2\ntwo\t0"), "{out}");
    assert!(err.contains("two, the script's grid 2: 2 runs are not finished"), "{err}");
    let (_, second, _) = study.run(&["sweep", "plan", "study.lua"]);
    assert!(second.trim().ends_with("plan-2.jsonl"), "{second}");
    assert_eq!(study.run(&["sweep", "run", second.trim()]).0, 0);
    let (code, out, err) = study.run(&["sweep", "merge", second.trim()]);
    assert!(code == 0 && out.contains("one\t2\ntwo\t2"), "{out}{err}");
    for name in ["results.jsonl", "results-2.jsonl"] {
        assert_eq!(study.text(&format!("runs/study/{name}")).lines().count(), 2);
    }
}

#[test]
fn what_changed_is_refused_and_told() {
    let study = quick();
    study.run(&["sweep", "plan", "study.lua"]);
    let refused = |what: &str| {
        for arguments in
            [&["sweep", "run", PLAN, "--index", "1"][..], &["sweep", "plan", "study.lua"]]
        {
            let (code, _, err) = study.run(arguments);
            assert!(
                code != 0 && err.contains(what) && err.contains("--replan"),
                "{arguments:?} {err}"
            );
        }
        let (_, out, _) = study.run(&["sweep", "status", PLAN]);
        assert!(out.contains("6 missing"), "nothing was begun: {out}");
    };
    fs::write(study.path("rows.txt"), "2").unwrap();
    refused("'./rows.txt', a file or folder that a setting names, has changed");
    fs::write(study.path("rows.txt"), "1").unwrap();
    fs::write(study.path("study.lua"), QUICK.replace("s.seed / 10", "s.seed / 5")).unwrap();
    refused("study.lua has changed");
    fs::write(study.path("study.lua"), QUICK).unwrap();

    let before = study.text(PLAN);
    let binary = plan(&study)[0]["binary_sha256"].as_str().unwrap().to_string();
    fs::write(study.path(PLAN), before.replace(&binary, &"0".repeat(64))).unwrap();
    refused("compt itself");

    let (code, _, err) = study.run(&["sweep", "plan", "study.lua", "--replan"]);
    assert_eq!((code, study.text(PLAN)), (0, before), "{err}");
    let (code, _, err) = study.run(&["sweep", "plan", "study.lua", "--set", "a=1"]);
    assert!(code == 2 && err.contains("--set was {}, and is {\"a\":1}"), "{err}");
    for (arguments, what) in [
        (&["sweep", "run", PLAN, "--index", "7"][..], "there is no run 7: it has 6"),
        (&["sweep", "run", PLAN, "--index", "0"], "expected numbers from 1"),
        (&["sweep", "run", "study.lua"], "this is a script, not a plan"),
        (&["sweep", "run", "rows.txt"], "not that of a plan"),
        (&["sweep", "status", "none.jsonl"], "none.jsonl"),
        (&["sweep", "plan", PLAN], "this is a plan, not a script"),
        (&["runs", "log", "none"], "there is no run in this folder"),
    ] {
        let (code, _, err) = study.run(arguments);
        assert!(code == 2 && err.contains(what), "{arguments:?}: {err}");
    }
    let none = Study::new(&[("study.lua", "print 'no grid'")]);
    let (code, _, err) = none.run(&["sweep", "plan", "study.lua"]);
    assert!(code == 2 && err.contains("the script did not reach a grid"), "{err}");
}

#[test]
fn the_runs_of_a_machine_that_is_down_are_given_back() {
    let study = quick();
    study.run(&["sweep", "plan", "study.lua"]);
    let folder = plan(&study)[1]["folder"].as_str().unwrap().to_string();
    fs::create_dir_all(study.path(&format!("{folder}/claims"))).unwrap();
    let elsewhere = json!({ "claimed": {
        "host": "ws7", "boot": "b", "table": "pid:[1]", "pid": 7, "began": 1, "job": null,
    } });
    fs::write(study.path(&format!("{folder}/claims/1")), elsewhere.to_string()).unwrap();
    let (code, _, err) = study.run(&["sweep", "run", PLAN, "--index", "1"]);
    assert!(code == 0 && err.contains("skipped, it is run by process 7 on ws7"), "{err}");
    let (_, out, _) = study.run(&["sweep", "status", PLAN]);
    assert!(out.contains("1 running") && out.contains("process 7 on ws7"), "{out}");
    let (_, out, _) = study.run(&["sweep", "release", PLAN, "--host", "ws7"]);
    assert_eq!(out, "released: 1 run\n");
    assert_eq!(study.run(&["sweep", "run", PLAN, "--index", "1"]).0, 0);
    assert!(study.run(&["sweep", "status", PLAN]).1.contains("1 finished"));
}

const TRAINING: &str = r#"
local compt, small = require "compt", require "small"
compt.ablate {
  grid = { seed = { 1, 2 } },
  run = function(s)
    local t = small.trainer { steps = 300, seed = s.seed, checkpoint_every = 50 }
    t:run()
    return t:evaluate "test"
  end,
}
"#;

/// The losses of all runs, by seed.
fn losses(study: &Study) -> BTreeMap<u64, Vec<String>> {
    let (_, out, _) = study.run(&["runs", "runs/study", "--json"]);
    let of = |line: &str| {
        let run: Value = serde_json::from_str(line).unwrap();
        let metrics = study.text(&format!("{}/metrics.jsonl", run["path"].as_str().unwrap()));
        let loss = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].to_string();
        (run["settings"]["seed"].as_u64().unwrap(), metrics.lines().map(loss).collect())
    };
    out.lines().map(of).collect()
}

#[test]
fn a_signal_before_the_time_limit_costs_no_step() {
    let unbroken = Study::small(TRAINING);
    assert_eq!(unbroken.run(&["run", "study.lua"]).0, 0);
    let study = Study::small(TRAINING);
    study.run(&["sweep", "plan", "study.lua"]);
    for (arguments, signal, code) in [
        (&["sweep", "run", PLAN][..], libc::SIGUSR1, 85),
        (&["sweep", "run", PLAN, "--jobs", "2"], libc::SIGUSR1, 85),
        // A node that is lost: from the last checkpoint.
        (&["sweep", "run", PLAN], libc::SIGKILL, -1),
    ] {
        let mut command = compt(arguments);
        command.current_dir(study.0.path()).stderr(Stdio::piped()).stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        let lines = || {
            let below = fs::read_dir(study.path("runs/study")).unwrap().flatten();
            let metrics =
                below.filter_map(|run| fs::read_to_string(run.path().join("metrics.jsonl")).ok());
            metrics.map(|text| text.lines().count()).sum::<usize>()
        };
        let before = lines();
        while lines() < before + 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // SAFETY: a plain system call; the child has not been waited for.
        unsafe { libc::kill(child.id() as i32, signal) };
        let (ended, _, err) = read(child.wait_with_output().unwrap());
        assert_eq!(ended, code, "{err}");
    }
    let (code, _, err) = study.run(&["sweep", "run", PLAN]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(losses(&study), losses(&unbroken));
}

const LOADING: &str = r#"
local compt, torch = require "compt", require "compt.torch"
compt.ablate {
  grid = { x = { 1, 2 }, seed = { 1 } },
  run = function(s)
    local b = compt.backbone "micro"
    return { average = torch.randn(4):sum():item(), random = math.random(1000000), name = b.name }
  end,
}
"#;

#[test]
fn runs_of_one_process_give_what_they_give_alone() {
    let values = |study: &Study| -> Vec<Value> {
        let (_, out, _) = study.run(&["runs", "runs/study", "--json"]);
        let path = |line: &str| {
            serde_json::from_str::<Value>(line).unwrap()["path"].as_str().unwrap().to_string()
        };
        out.lines()
            .map(|line| study.json(&format!("{}/cell.json", path(line)))["values"].clone())
            .collect()
    };
    let packed = Study::new(&[("study.lua", LOADING)]);
    packed.run(&["sweep", "plan", "study.lua"]);
    assert_eq!(packed.run(&["sweep", "run", PLAN, "--index", "1-2"]).0, 0);
    let alone = Study::new(&[("study.lua", LOADING)]);
    alone.run(&["sweep", "plan", "study.lua"]);
    assert_eq!(alone.run(&["sweep", "run", PLAN, "--index", "2"]).0, 0);
    assert_eq!(alone.run(&["sweep", "run", PLAN, "--index", "1"]).0, 0);
    assert_eq!(values(&packed), values(&alone));
    assert_eq!(
        values(&packed)[0],
        values(&packed)[1],
        "the second one's backbone was there already"
    );
}

/// Programs in a folder that stand for Slurm's.
fn slurm(folder: &Path, programs: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, script) in programs {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_submission_is_whole_or_not_at_all() {
    let study = quick();
    let submit = |arguments: &[&str]| {
        let mut all = vec!["sweep", "submit", "study.lua"];
        all.extend(arguments);
        let mut command = compt(&all);
        command.current_dir(study.0.path()).env("PATH", study.path("bin"));
        read(command.output().unwrap())
    };
    let nothing_is_left = || assert!(!study.path("runs/study/.slurm").exists());
    let (code, _, err) = submit(&[]);
    assert!(code == 1 && err.contains("no such program on the PATH"), "{err}");
    nothing_is_left();

    // The second one, that of merging, is rejected.
    let rejecting = "echo \"$@\" >> calls.txt
case \"$*\" in *afterany*) echo 'sbatch: error: no more than one job' >&2; exit 1;; esac
echo 11";
    let noting = "echo \"$0\" \"$@\" >> calls.txt";
    slurm(&study.path("bin"), &[("sbatch", rejecting), ("scontrol", noting), ("scancel", noting)]);
    let (code, _, err) = submit(&[]);
    assert!(code == 1 && err.contains("sbatch: sbatch: error: no more than one job"), "{err}");
    let calls = study.text("calls.txt");
    assert!(calls.contains("--hold") && calls.contains("scancel 11"), "{calls}");
    assert!(!calls.contains("release"), "{calls}");
    nothing_is_left();

    fs::write(study.path("slurm.lua"), "return { partitoin = 'gpu' }").unwrap();
    let (code, _, err) = submit(&[]);
    assert!(code == 2 && err.contains("'partition'"), "{err}");
    fs::write(study.path("slurm.lua"), "return { partition = 'gpu', time = 30, throttle = 2 }")
        .unwrap();
    let (code, out, err) = submit(&["--dry-run", "--pack", "4"]);
    assert!(code == 0 && out.contains("#SBATCH --array=1-2%2\n"), "{out}{err}");
    assert!(
        out.contains("#SBATCH --partition=\"gpu\"\n") && out.contains("#SBATCH --time=\"30\"\n"),
        "{out}"
    );
    nothing_is_left();

    // Accepted: held until all is there, then released; what is in the queue is not submitted again.
    let queue = "case \"$*\" in *-O*) for n in 1 2 3; do echo \"1$n 11 $n 0 PENDING\"; done;; esac";
    slurm(
        &study.path("bin"),
        &[("sbatch", "echo \"$@\" >> calls.txt; echo 11"), ("squeue", queue)],
    );
    let (code, out, err) = submit(&["--pack", "2"]);
    assert!(
        code == 0 && out.contains("job 11: 3 elements") && out.contains("6 of 6 runs"),
        "{out}{err}"
    );
    assert!(study.text("calls.txt").trim_end().ends_with("release 11"));
    assert_eq!(study.text("runs/study/.slurm/1/elements-1"), "1-2\n3-4\n5-6\n");
    let (code, out, _) = submit(&[]);
    assert!(
        code == 0 && out.contains("nothing to submit: 6 runs: 0 finished, 1-6 in the queue"),
        "{out}"
    );
    fs::write(study.path("rows.txt"), "2").unwrap();
    let (code, _, err) = submit(&["--replan"]);
    assert!(
        code == 2 && err.contains("jobs of the old plan are in the queue, for runs 1-6"),
        "{err}"
    );
}

#[test]
fn more_runs_than_an_array_takes_are_several() {
    let study = quick();
    let counting = "echo \"$@\" >> calls.txt; echo $((100 + $(wc -l < calls.txt)))";
    let limits = "echo \"MaxArraySize            = 3\"";
    slurm(
        &study.path("bin"),
        &[("sbatch", counting), ("scontrol", limits), ("squeue", ""), ("scancel", "")],
    );
    fs::write(study.path("slurm.lua"), "return { throttle = 9 }").unwrap();
    let mut command = compt(&["sweep", "submit", "study.lua"]);
    let path = format!("{}:/usr/bin:/bin", study.path("bin").display());
    command.current_dir(study.0.path()).env("PATH", path);
    let (code, out, err) = read(command.output().unwrap());
    assert_eq!(code, 0, "{err}");
    for job in 101..104 {
        assert!(out.contains(&format!("job {job}: 2 elements")), "{out}");
    }
    assert!(study.text("calls.txt").contains("--dependency=afterany:101:102:103"));
    let script = study.text("runs/study/.slurm/1/array-3.sh");
    assert!(script.contains("--array=1-2%3\n") && script.contains("/elements-3"), "{script}");
    assert_eq!(study.text("runs/study/.slurm/1/elements-3"), "5\n6\n");
}

#[test]
fn a_job_that_began_after_the_queue_was_asked_is_there() {
    let study = quick();
    study.run(&["sweep", "plan", "study.lua"]);
    // The first answer is older than the job.
    let asked = "n=$(cat asked 2>/dev/null); echo x$n > asked
[ -z \"$n\" ] || echo \"77 77 N/A 0 RUNNING\"";
    slurm(&study.path("bin"), &[("squeue", asked)]);
    let folder = plan(&study)[1]["folder"].as_str().unwrap().to_string();
    fs::create_dir_all(study.path(&format!("{folder}/claims"))).unwrap();
    // SAFETY: a plain system call.
    let user = unsafe { libc::getuid() };
    let claimed = json!({ "claimed": {
        "host": "node7", "boot": "b", "table": "pid:[1]", "pid": 7, "began": 1,
        "job": { "cluster": "test", "id": 77, "restart": 0, "user": user },
    } });
    fs::write(study.path(&format!("{folder}/claims/1")), claimed.to_string()).unwrap();
    let mut command = compt(&["sweep", "run", PLAN, "--index", "1"]);
    let path = format!("{}:/usr/bin:/bin", study.path("bin").display());
    command.current_dir(study.0.path()).env("PATH", path).env("SLURM_CLUSTER_NAME", "test");
    // A queue as a user likes it is not the one to ask.
    command.env("SQUEUE_STATES", "PENDING");
    let (code, _, err) = read(command.output().unwrap());
    assert!(code == 0 && err.contains("skipped, it is run by job 77 on node7"), "{err}");
    assert!(study.text("asked").starts_with("xx"), "it was asked twice");
}
