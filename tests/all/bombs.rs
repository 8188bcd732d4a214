//! Files that are small on disk and endless or huge when they are read, each given to the program in 3 GiB of
//! address space: it ends with an error of its own, or reads a stream, and takes at most 1 GiB beyond what it takes
//! anyway. `COMPT_BOMBS=long` adds those that take minutes.

use crate::program::{compt, root};
use flate2::{Compression, write::GzEncoder};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const ADDRESS_SPACE_KIB: u64 = 3 << 20;
/// 1 GiB beyond libtorch and the built-in backbone.
const MEMORY_KIB: i64 = (1 << 20) + (200 << 10);
const HUGE: u64 = 20 << 30;

const STUDY: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 8 }),
  method = compt.methods.pt { alone = false, length = 3 }, steps = 2, checkpoint_every = 2, seed = 1, progress = false,
  control = compt.args.control,
}
t:run()
t:evaluate "test"
"#;
const ROWS: &str = r#"
local file = { compt.args.file }
compt.tasks({ t = { fields = { "text" }, labels = { "yes", "no" },
  files = { train = file, validation = "dev.tsv", test = "dev.tsv" } } }, { shots = 2, seed = 1 })
"#;

struct Bombs {
    folder: TempDir,
    problems: Vec<String>,
    count: usize,
}

