//! Every `tests/lua/**/*_test.lua` is a test: `cargo test --test lua trainer/resume` runs one. Such a
//! file returns a table: name of a test -> function. Each file has a process of its own, for torch's
//! generator and what else a script changes are the process's.

#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "all/program/command.rs"]
mod command;

use command::{compt, read, root};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;

/// The test files below a folder, by their paths below it without `_test.lua`.
fn names(folder: &Path, above: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{above}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            names(&entry.path(), &format!("{name}/"), found);
        } else if let Some(name) = name.strip_suffix("_test.lua") {
            found.push(name.to_string());
        }
    }
}

fn run(name: &str, show: bool) -> Result<(), Failed> {
    let (home, file) = (tempfile::tempdir()?, format!("file={name}"));
    let mut command = compt(&["-e", "require 'tests.lua.run'", "--set", &file]);
    command.current_dir(root()).env("HOME", home.path()).env("TMPDIR", home.path());
    let (_, out, err) = read(command.output()?);
    if show {
        print!("{out}{err}");
    }
    // The runner's last line, not the exit code: that is 1 where a cell of a grid was made to fail.
    let passed = out.ends_with(" Lua tests passed\n");
    if passed { Ok(()) } else { Err(format!("{out}{err}").into()) }
}

fn main() {
    let arguments = Arguments::from_args();
    let (mut found, show) = (Vec::new(), arguments.nocapture);
    names(&root().join("tests/lua"), "", &mut found);
    found.sort();
    assert!(!found.is_empty(), "no test under tests/lua");
    let trial = |name: String| Trial::test(format!("lua::{name}"), move || run(&name, show));
    libtest_mimic::run(&arguments, found.into_iter().map(trial).collect()).exit();
}
