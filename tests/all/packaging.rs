//! The wheel in a fresh environment of Python; the licences of what it contains; one version of all.

use crate::program::pages::Page;
use crate::program::{apart, compt, read, root, skipped};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An environment of Python. None, said aloud, where it cannot be made.
struct Environment(TempDir);

impl Environment {
    fn new() -> Option<Environment> {
        let folder = tempfile::tempdir().unwrap();
        let made = apart("python3").args(["-m", "venv"]).arg(folder.path()).output();
        if made.is_ok_and(|made| made.status.success()) {
            return Some(Environment(folder));
        }
        skipped("python3 -m venv fails (Debian has python3-venv)");
        None
    }

    fn packages(&self) -> PathBuf {
        let mut pythons = fs::read_dir(self.0.path().join("lib")).unwrap();
        pythons.next().unwrap().unwrap().path().join("site-packages")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = apart(self.0.path().join("bin").join(program));
        read(command.args(arguments).current_dir(self.0.path()).output().unwrap())
    }

    /// What is left of an installed torch of a version: the libraries in `lib`, and the record of pip.
    fn torch(&self, version: &str, lib: Option<&Path>) {
        let packages = self.packages();
        let _ = fs::remove_dir_all(packages.join("torch"));
        fs::create_dir_all(packages.join("torch")).unwrap();
        let text = format!("__version__ = '{version}'\n");
        fs::write(packages.join("torch/version.py"), text).unwrap();
        match lib {
            Some(lib) => {
                std::os::unix::fs::symlink(lib, packages.join("torch/lib")).unwrap();
            }
            None => {
                fs::create_dir(packages.join("torch/lib")).unwrap();
                fs::write(packages.join("torch/lib/libtorch_cpu.so"), "no library").unwrap();
            }
        }
        let info = packages.join("torch-0.dist-info");
        fs::create_dir_all(&info).unwrap();
        let text = format!("Metadata-Version: 2.1\nName: torch\nVersion: {version}\n");
        fs::write(info.join("METADATA"), text).unwrap();
    }
}

/// The libraries that the tests use.
fn libtorch() -> &'static Path {
    Path::new(env!("COMPT_LIBTORCH"))
}

/// The wheel of the programs that are tested.
fn wheel(folder: &Path) -> Option<String> {
    let programs = Path::new(env!("CARGO_BIN_EXE_compt")).parent().unwrap();
    let mut script = apart("python3");
    script
        .arg(root().join("scripts/wheel.py"))
        .arg("--program")
        .arg(programs)
        .arg("--out")
        .arg(folder);
    let Ok(output) = script.output() else {
        skipped("there is no python3");
        return None;
    };
    let (code, _, error) = read(output);
    assert_eq!(code, 0, "{error}");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    assert!(file.metadata().unwrap().len() < 30_000_000);
    Some(file.path().display().to_string())
}

