//! The choice of device beside a pretended NVIDIA driver: small libraries that answer what compt asks.

use crate::program::{compt, read, skipped};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The CUDA driver API with two devices, or none where CUDA_VISIBLE_DEVICES is empty.
const DRIVER: &str = r#"
#include <stdlib.h>
#include <string.h>
int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *version) { *version = 12080; return 0; }
int cuDeviceGetCount(int *count) {
  const char *visible = getenv("CUDA_VISIBLE_DEVICES");
  *count = visible && !*visible ? 0 : 2;
  return 0;
}
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
  strncpy(name, device ? "Pretended T4" : "Pretended A100", length);
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 16UL << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? (device ? 7 : 8) : (device ? 5 : 0);
  return 0;
}
"#;

/// Writes when it is loaded.
const LIBTORCH_CUDA: &str = r#"
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void loaded(void) {
  FILE *order = fopen(getenv("ORDER"), "a");
  if (order) { fputs("libtorch_cuda\n", order); fclose(order); }
}
"#;

/// Writes each time that libtorch asks for its CUDA hooks, which it keeps from the first time.
const HOOKS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
const void *_ZN2at6detail12getCUDAHooksEv(void) {
  FILE *order = fopen(getenv("ORDER"), "a");
  if (order) { fputs("hooks\n", order); fclose(order); }
  const void *(*real)(void) = dlsym(RTLD_NEXT, "_ZN2at6detail12getCUDAHooksEv");
  return real();
}
"#;

fn library(folder: &Path, name: &str, source: &str) {
    let file = folder.join(format!("{name}.c"));
    fs::write(&file, source).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(folder.join(name)).arg(&file).arg("-ldl");
    assert!(cc.status().unwrap().success(), "{name}");
}

/// A folder with these libraries.
fn machine(libraries: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    libraries.iter().for_each(|(name, source)| library(folder.path(), name, source));
    folder
}

const TRAIN: &str = "local t = compt.trainer { backbone = compt.backbone 'micro', method = compt.methods.pt {}, \
    tasks = compt.tasks('micro', { shots = 2, tasks = { 'sentiment' } }), steps = 1, dropout = 0 } t:run() t:run()";

#[test]
fn cuda_is_loaded_before_libtorch_asks_for_its_hooks() {
    let folder = machine(&[
        ("libcuda.so.1", DRIVER),
        ("libtorch_cuda.so", LIBTORCH_CUDA),
        ("hooks.so", HOOKS),
    ]);
    for arguments in [
        &["-e", "print(compt.backbone('micro').device)"][..],
        &["-e", "print(torch.randn(2))", "--seed", "3"],
        &["doctor"],
    ] {
        let order = folder.path().join("order");
        let _ = fs::remove_file(&order);
        let mut command = compt(arguments);
        command.env("LD_LIBRARY_PATH", folder.path()).env("ORDER", &order);
        command.env("LD_PRELOAD", folder.path().join("hooks.so"));
        let (code, _, error) = read(command.output().unwrap());
        assert_eq!(code, 0, "{arguments:?}: {error}");
        let order = fs::read_to_string(&order).unwrap_or_default();
        assert!(order.starts_with("libtorch_cuda\nhooks\n"), "{arguments:?}: {order}");
    }
}

#[test]
fn a_gpu_that_is_not_used_is_said_once_with_the_reason() {
    let folder = machine(&[("libcuda.so.1", DRIVER)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = compt(&["-e", TRAIN, "--out", out.path().to_str().unwrap()]);
    let (code, _, error) = read(command.env("LD_LIBRARY_PATH", folder.path()).output().unwrap());
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("pt  cpu (1 thread), float32  -> "), "{error}");
    let reason = "note: Pretended A100 is not used: the CUDA part of libtorch cannot be loaded";
    assert_eq!(error.matches(reason).count(), 1, "{error}");
    let run = fs::read_dir(out.path()).unwrap().next().unwrap().unwrap().path();
    let run = if run.is_dir() { run } else { out.path().to_path_buf() };
    let record = [out.path().join("environment.json"), run.join("environment.json")];
    let record = record.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap();
    assert!(record.contains("\"Pretended A100\"") && record.contains("\"8.0\""), "{record}");
}

#[test]
fn doctor_lists_the_devices_of_the_driver() {
    let folder = machine(&[("libcuda.so.1", DRIVER)]);
    let printed = |visible: Option<&str>| {
        let mut command = compt(&["doctor"]);
        command.env("LD_LIBRARY_PATH", folder.path()).env_remove("CUDA_VISIBLE_DEVICES");
        if let Some(visible) = visible {
            command.env("CUDA_VISIBLE_DEVICES", visible);
        }
        let (code, printed, error) = read(command.output().unwrap());
        assert_eq!(code, 0, "{error}");
        printed
    };
    let all = printed(None);
    for line in [
        "the driver supports CUDA 12.8",
        "cuda:0  Pretended A100, 16.0 GiB, capability 8.0, bfloat16 is fast",
        "cuda:1  Pretended T4, 16.0 GiB, capability 7.5, bfloat16 is not fast",
        "not usable: the CUDA part of libtorch cannot be loaded",
    ] {
        assert!(all.contains(line), "{line}: {all}");
    }
    let none = printed(Some(""));
    assert!(none.contains("CUDA_VISIBLE_DEVICES='' hides every CUDA device"), "{none}");
}

#[test]
fn a_driver_that_is_too_old_or_broken_is_named() {
    let folder = machine(&[("libcuda.so.1", DRIVER), ("libtorch_cuda.so", LIBTORCH_CUDA)]);
    let mut command = compt(&["-e", "print(1)", "--device", "cuda"]);
    let (code, _, error) = read(command.env("LD_LIBRARY_PATH", folder.path()).output().unwrap());
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("the NVIDIA driver supports CUDA up to 12.8"), "{error}");
}

#[test]
fn the_cpu_passes_the_check_of_a_device() {
    let (code, printed, error) =
        read(compt(&["check-device", "--device", "cpu", "--small"]).output().unwrap());
    assert_eq!(code, 0, "{printed}{error}");
    for line in
        ["float32: logits", "ssum: losses", "an operator from a file", "its replay", "two jobs"]
    {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    assert!(!printed.contains("FAILED"), "{printed}");
    let number = |before: &str, after: &str| -> f64 {
        let rest = printed.split_once(before).unwrap_or_else(|| panic!("{before}: {printed}")).1;
        rest.split_once(after).unwrap().0.trim().parse().unwrap()
    };
    let mib = number("memory of a step beyond the model, at its peak: ", " MiB");
    assert!((1.0..2000.0).contains(&mib), "{printed}");
    if printed.contains("skipped operations of a step") {
        skipped("no c++ to count the operations of a step with");
    } else {
        let cuda = number("SSUM, dropout 0.1): ", "\n");
        assert!((500.0..2000.0).contains(&cuda), "{printed}");
        assert!(number("the host reads in a step: ", "\n") <= 1.0, "{printed}");
    }
}

#[test]
fn ctrl_c_ends_the_check_of_a_device_with_130() {
    let mut command = compt(&["check-device", "--device", "cpu", "--small"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("cpu: "), "{line}");
    // SAFETY: a signal to our own child.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
    let (code, _, error) = read(child.wait_with_output().unwrap());
    assert_eq!(code, 130, "{error}");
    assert!(error.contains("interrupted") && error.lines().count() == 1, "{error}");
}
