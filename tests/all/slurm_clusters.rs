//! `compt sweep` where jobs go to other clusters, and where sites print what they like. The programs of
//! Slurm are a script that notes how it is called.

use crate::program::{Study, compt, read};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const PLAN: &str = "runs/study/plan.jsonl";
const STUDY: &str = "local compt = require 'compt'
compt.ablate { grid = { x = { 1, 2, 3 } }, run = function(s) return { v = s.x } end }";

/// `says` is a file with what sbatch prints; NUMBER stands for the job's. `fails` holds programs that fail.
const FAKE: &str = r#"#!/bin/bash
name=$(basename "$0"); here=$(dirname "$0")/..
echo "$name $*" >> "$here/calls"
if grep -qs "$name" "$here/fails"; then echo "$name: no luck" >&2; exit 1; fi
case $name in
sbatch)
  n=$(( $(cat "$here/number" 2>/dev/null || echo 100) + 1 )); echo $n > "$here/number"
  sed "s/NUMBER/$n/" "$here/says"; cat "$here/warns" >&2 2>/dev/null
  if grep -qs after "$here/fails"; then exit 1; fi;;
squeue) of=""; [ "$1" = -M ] && of="-$2"; cat "$here/queue$of" 2>/dev/null;;
scontrol) echo "ClusterName = cpu"; echo "MaxArraySize = 3";;
esac
exit 0
"#;

struct Site(Study);

impl Site {
    fn new(says: &str, profile: &str) -> Site {
        let study = Study::new(&[
            ("study.lua", STUDY),
            ("says", says),
            ("slurm.lua", profile),
            ("bin/fake", FAKE),
        ]);
        fs::set_permissions(study.path("bin/fake"), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["sbatch", "squeue", "scontrol", "scancel"] {
            symlink("fake", study.path("bin").join(name)).unwrap();
        }
        Site(study)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.0.path("bin").display());
        let mut command = compt(arguments);
        command.current_dir(self.0.0.path()).env("PATH", path);
        for name in ["SLURM_CLUSTERS", "SBATCH_CLUSTERS"] {
            command.env_remove(name);
        }
        read(command.output().unwrap())
    }

    fn submit(&self) -> (i32, String, String) {
        self.run(&["sweep", "submit", "study.lua"])
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path(name), text).unwrap();
    }

    /// How a program was called.
    fn calls(&self, program: &str) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path("calls")).unwrap_or_default();
        calls.lines().filter(|line| line.starts_with(program)).map(String::from).collect()
    }
}

#[test]
fn jobs_of_another_cluster_are_asked_and_cancelled_there() {
    let site = Site::new("NUMBER;gpu\n", "return { sbatch = { '--clusters=gpu,west' } }");
    let (code, out, err) = site.submit();
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("job 101 on gpu: 2 elements") && out.contains("job 103 on gpu: merges"),
        "{out}"
    );
    // The smallest limit of both; the jobs that belong together are kept together.
    let sizes: Vec<String> =
        site.calls("scontrol").into_iter().filter(|call| call.contains("show config")).collect();
    assert_eq!(sizes, ["scontrol -M gpu show config", "scontrol -M west show config"]);
    let submitted = site.calls("sbatch");
    assert!(!submitted[0].contains("-M") && submitted[1].contains("-M gpu"), "{submitted:?}");
    assert!(submitted[2].contains("-M gpu --dependency=afterany:101:102"), "{submitted:?}");
    assert!(site.calls("scontrol").contains(&"scontrol -M gpu release 102".to_string()));
    assert_eq!(site.0.json("runs/study/.slurm/1/jobs.json")["cluster"], "gpu");

    // The numbers of this machine's cluster are others' jobs.
    site.write("queue", "101 101 1 0 RUNNING\n");
    site.write("queue-gpu", "CLUSTER: gpu\n102 102 1 0 PENDING\n103 103 N/A 0 PENDING\n");
    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert!(out.contains("job 102 on gpu (array): 1 pending"), "{out}");
    assert!(
        out.contains("job 103 on gpu (merging): 1 pending") && !out.contains("job 101"),
        "{out}"
    );
    let (_, out, _) = site.submit();
    assert!(out.contains("2 of 3 runs submitted (0 finished, 3 in the queue)"), "{out}");
    let (code, out, _) = site.run(&["sweep", "cancel", PLAN]);
    assert_eq!((code, out.as_str()), (0, "cancelled: 102 on gpu, 103 on gpu\n"));
    assert_eq!(site.calls("scancel"), ["scancel -M gpu 102 103"]);
    assert!(
        site.calls("squeue").iter().all(|call| call.contains("-M gpu")),
        "{:?}",
        site.calls("squeue")
    );
}

