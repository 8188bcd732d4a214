//! `compt kernel`: the kernel of notebooks. What needs Jupyter's own packages is in scripts/check_kernel.py and
//! scripts/check_notebooks.py.

use crate::program::{Study, compt, python, read, root};
use serde_json::{Value, json};
use std::fs;

fn passes(package: &str, script: &str) {
    let Some(mut python) = python(package) else { return };
    python.arg(root().join(script)).args(["--compt", env!("CARGO_BIN_EXE_compt")]);
    let (code, out, err) = read(python.output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn the_kernel_passes_the_tests_of_jupyter() {
    passes("jupyter_kernel_test", "scripts/check_kernel.py");
}

#[test]
fn the_notebooks_run_and_show_what_they_give() {
    passes("nbclient", "scripts/check_notebooks.py");
}

#[test]
fn every_notebook_is_named_in_the_tutorial() {
    let page = fs::read_to_string(root().join("docs/tutorials/notebook.md")).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(root().join("examples/notebooks")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(page.contains(&format!("examples/notebooks/{name}")), "{name}");
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn jupyter_finds_the_kernel_where_it_is_installed() {
    let study = Study::new(&[]);
    let prefix = study.0.path().to_str().unwrap();
    let (code, out, err) = study.run(&["kernel", "install", "--prefix", prefix]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("share/jupyter/kernels/compt"), "{out}");
    let installed = study.json("share/jupyter/kernels/compt/kernel.json");
    let argv =
        json!([env!("CARGO_BIN_EXE_compt"), "kernel", "--connection-file", "{connection_file}"]);
    assert_eq!((&installed["argv"], &installed["language"]), (&argv, &json!("lua")));
    assert_eq!(installed["interrupt_mode"], "message");
    assert!(study.path("share/jupyter/kernels/compt/logo-svg.svg").is_file());
    // Again: an update.
    assert_eq!(study.run(&["kernel", "install", "--prefix", prefix]).0, 0);

    let data = study.path("data");
    let mut command = compt(&["kernel", "install", "--user"]);
    let (code, _, err) = read(command.env("JUPYTER_DATA_DIR", &data).output().unwrap());
    assert_eq!(code, 0, "{err}");
    assert!(data.join("kernels/compt/kernel.json").is_file());

    let (code, _, err) = study.run(&["kernel", "install", "--prefix", "nowhere"]);
    assert!(code == 2 && err.contains("no such folder") && err.contains("VIRTUAL_ENV"), "{err}");
    let (code, _, err) = study.run(&["kernel", "install", "--user", "--prefix", prefix]);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
}

#[test]
fn a_wrong_connection_file_is_refused() {
    let study = Study::new(&[("text.json", "not JSON"), ("list.json", "[]"), ("empty.json", "{}")]);
    let refused = |file: &str, parts: &[&str]| {
        let (code, out, err) = study.run(&["kernel", "--connection-file", file]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        for part in parts.iter().chain(&[file]) {
            assert!(err.contains(part), "{file}: {err}");
        }
    };
    refused("absent.json", &["No such file", "Jupyter writes this file"]);
    refused("text.json", &["expected"]);
    refused("list.json", &["no connection file"]);
    refused("empty.json", &["'key' is missing"]);
    let good = json!({
        "shell_port": 40001, "iopub_port": 40002, "stdin_port": 40003, "control_port": 40004, "hb_port": 40005,
        "ip": "127.0.0.1", "key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256"
    });
    let with = |key: &str, value: Value| {
        let mut file = good.clone();
        file[key] = value;
        fs::write(study.path("changed.json"), file.to_string()).unwrap();
    };
    with("transport", json!("pgm"));
    refused("changed.json", &["'pgm'", "'tcp' and 'ipc'"]);
    with("signature_scheme", json!("hmac-md5"));
    refused("changed.json", &["'hmac-md5'"]);
    with("hb_port", json!(70000));
    refused("changed.json", &["'hb_port'", "70000"]);
    with("key", Value::Null);
    refused("changed.json", &["'key' must be a string"]);
    let (code, _, err) = study.run(&["kernel"]);
    assert!(code == 2 && err.contains("--connection-file"), "{err}");
}

#[test]
fn display_prints_where_there_is_no_notebook() {
    let study = Study::new(&[(
        "study.lua",
        "io.write 'a '
         display(7)
         display(require 'compt.torch'.ones(2))
         local figure = require('compt').figures.plot { 1, 2, 3 }
         display(figure, 'png')
         print(pcall(display, figure, 'pgn'))",
    )]);
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..2], ["a 7", "tensor[2] f32 cpu [1.0000, 1.0000]"], "{out}");
    assert!(out.contains("did you mean 'png'"), "{out}");
    assert!(err.contains("'png' is shown in notebooks only"), "{err}");
}
