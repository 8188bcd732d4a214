//! `compt` and its runtime: what is answered without libtorch, which libtorch is used, and OpenMP's variables.

use crate::program::{compt, read};
use std::fs;
use std::path::Path;

/// A folder that looks like torch of a version.
fn torch(root: &Path, version: &str) -> String {
    fs::create_dir_all(root.join("lib")).unwrap();
    fs::write(root.join("lib/libtorch_cpu.so"), "no library").unwrap();
    fs::write(root.join("version.py"), format!("__version__ = '{version}'\n")).unwrap();
    root.display().to_string()
}

#[test]
fn the_launcher_does_not_link_libtorch() {
    let mut traced = compt(&[]);
    let (_, libraries, _) = read(traced.env("LD_TRACE_LOADED_OBJECTS", "1").output().unwrap());
    assert!(libraries.contains("libc.so"), "{libraries}");
    let heavy: Vec<&str> =
        libraries.lines().filter(|l| l.contains("torch") || l.contains("c10")).collect();
    assert_eq!(heavy, Vec::<&str>::new());
}

#[test]
fn what_needs_no_tensors_is_answered_without_libtorch() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("runs")).unwrap();
    for command in [&["--version"][..], &["run", "--help"], &["runs"], &["cache"]] {
        let mut command = compt(command);
        let output = command.current_dir(folder.path()).env("LIBTORCH", "/nowhere").output();
        let (code, _, error) = read(output.unwrap());
        assert_eq!(code, 0, "{command:?}: {error}");
    }
}

#[test]
fn another_libtorch_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let old = torch(folder.path(), "2.9.1+cu128");
    let (code, _, error) = read(compt(&["-e", "print(1)"]).env("LIBTORCH", &old).output().unwrap());
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("libtorch 2.11 is needed, and there is 2.9.1+cu128 in"), "{error}");
    assert!(error.contains(&format!("LIBTORCH={old}")), "{error}");
    let (code, _, error) =
        read(compt(&["-e", "print(1)"]).env("LIBTORCH", "/nowhere").output().unwrap());
    assert!(
        code == 2 && error.contains("LIBTORCH=/nowhere: libtorch 2.11 is not found"),
        "{error}"
    );
}

#[test]
fn the_library_path_and_an_environment_of_another_version_do_not_shadow_it() {
    let folder = tempfile::tempdir().unwrap();
    torch(&folder.path().join("lib/python3.12/site-packages/torch"), "2.9.1");
    let module = torch(&folder.path().join("module"), "2.11.0");
    let mut command = compt(&["-e", "print(torch.ones(2):sum():item())"]);
    command.env("VIRTUAL_ENV", folder.path()).env("LD_LIBRARY_PATH", module + "/lib");
    let (code, printed, error) = read(command.output().unwrap());
    assert_eq!((code, printed.trim()), (0, "2.0"), "{error}");
}

#[test]
fn openmp_spins_briefly_unless_the_user_says_otherwise() {
    let printed = |set: &[(&str, &str)]| {
        let mut command = compt(&["-e", "print(os.getenv('GOMP_SPINCOUNT'))"]);
        read(command.envs(set.iter().copied()).output().unwrap()).1
    };
    assert_eq!(printed(&[]), "600\n");
    assert_eq!(printed(&[("GOMP_SPINCOUNT", "7")]), "7\n");
    assert_eq!(printed(&[("OMP_WAIT_POLICY", "PASSIVE")]), "nil\n");
}