impl Bombs {
    fn new() -> Bombs {
        let bombs = Bombs { folder: tempfile::tempdir().unwrap(), problems: Vec::new(), count: 0 };
        bombs.write("study.lua", STUDY);
        bombs.write("rows.lua", format!("local compt = require 'compt'\n{ROWS}"));
        let dev = "a b\tyes\nc d\tno\n".repeat(4);
        bombs.write("dev.tsv", format!("text\tlabel\n{dev}"));
        bombs
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), content).unwrap();
    }

    /// A file that is all holes.
    fn sparse(&self, name: &str) {
        let _ = fs::create_dir_all(self.at(name).parent().unwrap());
        File::create(self.at(name)).unwrap().set_len(HUGE).unwrap();
    }

    /// A start, then the same piece again and again, each as a member of its own.
    fn gzip(&self, name: &str, start: &str, piece: &[u8], times: usize) {
        let member = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        self.write(name, [member(start.as_bytes()), member(piece).repeat(times)].concat());
    }

    fn pipe(&self, name: &str) {
        let path = CString::new(self.at(name).as_os_str().as_bytes()).unwrap();
        // SAFETY: a valid C string.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    }

    /// Runs a command, which must fail and say this; with "" it may also succeed.
    fn ends(&mut self, arguments: &[&str], expected: &str) {
        self.ends_with(arguments, Path::new("/dev/null"), expected);
    }

    fn ends_with(&mut self, arguments: &[&str], input: &Path, expected: &str) {
        self.count += 1;
        let (code, peak, said) = self.limited(arguments, input, ADDRESS_SPACE_KIB);
        let own =
            !["bad_alloc", "memory allocation of", "panicked", "RUST_BACKTRACE", "stack backtrace"]
                .iter()
                .any(|text| said.contains(text));
        let fits = if expected.is_empty() {
            code <= 2
        } else {
            [1, 2].contains(&code) && said.contains(expected)
        };
        println!("{arguments:?}: exit code {code}, {} MiB", peak / 1024);
        if !(own && fits && peak < MEMORY_KIB && said.len() < 4000) {
            let start: String = said.chars().take(600).collect();
            self.problems.push(format!(
                "{arguments:?}: exit code {code}, {peak} KiB, not '{expected}': {start}"
            ));
        }
    }

    /// Exit code (128 and more: a signal), peak memory in KiB, and standard error.
    #[expect(clippy::zombie_processes, reason = "wait4 waits, and tells the memory too")]
    fn limited(&self, arguments: &[&str], input: &Path, address_space: u64) -> (i32, i64, String) {
        let made = compt(arguments);
        let mut command = Command::new("sh");
        let code = format!("ulimit -c 0; ulimit -v {address_space}; exec timeout -k 1 300 \"$@\"");
        command.args(["-c", &code, "sh"]).arg(made.get_program()).args(made.get_args());
        command.env_clear().envs(made.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let errors = self.at("stderr");
        command.current_dir(self.folder.path()).stdin(File::open(input).unwrap());
        command.stdout(Stdio::null()).stderr(File::create(&errors).unwrap());
        let child = command.spawn().unwrap();
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: the child is not waited for elsewhere, and both places are valid.
        let usage = unsafe {
            libc::wait4(child.id() as i32, &raw mut status, 0, usage.as_mut_ptr());
            usage.assume_init()
        };
        let code = match libc::WIFEXITED(status) {
            true => libc::WEXITSTATUS(status),
            false => 128 + libc::WTERMSIG(status),
        };
        (code, usage.ru_maxrss, String::from_utf8_lossy(&fs::read(errors).unwrap()).into_owned())
    }

    fn done(self) {
        println!("{} bombs, {} not as expected", self.count, self.problems.len());
        assert!(self.problems.is_empty(), "{}", self.problems.join("\n"));
    }
}

fn is_long() -> bool {
    std::env::var("COMPT_BOMBS").is_ok_and(|value| value == "long")
}

#[test]
fn rows_that_unpack_to_more_than_there_is() {
    let mut bombs = Bombs::new();
    let rows = |bombs: &mut Bombs, name: &str, expected: &str| {
        bombs.ends(&["run", "rows.lua", "--set", &format!("file={name}")], expected);
    };
    let letters = vec![b'a'; 16 << 20];
    let spaces = vec![b' '; 16 << 20];
    let quoted = "a a a a a a a a\n".repeat(1 << 20);
    let times = if is_long() { 256 } else { 32 };
    let cases: [(&str, &str, &[u8], &str); 6] = [
        ("line.csv.gz", "text,label\n", &letters, "line.csv.gz: line 2: longer than 4 MiB"),
        ("line.tsv.gz", "text\tlabel\n", &letters, "line.tsv.gz: line 2: longer than 4 MiB"),
        ("line.jsonl.gz", "{\"text\": \"", &letters, "line.jsonl.gz: line 1: longer than 4 MiB"),
        (
            "array.json.gz",
            "[{\"text\": \"",
            &letters,
            "array.json.gz: line 1: a row longer than 4 MiB",
        ),
        ("space.json.gz", "", &spaces, "space.json.gz: the file has no rows"),
        (
            "quote.csv.gz",
            "text,label\n\"",
            quoted.as_bytes(),
            "an opening quote without a closing one",
        ),
    ];
    for (name, start, piece, expected) in cases {
        bombs.gzip(name, start, piece, times);
        rows(&mut bombs, name, expected);
    }
    bombs.write("deep.jsonl", ["{\"text\": ", &"[".repeat(1 << 20)].concat());
    rows(
        &mut bombs,
        "deep.jsonl",
        "deep.jsonl: line 1: not a JSON object: column 'text': recursion limit",
    );
    // tests/fixtures/make_bombs.py made them: a long cell in a dictionary of 200 rows, a list of 100,000,000 zeros.
    for (name, expected) in [
        ("cell.parquet", "cell.parquet: row 1: column 'text': longer than 4 MiB"),
        ("list.parquet", "list.parquet: its header declares more data than the file can contain"),
    ] {
        fs::copy(root().join("tests/fixtures/bombs").join(name), bombs.at(name)).unwrap();
        rows(&mut bombs, name, expected);
    }
    if is_long() {
        let many = "a\tyes\nb\tno\n".repeat(1 << 20);
        bombs.gzip("many.tsv.gz", "text\tlabel\n", many.as_bytes(), 100);
        rows(&mut bombs, "many.tsv.gz", "rows: out of memory");
    }
    bombs.done();
}

#[test]
fn code_that_does_not_end() {
    let mut bombs = Bombs::new();
    symlink("/dev/zero", bombs.at("zero.lua")).unwrap();
    bombs.pipe("pipe.lua");
    fs::create_dir(bombs.at("folder.lua")).unwrap();
    bombs.sparse("sparse.lua");
    for (name, expected) in [
        ("zero", "zero.lua: this is not a regular file"),
        ("pipe", "pipe.lua: this is not a regular file"),
        ("folder", "folder.lua: this is a folder, not a file"),
        ("sparse", "sparse.lua: 21474836480 bytes, and at most 16 MiB"),
    ] {
        bombs.write("module.lua", format!("require '{name}'"));
        bombs.write("operator.lua", format!("require('compt').compose.define('x', '{name}.lua')"));
        let file = format!("{name}.lua");
        bombs.ends(&["run", &file], expected);
        bombs.ends(&["run", "module.lua"], expected);
        bombs.ends(&["run", "operator.lua"], expected);
        bombs.ends(
            &["run", "study.lua", "--out", "out", "--set", &format!("control={file}")],
            expected,
        );
    }
    bombs.done();
}

#[test]
fn files_of_prompts_with_huge_headers() {
    let mut bombs = Bombs::new();
    let list = |bombs: &mut Bombs, name: &str, expected: &str| {
        bombs.ends(&["prompts", "list", name], &format!("{name}: {expected}"));
    };
    let safetensors = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
    };
    let named = |count: usize| {
        let entry = |i: usize| {
            let at = 16 * i;
            format!(
                "\"t{i}.prompt\":{{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[{at},{}]}}",
                at + 16
            )
        };
        format!("{{{}}}", (0..count).map(entry).collect::<Vec<_>>().join(","))
    };
    bombs.write("many.safetensors", safetensors(&named(200_000), 16 * 200_000));
    list(&mut bombs, "many.safetensors", "200000 tensors, and a file has at most 4096 prompts");
    bombs.write("more.safetensors", safetensors(&named(300_000), 16 * 300_000));
    list(&mut bombs, "more.safetensors", "not a complete safetensors file: a header of");
    let wide = format!("{{{}}}", " ".repeat(90 << 20));
    bombs.write("wide.safetensors", safetensors(&wide, 0));
    list(&mut bombs, "wide.safetensors", "not a complete safetensors file: a header of");
    bombs.write("long.safetensors", [&(1u64 << 62).to_le_bytes()[..], b"{"].concat());
    list(&mut bombs, "long.safetensors", "not a complete safetensors file: ");
    for name in ["sparse.safetensors", "sparse.npy", "sparse.pt"] {
        bombs.sparse(name);
        list(&mut bombs, name, "21474836480 bytes are too many for prompts");
    }
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }";
    let header = format!("{header:117}\n");
    bombs.write("shape.npy", [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes()].concat());
    list(&mut bombs, "shape.npy", "its header says 4611686018427387904 rows");
    bombs.done();
}

