//! Every example and every study of the paper in its quick form.

use crate::program::{Study, compt, read, root};
use std::fs;

/// A fresh folder that sees the repository's files.
fn folder() -> Study {
    let folder = Study::new(&[]);
    for name in ["examples", "scripts", "tests"] {
        std::os::unix::fs::symlink(root().join(name), folder.path(name)).unwrap();
    }
    folder
}

/// Runs `compt` with these arguments.
fn runs(folder: &Study, what: &str, arguments: &[&str]) {
    let command = compt(arguments).current_dir(folder.0.path()).output();
    let (code, out, err) = read(command.unwrap());
    assert_eq!(code, 0, "{what}: {out}{err}");
    assert!(!out.is_empty(), "{what} prints nothing");
}

const ROWS: &str = "tests/fixtures/rows";

#[test]
fn every_example_runs() {
    let mut examples: Vec<String> = fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".lua"))
        .collect();
    examples.sort();
    assert!(!examples.is_empty());
    let data = format!("data={ROWS}");
    for name in examples {
        let path = format!("examples/{name}");
        runs(&folder(), &path, &["run", &path, "--set", "quick=true", "--set", &data]);
        let lines = fs::read_to_string(root().join(&path)).unwrap().lines().count();
        assert!(lines < 60, "{path} has {lines} lines");
    }
}

#[test]
fn methods_are_compared() {
    let script = "scripts/compare.lua";
    let arguments = ["run", script, "--set", "quick=true", "--set", "methods=lora,mpt"];
    let folder = folder();
    let command = compt(&arguments).current_dir(folder.0.path()).output();
    let (code, out, err) = read(command.unwrap());
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    let titles: Vec<&str> =
        lines.iter().filter(|l| l.starts_with("Test scores")).copied().collect();
    assert_eq!(titles, ["Test scores, against pt", "Test scores, against pt-m"], "{out}");
    let table = lines.iter().position(|line| line.starts_with("Test scores")).unwrap();
    for (line, name) in lines[table + 1..].iter().zip([
        "method",
        "pt ",
        "pt-m ",
        "lora ",
        "mpt ",
        "Difference from pt [",
    ]) {
        assert!(line.starts_with(name), "{out}");
    }
    for name in ["pt", "pt-m", "lora", "mpt"] {
        assert!(
            out.contains(&format!("\n{name}: ")) || out.starts_with(&format!("{name}: ")),
            "{out}"
        );
        let record = format!("runs/compare/rates-{name}/search-rates-{name}.json");
        assert!(folder.path(&record).is_file(), "{record}");
    }
    assert!(
        out.contains("Holm over") && out.contains("averages over 2 seeds (6 are needed)"),
        "{out}"
    );
}

#[test]
fn studies_declare_the_settings_of_the_paper() {
    let script = ["run", "tests/studies/settings.lua", "--set", "backbone=t5-base"];
    let (code, out, err) = read(compt(&script).current_dir(root()).output().unwrap());
    assert!(code == 0 && out.contains("as in the paper"), "{out}{err}");
}

#[test]
fn a_study_names_the_task_that_its_set_lacks() {
    let folder = folder();
    for (arguments, words) in [
        (["table5", "only=qnli,similarity"], "'nli3' (in place of mnli), which --set only lacks"),
        (["table6", "tasks=micro_set2"], "needs the task 'rte', which the set micro_set2 lacks"),
        (["figA1", "only=nli2,similarity"], "'qnli', which --set only lacks"),
    ] {
        let script = format!("scripts/{}.lua", arguments[0]);
        let command = ["run", &script, "--set", arguments[1]];
        let (code, out, err) = read(compt(&command).current_dir(folder.0.path()).output().unwrap());
        assert!(code == 1 && err.contains(words), "{out}{err}");
        assert!(!folder.path("runs").exists());
    }
}

#[test]
fn the_paper_s_studies_run() {
    let folder = folder();
    let arguments = ["run", "scripts/paper.lua", "--set", "quick=true", "--jobs", "2"];
    let output = compt(&arguments).current_dir(folder.0.path()).output().unwrap();
    let (code, out, err) = read(output);
    assert_eq!(code, 0, "{err}");
    let scripts = fs::read_dir(root().join("scripts")).unwrap();
    let names = scripts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let of_paper = |name: &String| name.starts_with("table") || name.starts_with("fig");
    let studies: Vec<String> = names.filter(of_paper).collect();
    assert_eq!(studies.len(), 17);
    for name in studies {
        let stem = name.trim_end_matches(".lua");
        assert!(out.contains(&format!("pages/{stem}-1.")), "{stem} shows nothing");
    }
    let finished = out.lines().rev().nth(1).unwrap_or_default();
    assert!(finished.contains(" finished") && !finished.contains(','), "{finished}");
    let page = fs::read_to_string(folder.path("pages/paper.html")).unwrap();
    assert!(page.contains("Figure A2") && page.matches("<svg").count() > 20);
    let text = fs::read_to_string(folder.path("pages/paper.md")).unwrap();
    assert!(text.contains("## Figure A2") && text.contains("(figA2-1.svg)"));

    // A study by itself takes the runs that are there.
    let alone = ["run", "scripts/fig3.lua", "--set", "quick=true"];
    let (code, out, err) = read(compt(&alone).current_dir(folder.0.path()).output().unwrap());
    assert!(code == 0 && !err.contains("run 1 of"), "{out}{err}");
}
