//! `scripts/setup.sh` where it has nothing to fetch.

use std::process::Command;

/// The exit code and what was said, with these variables alone in the environment.
fn setup(environment: &[(&str, &str)]) -> (i32, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/setup.sh");
    let output = Command::new("/bin/bash")
        .arg(script)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn another_libtorch_is_respected() {
    let path = std::env::var("PATH").unwrap();
    let (code, said) = setup(&[("PATH", &path), ("LIBTORCH_USE_PYTORCH", "1")]);
    assert_eq!((code, said.contains("LIBTORCH_USE_PYTORCH is set")), (0, true), "{said}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("lib")).unwrap();
    let libtorch = folder.path().to_str().unwrap();
    let (code, said) = setup(&[("PATH", &path), ("LIBTORCH", libtorch)]);
    assert_eq!((code, said.contains("LIBTORCH is set")), (0, true), "{said}");
}

#[test]
fn what_is_missing_is_one_sentence_with_its_cure() {
    let path = std::env::var("PATH").unwrap();
    let (code, said) = setup(&[("PATH", &path), ("LIBTORCH", "/no/such/folder")]);
    assert_eq!(code, 1);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("LIBTORCH is /no/such/folder, which holds no libtorch"), "{said}");

    let tools = tempfile::tempdir().unwrap();
    let tool = |name: &str, target: &str| {
        std::os::unix::fs::symlink(target, tools.path().join(name)).unwrap();
    };
    tool("dirname", "/usr/bin/dirname");
    let bare = tools.path().to_str().unwrap();
    let (code, said) = setup(&[("PATH", bare)]);
    assert_eq!(code, 1);
    assert!(said.starts_with("setup: cargo is missing: install Rust"), "{said}");
    tool("cargo", "/bin/true");
    let (_, said) = setup(&[("PATH", bare)]);
    assert!(said.starts_with("setup: a C++ compiler is missing: install one"), "{said}");
}
