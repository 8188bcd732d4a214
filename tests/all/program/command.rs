//! The program as a test starts it: with a home of the test's own, and so with caches, a history, a
//! hub and settings of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// What programs are given of the environment of the tests; the rest is the user's.
const SHARED: [&str; 10] = [
    "COMPT_BOMBS",
    "COMPT_FUZZ",
    "COMPT_FUZZ_SEED",
    "COMPT_SHARED",
    "COMPT_STOPS",
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "MEMORY_TEST_FACTOR",
    "PATH",
    "TMPDIR",
];

thread_local! {
    /// Each test is a thread; the folder is removed when it ends.
    static HOME: TempDir = tempfile::tempdir().unwrap();
}

/// A program that sees nothing of the user's but what is installed.
pub fn apart(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let shared = SHARED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.env_clear().envs(shared);
    HOME.with(|home| command.env("HOME", home.path()));
    command.env("OMP_NUM_THREADS", "1").env("TERM", "xterm-256color");
    command
}

/// compt with these arguments.
pub fn compt(arguments: &[&str]) -> Command {
    let mut command = apart(env!("CARGO_BIN_EXE_compt"));
    command.args(arguments);
    command
}

/// Exit code, standard output and standard error.
pub fn read(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
