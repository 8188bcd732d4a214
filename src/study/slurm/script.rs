//! The batch scripts: a profile as options of `sbatch`.

use std::fmt::Write;
use std::path::Path;

/// The user's profile of a cluster; missing values are the cluster's defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    pub partition: Option<String>,
    pub account: Option<String>,
    pub qos: Option<String>,
    /// The time limit of each element in Slurm's format: `4:00:00`; a number is minutes.
    pub time: Option<String>,
    /// The memory of each element: `16G`; a number is MiB.
    pub memory: Option<String>,
    /// The cores of each element.
    pub cpus: Option<u32>,
    /// The number of GPUs, optionally with a type: `1`, `a100:2`.
    pub gpus: Option<String>,
    /// The maximum number of elements at a time.
    pub throttle: Option<u32>,
    /// Seconds before the time limit at which an element writes a checkpoint and asks to be
    /// requeued.
    pub warning: u32,
    /// Further options of `sbatch`, one per line.
    pub sbatch: Vec<String>,
    /// Shell commands before the program: modules, environments.
    pub setup: Vec<String>,
}

/// The common parts of both scripts of a submission.
pub struct Batch<'a> {
    pub name: &'a str,
    pub profile: &'a Profile,
    /// The working folder of the script.
    pub folder: &'a Path,
    /// The folder of the jobs' output.
    pub output: &'a Path,
    /// This program.
    pub program: &'a Path,
    pub plan: &'a Path,
}

/// The script of an array of `count` elements; line N of the file `elements` lists the runs of
/// element N. `options` are passed to each.
pub fn array(batch: &Batch, count: usize, elements: &Path, options: &str) -> String {
    let throttle = batch.profile.throttle.map_or(String::new(), |most| format!("%{most}"));
    let mut text = head(batch, "%A_%a.txt");
    let _ = writeln!(text, "#SBATCH --array=1-{count}{throttle}");
    let _ = writeln!(text, "#SBATCH --requeue\n#SBATCH --open-mode=append");
    let _ = writeln!(text, "#SBATCH --signal=B:USR1@{}", batch.profile.warning);
    body(&mut text, batch);
    let _ = writeln!(text, "runs=$(sed -n \"${{SLURM_ARRAY_TASK_ID}}p\" {})", quoted(elements));
    let _ = writeln!(
        text,
        "output={}/${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}.txt",
        quoted(batch.output)
    );
    let _ = writeln!(text, "# In place of this shell, so that signals reach the program.");
    let _ = writeln!(
        text,
        "exec {} sweep run {} --index \"$runs\" --output \"$output\" --requeue{options}",
        quoted(batch.program),
        quoted(batch.plan)
    );
    text
}

/// The script of merging and the report.
pub fn merge(batch: &Batch) -> String {
    let mut text = head(batch, "merge.txt");
    body(&mut text, batch);
    let _ = writeln!(text, "exec {} sweep merge {}", quoted(batch.program), quoted(batch.plan));
    text
}

fn head(batch: &Batch, output: &str) -> String {
    let profile = batch.profile;
    let mut text = "#!/bin/bash\n".to_string();
    let mut line = |option: &str, value: &str| {
        // Quoted for sbatch.
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "#SBATCH --{option}=\"{value}\"");
    };
    line("job-name", batch.name);
    line("chdir", &batch.folder.display().to_string());
    let folder = batch.output.display().to_string().replace('%', "%%");
    line("output", &format!("{folder}/{output}"));
    let cpus = profile.cpus.map(|cpus| cpus.to_string());
    let gpus = profile.gpus.as_ref().filter(|gpus| *gpus != "0").map(|gpus| format!("gpu:{gpus}"));
    let asked = [
        ("partition", &profile.partition),
        ("account", &profile.account),
        ("qos", &profile.qos),
        ("time", &profile.time),
        ("mem", &profile.memory),
        ("cpus-per-task", &cpus),
        ("gres", &gpus),
    ];
    for (option, value) in asked {
        if let Some(value) = value {
            line(option, value);
        }
    }
    profile.sbatch.iter().for_each(|option| {
        let _ = writeln!(text, "#SBATCH {option}");
    });
    text
}

fn body(text: &mut String, batch: &Batch) {
    // Until the program handles the signal, it is ignored: the job continues without a checkpoint.
    text.push_str("\nset -e\ntrap '' USR1\nexport OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"\n");
    batch.profile.setup.iter().for_each(|line| {
        let _ = writeln!(text, "{line}");
    });
}

/// The seconds of a time limit in Slurm's format: `90` (minutes), `4:00:00`, `1-12`; `None` for
/// another format.
pub fn seconds(limit: &str) -> Option<u64> {
    let numbers =
        |text: &str| text.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>();
    let (days, rest) = match limit.split_once('-') {
        Some((days, rest)) => (Some(days.parse::<u64>().ok()?), rest),
        None => (None, limit),
    };
    let (hours, minutes, seconds) = match (days.is_some(), &numbers(rest)?[..]) {
        (true, [h]) => (*h, 0, 0),
        (true, [h, m]) => (*h, *m, 0),
        (false, [m]) => (0, *m, 0),
        (false, [m, s]) => (0, *m, *s),
        (_, [h, m, s]) => (*h, *m, *s),
        _ => return None,
    };
    Some(((days.unwrap_or(0) * 24 + hours) * 60 + minutes) * 60 + seconds)
}

/// Quoted for the shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(profile: &Profile) -> Batch<'_> {
        Batch {
            name: "grid",
            profile,
            folder: Path::new("/home/a \"b\""),
            output: Path::new("/out 5%"),
            program: Path::new("/bin/compt"),
            plan: Path::new("/out/it's.jsonl"),
        }
    }

    #[test]
    fn a_profile_becomes_lines_of_sbatch() {
        let profile = Profile {
            partition: Some("gpu".into()),
            gpus: Some("a100:1".into()),
            throttle: Some(4),
            warning: 60,
            sbatch: vec!["--constraint=new".into()],
            setup: vec!["module load cuda".into()],
            ..Profile::default()
        };
        let text = array(&batch(&profile), 8, Path::new("/out/elements"), " --jobs 2");
        for line in [
            "#SBATCH --array=1-8%4",
            "#SBATCH --partition=\"gpu\"",
            "#SBATCH --gres=\"gpu:a100:1\"",
            "#SBATCH --signal=B:USR1@60",
            "#SBATCH --constraint=new",
            "#SBATCH --chdir=\"/home/a \\\"b\\\"\"",
            "#SBATCH --output=\"/out 5%%/%A_%a.txt\"",
            "module load cuda",
            "exec /bin/compt sweep run '/out/it'\\''s.jsonl' --index \"$runs\" --output \"$output\" --requeue --jobs 2",
        ] {
            assert!(text.lines().any(|is| is == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("--mem"));
    }

    #[test]
    fn time_limits_are_read_as_slurm_writes_them() {
        let of = |text: &str| seconds(text).unwrap();
        assert_eq!((of("90"), of("2:30"), of("4:00:00")), (5400, 150, 14_400));
        assert_eq!((of("1-12"), of("1-0:30"), of("2-00:00:05")), (129_600, 88_200, 172_805));
        assert!(seconds("long").is_none() && seconds("1:2:3:4").is_none());
    }

    #[test]
    fn merging_takes_no_array() {
        let profile = Profile { throttle: Some(4), ..Profile::default() };
        let text = merge(&batch(&profile));
        assert!(!text.contains("--array") && !text.contains("--requeue"), "{text}");
        assert!(text.ends_with("exec /bin/compt sweep merge '/out/it'\\''s.jsonl'\n"), "{text}");
    }
}
