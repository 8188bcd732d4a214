//! The search for libtorch, where people have it.

use crate::{Error, Result};
use compt_study::records::libtorch::Libtorch;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version that the runtime is built for.
const VERSION: &str = "2.11";
/// Prints the folder of the torch that a Python would import, without importing it.
const ASK: &str = "import sys
sys.path = [folder for folder in sys.path if folder]
import importlib.util
torch = importlib.util.find_spec('torch')
print(*(torch and torch.submodule_search_locations or []), sep='\\n')";

/// The folder of the libraries to use. Looked for in this order:
///
/// 1. `LIBTORCH`: it is used or refused
/// 2. beside the program: `lib`, `../lib`, `../torch/lib`, and torch of the environment of Python that it is in
/// 3. torch of the active virtual environment (`VIRTUAL_ENV`), then of conda (`CONDA_PREFIX`)
/// 4. `built`, the folder that the program was built with
/// 5. the torch that `python3` beside the program would import, else the one of the `PATH`
///
/// # Errors
///
/// None of them is there in the right version; each that was found is named.
pub fn find(program: &Path, built: Option<&Path>) -> Result<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(root) = variable("LIBTORCH") {
        let root = PathBuf::from(root);
        return chosen(&[root.join("lib"), root.clone()], None)
            .map_err(|e| e.at(format!("LIBTORCH={}", root.display())));
    }
    let beside = program.parent().unwrap_or(Path::new(""));
    let mut folders: Vec<PathBuf> =
        ["lib", "../lib", "../torch/lib"].map(|folder| beside.join(folder)).into();
    folders.extend(beside.parent().into_iter().flat_map(of_environment));
    for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let root = variable(name).map(PathBuf::from);
        folders.extend(root.iter().flat_map(|root| of_environment(root)));
    }
    folders.extend(built.map(Path::to_path_buf));
    let python = Some(beside.join("python3")).filter(|python| python.is_file());
    if let Ok(found) = chosen(&folders, None) {
        return Ok(found);
    }
    folders.extend(imported(python.as_deref().unwrap_or(Path::new("python3"))));
    chosen(&folders, python.as_deref())
}

/// The folders of torch in an environment of Python.
fn of_environment(root: &Path) -> Vec<PathBuf> {
    let pythons = fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    let pythons =
        pythons.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
    let mut folders: Vec<PathBuf> =
        pythons.map(|entry| entry.path().join("site-packages/torch/lib")).collect();
    folders.sort();
    folders
}

/// The folder of the torch that a Python would import: `.pth` files, `PYTHONPATH` and packages of the system count.
fn imported(python: &Path) -> Vec<PathBuf> {
    let asked =
        Command::new(python).args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let printed = asked.map(|output| output.stdout).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed);
    printed.lines().map(|folder| Path::new(folder).join("lib")).collect()
}

/// The first folder with a libtorch of the right version, or of one that does not say its version. `python` is the
/// one that is told to install it.
fn chosen(folders: &[PathBuf], python: Option<&Path>) -> Result<PathBuf> {
    let mut others: Vec<String> = Vec::new();
    for found in folders.iter().filter_map(|folder| Libtorch::at(folder)) {
        let version = &found.version;
        if version == "unknown" || version.starts_with(&format!("{VERSION}.")) {
            return Ok(found.folder);
        }
        let other = format!("{version} in {}", found.folder.display());
        if !others.contains(&other) {
            others.push(other);
        }
    }
    let what = match others.is_empty() {
        true => format!("libtorch {VERSION} is not found"),
        false => format!("libtorch {VERSION} is needed, and there is {}", others.join(", ")),
    };
    let install = format!("install 'torch=={VERSION}.*'`");
    Err(Error::new(what).hint(match python {
        Some(python) => format!(
            "`{} -m pip {install}; LIBTORCH names the folder torch (with `lib` in it) of another environment",
            python.display()
        ),
        None => format!(
            "`pip {install} into the active virtual environment, or set LIBTORCH to its folder torch (with `lib` in \
             it); a clone has it after `make setup`"
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like torch of a version.
    fn torch(root: &Path, version: &str) -> PathBuf {
        let lib = root.join("torch/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("libtorch_cpu.so"), "").unwrap();
        fs::write(root.join("torch/version.py"), format!("__version__ = '{version}'\n")).unwrap();
        lib
    }

    #[test]
    fn the_first_of_the_right_version_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let old = torch(&folder.path().join("a"), "2.9.1+cu128");
        let right = torch(&folder.path().join("b"), "2.11.0+cpu");
        assert_eq!(chosen(&[old.clone(), right.clone()], None).unwrap(), right);
        let error = chosen(&[old, folder.path().join("none")], None).unwrap_err().to_string();
        assert!(
            error.contains("2.9.1+cu128 in") && error.contains("`pip install 'torch==2.11.*'`"),
            "{error}"
        );
        assert!(chosen(&[], None).unwrap_err().to_string().contains("is not found"));
    }

    #[test]
    fn torch_of_an_environment_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let lib = torch(&folder.path().join("lib/python3.12/site-packages"), "2.11.0");
        assert_eq!(of_environment(folder.path()), [lib]);
        assert!(of_environment(Path::new("/nothing/here")).is_empty());
    }
}