#[test]
fn the_wheel_finds_the_torch_of_its_environment_and_trains() {
    let folder = tempfile::tempdir().unwrap();
    let Some(wheel) = wheel(folder.path()) else { return };
    let Some(environment) = Environment::new() else { return };
    let install = ["install", "--no-index", "--quiet", "--disable-pip-version-check"];

    // No torch, and one of another version.
    let (code, _, error) = environment.run("pip", &[&install[..], &[&wheel]].concat());
    assert!(code != 0 && error.contains("torch==2.11.*"), "{error}");
    let (code, _, error) = environment.run("pip", &[&install[..], &["--no-deps", &wheel]].concat());
    assert_eq!(code, 0, "{error}");
    let (code, printed, _) = environment.run("compt", &["--version"]);
    assert_eq!((code, printed), (0, format!("compt {VERSION}\n")));
    let (code, _, error) = environment.run("compt", &["-e", "print(1)"]);
    let cure =
        format!("{}/bin/python3 -m pip install 'torch==2.11.*'", environment.0.path().display());
    assert!(code == 2 && error.contains("libtorch 2.11 is not found"), "{error}");
    assert!(error.contains(&cure), "{error}");
    environment.torch("2.9.1+cu128", None);
    let (code, _, error) = environment.run("compt", &["-e", "print(1)"]);
    assert!(code == 2 && error.contains("there is 2.9.1+cu128 in"), "{error}");
    assert!(error.contains(&cure), "{error}");

    // The right one: as after `pip install compt`.
    environment.torch("2.11.0", Some(libtorch()));
    let (code, _, error) = environment
        .run("pip", &[&install[..], &["--force-reinstall", "--no-deps", &wheel]].concat());
    assert_eq!(code, 0, "{error}");
    let (_, printed, _) = environment.run("pip", &["check", "--disable-pip-version-check"]);
    assert!(printed.contains("No broken requirements found"), "{printed}");
    let (code, printed, error) = environment.run("compt", &["doctor"]);
    let used = format!("2.11.0 in {}", environment.packages().join("torch/lib").display());
    assert_eq!(code, 0, "{printed}{error}");
    let is_it = printed.contains(&used) || printed.contains(&libtorch().display().to_string());
    assert!(is_it && printed.contains("Everything needed is there."), "{printed}");
    let demo = root().join("examples/quickstart.lua").display().to_string();
    let (code, printed, error) = environment.run("compt", &["run", &demo, "--set", "quick=true"]);
    assert!(code == 0 && printed.contains("margin: average minus"), "{printed}{error}");
    let (code, printed, _) = environment.run("compt", &["runs"]);
    assert!(code == 0 && printed.contains("quickstart/mcat"), "{printed}");

    // A torch that only Python finds: a path file, as that of a module of a cluster.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(environment.packages().join("torch"), elsewhere.path().join("torch")).unwrap();
    let path = format!("{}\n", elsewhere.path().display());
    fs::write(environment.packages().join("module.pth"), path).unwrap();
    let (code, printed, error) =
        environment.run("compt", &["-e", "print(torch.ones(2):sum():item())"]);
    assert_eq!((code, printed.trim()), (0, "2.0"), "{error}");
}

#[test]
fn a_wheel_for_a_newer_glibc_is_refused_by_pip() {
    let Some(environment) = Environment::new() else { return };
    let wheel =
        environment.0.path().join(format!("compt-{VERSION}-py3-none-manylinux_2_99_x86_64.whl"));
    fs::write(&wheel, "").unwrap();
    let (code, _, error) =
        environment.run("pip", &["install", "--no-index", "--no-deps", wheel.to_str().unwrap()]);
    assert!(code != 0 && error.contains("is not a supported wheel on this platform"), "{error}");
    let page = Page::read("docs/howto/install.md").text;
    assert!(page.contains("is not a supported wheel on this platform"));
}

#[test]
fn the_licences_are_those_of_the_packages_of_cargo_lock() {
    let (code, printed, _) = read(compt(&["licences"]).output().unwrap());
    assert_eq!(code, 0);
    for text in ["Lua.org, PUC-Rio", "Bitstream", "Zstandard", "standard library of Rust"] {
        assert!(printed.contains(text), "{text}");
    }
    let list = printed.split("\n====").next().unwrap();
    let word = |line: &str, n: usize| line.split(' ').nth(n).unwrap().to_string();
    let mut named: BTreeSet<String> = list
        .lines()
        .filter_map(|line| line.strip_prefix("- "))
        .map(|line| format!("{} {}", word(line, 0), word(line, 1)))
        .collect();
    assert!(named.len() > 100, "{list}");
    let not_linked = include_str!("../../scripts/licences/not-linked.txt");
    named.extend(not_linked.lines().map(String::from));
    let lock = include_str!("../../Cargo.lock");
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.map(|value| value.trim_end_matches('"').to_string())
    };
    let locked = lock.split("[[package]]").filter(|package| value(package, "source").is_some());
    let locked: BTreeSet<String> = locked
        .map(|p| format!("{} {}", value(p, "name").unwrap(), value(p, "version").unwrap()))
        .collect();
    let differ: Vec<_> = named.symmetric_difference(&locked).collect();
    assert!(
        differ.is_empty(),
        "python3 scripts/licences.py, and commit what it writes: {differ:?}"
    );
}

#[test]
fn all_parts_have_one_version() {
    let citation = fs::read_to_string(root().join("CITATION.cff")).unwrap();
    assert!(citation.contains(&format!("\nversion: {VERSION}\n")));
    let changes = Page::read("CHANGELOG.md").text;
    let newest = changes.lines().find(|line| line.starts_with("## ") && *line != "## Unreleased");
    let newest = newest.expect("a version");
    assert!(newest.starts_with(&format!("## {VERSION} (20")), "{newest}");
    let (_, printed, _) = read(compt(&["--version"]).output().unwrap());
    assert_eq!(printed, format!("compt {VERSION}\n"));
}
