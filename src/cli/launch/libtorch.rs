//! The search for libtorch, where people have it.

use crate::{Error, Result};
use compt_study::records::libtorch::Libtorch;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The version that the runtime is built for.
const VERSION: &str = "2.11";

/// The folder of the libraries to use. Looked for in this order:
///
/// 1. `LIBTORCH`: it is used or refused
/// 2. beside the program: `lib`, `../lib`, `../torch/lib`
/// 3. torch of the active virtual environment (`VIRTUAL_ENV`), then of conda (`CONDA_PREFIX`)
/// 4. `built`, the folder that the program was built with
///
/// # Errors
///
/// None of them is there in the right version; each that was found is named.
pub fn find(program: &Path, built: Option<&Path>) -> Result<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(root) = variable("LIBTORCH") {
        let root = PathBuf::from(root);
        return choose(&[root.join("lib"), root.clone()])
            .map_err(|e| e.at(format!("LIBTORCH={}", root.display())));
    }
    let beside = program.parent().unwrap_or(Path::new(""));
    let mut folders: Vec<PathBuf> =
        ["lib", "../lib", "../torch/lib"].map(|folder| beside.join(folder)).into();
    for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        folders.extend(variable(name).into_iter().flat_map(|root| of_python(Path::new(&root))));
    }
    folders.extend(built.map(Path::to_path_buf));
    choose(&folders)
}

/// The folders of torch in an environment of Python.
fn of_python(root: &Path) -> Vec<PathBuf> {
    let pythons = fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    let pythons =
        pythons.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
    let mut folders: Vec<PathBuf> =
        pythons.map(|entry| entry.path().join("site-packages/torch/lib")).collect();
    folders.sort();
    folders
}

/// The first folder with a libtorch of the right version, or of one that does not say its version.
fn choose(folders: &[PathBuf]) -> Result<PathBuf> {
    let mut others = Vec::new();
    for found in folders.iter().filter_map(|folder| Libtorch::at(folder)) {
        let version = &found.version;
        if version == "unknown" || version.starts_with(&format!("{VERSION}.")) {
            return Ok(found.folder);
        }
        others.push(format!("{version} in {}", found.folder.display()));
    }
    let what = match others.is_empty() {
        true => format!("libtorch {VERSION} is not found"),
        false => format!("libtorch {VERSION} is needed, and there is {}", others.join(", ")),
    };
    Err(Error::new(what).hint(format!(
        "`pip install torch=={VERSION}.*` into the active virtual environment, or set LIBTORCH to its folder torch \
         (with `lib` in it); a clone has it after `make setup`"
    )))
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
        assert_eq!(choose(&[old.clone(), right.clone()]).unwrap(), right);
        let error = choose(&[old, folder.path().join("none")]).unwrap_err().to_string();
        assert!(
            error.contains("2.9.1+cu128 in") && error.contains("pip install torch==2.11"),
            "{error}"
        );
        assert!(choose(&[]).unwrap_err().to_string().contains("is not found"));
    }

    #[test]
    fn torch_of_an_environment_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let lib = torch(&folder.path().join("lib/python3.12/site-packages"), "2.11.0");
        assert_eq!(of_python(folder.path()), [lib]);
        assert!(of_python(Path::new("/nothing/here")).is_empty());
    }
}