#[test]
fn models_and_tokenizers_that_are_huge() {
    let mut bombs = Bombs::new();
    bombs.write("model.lua", "require('compt').backbone 'model'");
    for name in ["config.json", "model.safetensors"] {
        let bytes = fs::read(root().join("tests/golden/t5/v1_0").join(name)).unwrap();
        bombs.write(&format!("model/{name}"), bytes);
    }
    bombs.sparse("model/tokenizer.json");
    bombs.ends(&["run", "model.lua"], "tokenizer.json: 21474836480 bytes, and at most 128 MiB");
    bombs.write("model/tokenizer.json", "[".repeat(8 << 20));
    bombs.ends(&["run", "model.lua"], "tokenizer.json: ");
    fs::remove_file(bombs.at("model/tokenizer.json")).unwrap();
    bombs.sparse("model/spiece.model");
    bombs.ends(&["run", "model.lua"], "spiece.model: 21474836480 bytes, and at most 128 MiB");
    fs::remove_file(bombs.at("model/spiece.model")).unwrap();
    bombs.sparse("model/generation_config.json");
    bombs.ends(&["run", "model.lua"], "generation_config.json: 21474836480 bytes");
    bombs.sparse("model/config.json");
    bombs
        .ends(&["run", "model.lua"], "config.json: not a T5 configuration: 21474836480 bytes long");
    bombs.done();
}

#[test]
fn records_and_inputs_that_do_not_end() {
    let mut bombs = Bombs::new();
    let (code, _, said) = bombs.limited(
        &["run", "study.lua", "--out", "run"],
        Path::new("/dev/null"),
        ADDRESS_SPACE_KIB,
    );
    assert_eq!(code, 0, "{said}");
    bombs.ends_with(
        &["predict", "run"],
        Path::new("/dev/zero"),
        "line 1 of the input: longer than 4 MiB",
    );
    bombs.write("array", ["[{\"text\": \"", &"a".repeat(5 << 20)].concat());
    let array = bombs.at("array");
    bombs.ends_with(&["predict", "run"], &array, "line 1 of the input: longer than 4 MiB");
    bombs.ends(&["sweep", "status", "/dev/zero"], "this is not a regular file");

    let huge = "21474836480 bytes, and at most 64 MiB are read";
    let metrics = "metrics.jsonl:1: longer than 16 MiB";
    let mut changed = |name: &str, commands: &[(&[&str], &str)]| {
        let whole = fs::read(bombs.at(name)).unwrap();
        match name.ends_with(".gz") {
            true => bombs.gzip(name, "{\"task\": \"", &vec![b'a'; 16 << 20], 40),
            false => bombs.sparse(name),
        }
        commands.iter().for_each(|(arguments, expected)| bombs.ends(arguments, expected));
        fs::write(bombs.at(name), whole).unwrap();
    };
    changed(
        "run/config.json",
        &[(&["eval", "run"], huge), (&["predict", "run"], huge), (&["runs", "run"], "")],
    );
    let report: &[&str] = &["report", "run", "--out", "report.html"];
    changed(
        "run/metrics.jsonl",
        &[(&["resume", "run"], metrics), (report, ""), (&["runs", "run"], "")],
    );
    changed("run/result.json", &[(report, ""), (&["runs", "run"], "")]);
    changed("run/predictions/test.jsonl.gz", &[(report, "")]);
    changed("run/prompts.safetensors", &[(&["predict", "run"], "bytes are too many for prompts")]);
    changed("run/checkpoints/step-000000002.safetensors", &[(&["eval", "run"], "out of memory")]);
    bombs.done();
}

#[test]
fn a_limit_that_is_too_low_for_libtorch_is_named() {
    let bombs = Bombs::new();
    for mib in [100, 400, 900] {
        let (code, _, said) =
            bombs.limited(&["run", "study.lua"], Path::new("/dev/null"), mib << 10);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(&format!("does not fit in an address space of {mib} MiB")), "{said}");
    }
    // What fits or not depends on the machine; an abort is none of the answers.
    for mib in [1030, 1100, 1200] {
        let (code, _, said) =
            bombs.limited(&["run", "study.lua"], Path::new("/dev/null"), mib << 10);
        assert!([0, 1].contains(&code), "{code}: {said}");
    }
}
