//! Starts the runtime, `compt-runtime`, in the place of this process: with libtorch on its library path, and with
//! OpenMP set up for machines that do other work too. Both must be in the environment before the runtime begins:
//! the loader reads `LD_LIBRARY_PATH`, and libgomp its variables, before `main`.

mod libtorch;
mod threads;

use crate::{Error, Result};
use compt_base::memory::address_limit;
use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const RUNTIME: &str = "compt-runtime";
const CUBLAS_WORKSPACE: &str = "CUBLAS_WORKSPACE_CONFIG";
const LIBRARY_PATH: &str =
    if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
/// The address space that a loaded libtorch needs; with less, the loader or a constructor of its own ends the process.
const LOADED: u64 = 1 << 30;

/// Replaces this process by the runtime, with the same arguments. Returns only if that fails.
///
/// `built` is the folder of the libraries that the program was built with.
/// `otherwise` reports why.
pub fn runtime(built: Option<&str>, otherwise: impl Fn(&Error) -> ExitCode) -> ExitCode {
    match start(built.map(Path::new)) {
        Ok(never) => match never {},
        Err(e) => otherwise(&e),
    }
}

/// The path of `compt`, also when the runtime asks.
///
/// # Errors
///
/// The system does not say where the program is.
pub fn program() -> Result<PathBuf> {
    let path = env::current_exe()?;
    Ok(if path.file_name().is_some_and(|name| name == RUNTIME) {
        path.with_file_name("compt")
    } else {
        path
    })
}

fn start(built: Option<&Path>) -> Result<std::convert::Infallible> {
    let program = program()?;
    let runtime = program.with_file_name(RUNTIME);
    if !runtime.is_file() {
        return Err(Error::new("the runtime of compt is missing")
            .at(runtime.display())
            .hint("`cargo build --release` and `cargo install` make compt and compt-runtime, to be kept side by side"));
    }
    let folder = libtorch::find(&program, built)?;
    if let Some(limit) = address_limit().filter(|limit| *limit < LOADED) {
        let what = format!("libtorch does not fit in an address space of {} MiB", limit >> 20);
        let hint = format!("`ulimit -v unlimited`, or {} and more for large models", LOADED >> 10);
        return Err(Error::new(what).hint(hint));
    }
    let mut command = Command::new(&runtime);
    command.arg0("compt").args(env::args_os().skip(1));
    command.env(LIBRARY_PATH, with_first(&folder, env::var_os(LIBRARY_PATH).as_deref()));
    command.envs(threads::settings());
    // Deterministic products of cuBLAS need it, before CUDA starts (torch.use_deterministic_algorithms).
    if env::var_os(CUBLAS_WORKSPACE).is_none() {
        command.env(CUBLAS_WORKSPACE, ":4096:8");
    }
    Err(Error::from(command.exec()).at(runtime.display()))
}

/// A search path with a folder before all others.
fn with_first(folder: &Path, path: Option<&std::ffi::OsStr>) -> std::ffi::OsString {
    // The loader reads an empty element as the current folder.
    let others = path.map(env::split_paths).into_iter().flatten();
    let others = others.filter(|other| other != folder && !other.as_os_str().is_empty());
    let all = std::iter::once(folder.to_path_buf()).chain(others);
    env::join_paths(all).unwrap_or_else(|_| folder.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_libtorch_is_before_that_of_a_module() {
        let path =
            |before: Option<&str>| with_first(Path::new("/t/lib"), before.map(AsRef::as_ref));
        assert_eq!(path(None), "/t/lib");
        assert_eq!(path(Some("")), "/t/lib");
        assert_eq!(path(Some("/module/lib:/opt/lib")), "/t/lib:/module/lib:/opt/lib");
        assert_eq!(path(Some("/module/lib:/t/lib")), "/t/lib:/module/lib");
    }
}
