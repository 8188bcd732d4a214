//! Standard output and standard error that are full or closed, and what may stand on them.

use crate::program::{Study, compt};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

const TRAINED: &str = r#"
local compt, small = require "compt", require "small"
print "begin"
print "once more"
local trainer = compt.trainer {
  backbone = small.backbone(), tasks = small.tasks(), steps = 6, batch_size = 4,
  method = compt.methods.ssum { sources = 2, length = 3 },
}
trainer:run()
for i = 1, 20000 do print("a long table", i) end
"#;

const LOST: &str =
    "compt: standard output could not be written: No space left on device (os error 28)\n";

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn trained() -> Study {
    let study = Study::small(TRAINED);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    fs::write(study.path("control.lua"), "return { temperature = 2 }").unwrap();
    study
}

/// The commands whose output is what they are for.
const PRINTING: [&[&str]; 12] = [
    &["-e", "print(1)"],
    &["-e", "io.write(1)"],
    &["-e", "io.stdout:write(1)"],
    &["-e", "io.stdout:setvbuf('full') io.write(('x'):rep(1e5)) io.flush()"],
    &["runs"],
    &["runs", "--json"],
    &["runs", "export", "runs", "--csv"],
    &["report", "runs", "--out", "page.html"],
    &["replay", "runs/study"],
    &["plot-control", "control.lua", "--steps", "3", "--out", "-"],
    &["--help"],
    &["run", "--help"],
];

#[test]
fn a_command_that_cannot_print_fails_in_one_line() {
    let study = trained();
    for arguments in PRINTING {
        let command = || {
            let mut command = compt(arguments);
            command.current_dir(study.0.path()).stdout(full());
            command
        };
        let done = command().output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {said}");
        let is_alone = said == LOST || arguments[0] == "replay" && said.ends_with(LOST);
        assert!(is_alone, "{arguments:?}: {said}");
        // Nothing can be said, and the exit code is the same.
        let done = command().stderr(full()).status().unwrap();
        assert_eq!(done.code(), Some(1), "{arguments:?}");
    }
    let asked = compt(&["runs", "delete", "runs/study"]).current_dir(study.0.path()).output();
    assert!(!asked.unwrap().status.success() && study.path("runs/study").is_dir());
}

