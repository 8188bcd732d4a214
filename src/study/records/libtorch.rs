//! A libtorch on disk, and its version.

use std::env::consts::DLL_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Libtorch {
    /// The folder of its libraries.
    pub folder: PathBuf,
    /// Its version as it says itself, for example `2.11.0+cpu`, or `unknown`.
    pub version: String,
}

impl Libtorch {
    /// The libtorch whose libraries are in a folder, if there is one.
    pub fn at(folder: &Path) -> Option<Libtorch> {
        if !folder.join(format!("libtorch_cpu{DLL_SUFFIX}")).is_file() {
            return None;
        }
        let root = folder.parent()?;
        let version = python_version(root)
            .or_else(|| fs::read_to_string(root.join("build-version")).ok())
            .map_or("unknown".to_string(), |v| v.trim().to_string());
        Some(Libtorch { folder: folder.to_path_buf(), version })
    }

    /// The libtorch that this process has loaded, by the process's memory map.
    pub fn loaded() -> Option<Libtorch> {
        let maps = fs::read_to_string("/proc/self/maps").ok()?;
        let library = maps
            .lines()
            .filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])))
            .find(|path| path.file_name().is_some_and(|name| name == "libtorch_cpu.so"))?;
        Libtorch::at(library.parent()?)
    }
}

/// `__version__ = '2.11.0+cpu'` of a wheel's `version.py`.
fn python_version(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("version.py")).ok()?;
    let line = text.lines().find(|line| line.starts_with("__version__ ="))?;
    line.split('\'').nth(1).map(str::to_string)
}
