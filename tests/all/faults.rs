//! System calls killed and failed: the quick form of `scripts/bench/faults.py`.

use crate::program::{apart, read, root, skipped};

#[test]
fn what_is_killed_or_fails_leaves_old_or_new_files() {
    let mut python = apart("python3");
    python.arg(root().join("scripts/bench/faults.py"));
    python.args(["--quick", "--compt", env!("CARGO_BIN_EXE_compt")]);
    let (code, out, err) = read(python.output().unwrap());
    if code == 77 {
        return skipped("there is no strace, or it may not trace");
    }
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("calls killed or failed: 0 lost or half"), "{out}");
}