#[test]
fn a_number_is_found_among_what_a_site_prints() {
    for says in [
        "NUMBER\\nestimated cost: 3\n",
        "Welcome, 2 nodes are down\\nNUMBER\n",
        "Submitted batch job NUMBER\n",
    ] {
        let site = Site::new(&says.replace("\\n", "\n"), "return {}");
        site.write("warns", "sbatch: Warning: can't honor it\n");
        let (code, out, err) = site.submit();
        assert_eq!(code, 0, "{out}{err}");
        assert!(out.contains("job 103: merges") && err.contains("can't honor it"), "{out}{err}");
        assert!(site.calls("scontrol release").len() == 2, "{:?}", site.calls("scontrol"));
    }
}

#[test]
fn what_was_handed_in_is_cancelled_or_named() {
    // The merging job cannot be handed in.
    let site = Site::new(
        "NUMBER;gpu\n",
        "return { sbatch = { '-M gpu' }, merge = { sbatch = { '-M cpu' } } }",
    );
    let (code, _, err) = site.submit();
    assert!(code == 1 && err.contains("the runs are on the cluster gpu"), "{err}");
    assert_eq!(site.calls("scancel"), ["scancel -M gpu 101 102"]);
    assert!(!site.0.path("runs/study/.slurm").exists());

    // It says a number, and fails.
    let site = Site::new("NUMBER\n", "return {}");
    site.write("fails", "after");
    assert_eq!(site.submit().0, 1);
    assert_eq!(site.calls("scancel"), ["scancel 101"]);

    // What cannot be cancelled is named, also where the error has a hint of its own.
    let site = Site::new(
        "NUMBER;gpu\n",
        "return { sbatch = { '-M gpu' }, merge = { sbatch = { '-M cpu' } } }",
    );
    site.write("fails", "scancel");
    let (_, _, err) = site.submit();
    assert!(err.contains("jobs 101, 102 on gpu: scancel: scancel: no luck"), "{err}");

    // Nothing that can be cancelled is known: it is said what sbatch said.
    let site = Site::new("thank you\n", "return {}");
    let (code, _, err) = site.submit();
    assert!(code == 1 && err.contains("got 'thank you'") && err.contains("squeue --me"), "{err}");
    assert!(site.calls("scancel").is_empty());
    let site = Site::new("NUMBER\n", "return { sbatch = { '--clusters=gpu,west' } }");
    let (_, _, err) = site.submit();
    assert!(err.contains("which cluster of gpu,west took job 101"), "{err}");
    assert!(site.calls("scancel").is_empty(), "another's job has that number here");
}

#[test]
fn a_damaged_record_of_jobs_is_no_empty_queue() {
    let site = Site::new("NUMBER\n", "return {}");
    assert_eq!(site.submit().0, 0);
    site.write("runs/study/.slurm/1/jobs.json", "{ \"arrays\": null }");
    for arguments in [&["sweep", "submit", "study.lua"][..], &["sweep", "cancel", PLAN]] {
        let (code, _, err) = site.run(arguments);
        assert!(code != 0 && err.contains("jobs.json: it does not say which jobs"), "{err}");
    }
}

#[test]
fn a_claim_of_a_job_on_another_cluster_is_asked_there() {
    let site = Site::new("NUMBER\n", "return {}");
    assert_eq!(site.run(&["sweep", "plan", "study.lua"]).0, 0);
    let plan = site.0.text(PLAN);
    let line: serde_json::Value = serde_json::from_str(plan.lines().nth(1).unwrap()).unwrap();
    let claims = site.0.path(line["folder"].as_str().unwrap()).join("claims");
    fs::create_dir_all(&claims).unwrap();
    // SAFETY: a plain system call.
    let user = unsafe { libc::getuid() };
    let claimed = serde_json::json!({ "claimed": {
        "host": "node7", "boot": "b", "table": "pid:[1]", "pid": 7, "began": 1,
        "job": { "cluster": "gpu", "id": 7, "restart": 0, "user": user },
    } });
    fs::write(claims.join("1"), claimed.to_string()).unwrap();
    site.write("queue", "");
    site.write("queue-gpu", "7 7 N/A 0 RUNNING\n");
    let (_, out, err) = site.run(&["sweep", "status", PLAN]);
    assert!(out.contains("1 running"), "{out}{err}");
    site.write("queue-gpu", "");
    let (_, out, _) = site.run(&["sweep", "status", PLAN]);
    assert!(!out.contains("running"), "{out}");
}