#[test]
fn a_command_ends_quietly_with_its_reader() {
    let study = trained();
    let endless = ["while true do print(1) end", "while true do io.write('x\\n') end"];
    let endless = endless.map(|code| ["-e", code]);
    let commands = PRINTING.into_iter().chain(endless.iter().map(|command| &command[..]));
    for arguments in commands {
        let mut child = compt(arguments)
            .current_dir(study.0.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::with_capacity(1, child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        drop(out);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(libc::SIGPIPE), "{arguments:?}");
        assert!(said.is_empty() || arguments[0] == "replay", "{arguments:?}: {said}");
    }
}

#[test]
fn training_goes_on_without_an_output() {
    for (out, err, code) in [
        ("full", "null", 1),
        ("null", "full", 0),
        ("full", "full", 1),
        ("closed", "closed", 0),
        ("closed", "null", 0),
        ("null", "closed", 0),
    ] {
        let study = Study::small(TRAINED);
        let to = |what: &str| match what {
            "full" => Stdio::from(full()),
            "null" => Stdio::null(),
            _ => Stdio::from(std::io::pipe().unwrap().1),
        };
        let done = compt(&["run", "study.lua"])
            .current_dir(study.0.path())
            .stdout(to(out))
            .stderr(to(err))
            .status()
            .unwrap();
        assert_eq!(done.code(), Some(code), "standard output {out}, standard error {err}");
        assert_eq!(study.json("runs/study/result.json")["steps"], 6, "{out}, {err}");
    }
}

/// What no output may hold: the sequences of terminals, and what reorders text.
fn is_harmful(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || "\u{202e}\u{2066}".contains(c)
}

const EVIL: &str = "\u{1b}]0;pwned\u{7}\u{1b}[31mred\u{1b}[2J\rstep 5\u{9b}31m\u{202e}\u{7f}";

#[test]
fn no_name_and_no_message_controls_the_terminal() {
    let evil = EVIL.chars().map(|c| format!("\\u{{{:x}}}", u32::from(c))).collect::<String>();
    let study = Study::small(&format!(
        r#"
        local compt, small = require "compt", require "small"
        local evil = "{evil}"
        local rows = {{}}
        for i = 1, 8 do rows[i] = {{ sentence = "x " .. i, label = i % 2 }} end
        local tasks = compt.tasks {{ ["t" .. evil] = {{
          fields = {{ "sentence" }}, labels = {{ "a" .. evil, "b" }}, rows = {{ train = rows, test = rows, validation = rows }},
        }} }}
        local options = {{ backbone = small.backbone(), tasks = tasks, steps = 3, batch_size = 2,
          name = "n" .. evil, method = compt.methods.ssum {{ sources = 1, length = 2 }} }}
        local ok, t = pcall(compt.trainer, options)
        if not ok then
          options.name = "named"
          ok, t = pcall(compt.trainer, options)
        end
        if ok then
          t:run()
          t:evaluate "test"
        end
        require("compt.library").note(evil)
        error(evil .. tostring(t), 0)"#
    ));
    fs::write(
        study.path("control.lua"),
        format!("return {{ temperature = function() error(\"{evil}\", 0) end }}"),
    )
    .unwrap();
    fs::write(study.path("key.lua"), format!("return {{ [\"{evil}\"] = 1 }}")).unwrap();
    let set = format!("a={EVIL}");
    let mut escaped = 0;
    for arguments in [
        &["run", "study.lua", "--set", &set, "--set", &set, "--out", "runs/a"][..],
        &["run", EVIL],
        &["run", "study.lua", EVIL],
        &[EVIL],
        &["--seed", EVIL, "-e", "1"],
        &["-e", &format!("error('{evil}')")],
        &["-e", &format!("x = 1\nlocal = '{evil}'")],
        &["plot-control", "control.lua", "--steps", "1", "--out", "o.svg"],
        &["plot-control", "key.lua", "--steps", "1", "--out", "o.svg"],
        &["runs", "tag", EVIL, "runs/a"],
        &["runs"],
        &["runs", "--json"],
        &["runs", "--where", &set],
        &["runs", "export", "runs", "--jsonl"],
        &["eval", "runs/a"],
        &["eval", "runs/a", "--json"],
        &["prompts", "list", "runs/a"],
        &["report", "runs", "--out", "page.html"],
        &["fetch", EVIL],
    ] {
        let done = compt(arguments).current_dir(study.0.path()).output().unwrap();
        for text in [done.stdout, done.stderr] {
            let text = String::from_utf8(text).unwrap();
            let found: Vec<char> = text.chars().filter(|c| is_harmful(*c)).collect();
            assert!(found.is_empty(), "{arguments:?}: {found:?} in {text:?}");
            escaped += usize::from(text.contains("\\u{1b}") || text.contains("\\u001b"));
        }
    }
    assert!(escaped > 10, "{escaped}");
}

#[test]
fn what_a_script_prints_is_its_own() {
    let study = Study::small(
        "print('\\27[1mx', nil, setmetatable({}, { __tostring = function() return 'y' end }))
        io.write('a', 1, '\\n')
        io.stdout:write('b\\n')
        assert(not pcall(print, setmetatable({}, { __tostring = function() return {} end })))
        local f = assert(io.open('f.txt', 'w'))
        assert(f:write('c') == f and f:flush() and f:close())
        assert(not pcall(f.write, f, 'c'))
        io.output('g.txt'):write('d')
        assert(io.write('e') == io.output())
        io.close()
        print('end')",
    );
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert_eq!((code, &*out, &*err), (0, "\u{1b}[1mx\tnil\ty\na1\nb\nend\n", ""));
    assert_eq!((study.text("f.txt"), study.text("g.txt")), ("c".into(), "de".into()));
}

#[test]
fn a_long_message_is_cut_and_its_length_is_said() {
    let study = Study::small("error(('x'):rep(1000000), 0)");
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 1);
    assert!(err.len() < 3000 && err.contains("x ... (10000"), "{} bytes", err.len());
    let study = Study::small("error(('y\\n'):rep(100000), 0)");
    let (_, _, err) = study.run(&["run", "study.lua"]);
    assert!(err.lines().count() < 150 && err.contains("\n... (10000"), "{} bytes", err.len());
}

#[test]
fn a_question_that_cannot_be_shown_is_not_taken_as_answered() {
    let study = trained();
    let mut child = compt(&["runs", "delete", "runs/study"])
        .current_dir(study.0.path())
        .stdin(Stdio::piped())
        .stdout(full())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The command may have ended before it reads: then the pipe is closed.
    let _ = child.stdin.take().unwrap().write_all(b"y\n");
    assert!(!child.wait().unwrap().success());
    assert!(study.path("runs/study/config.json").is_file());
}
