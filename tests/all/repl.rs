//! `compt repl` through a pipe and on a terminal.

use crate::program::{self, terminal::Terminal};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn compt(folder: &Path) -> Command {
    let mut command = program::compt(&[]);
    command.current_dir(folder).env("COMPT_HISTORY", folder.join("history"));
    command
}

fn piped(input: &str) -> Output {
    let folder = TempDir::new().unwrap();
    piped_in(folder.path(), input)
}

fn piped_in(folder: &Path, input: &str) -> Output {
    let mut command = compt(folder);
    command.arg("repl").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_pipe_has_no_prompts_and_no_colours_and_its_last_input_counts() {
    let good = piped("print(1)\n1 + 1\nfor i = 1, 2 do\n  print(i * 10)\nend\n");
    assert_eq!((out(&good).as_str(), good.status.code()), ("1\n2\n10\n20\n", Some(0)));
    let bad = piped("1\nerror 'no'");
    assert_eq!((out(&bad).as_str(), bad.status.code()), ("1\n", Some(1)));
    assert!(err(&bad).contains("input:2:1: no\n     1 | error 'no'"), "{}", err(&bad));
    assert_eq!(piped("error 'no'\n'fine'").status.code(), Some(0));
    assert_eq!(piped("error 'no'\n\n-- a comment\n").status.code(), Some(1));
    assert_eq!(out(&piped("f = function()\n  return 7 -- why?\nend\nf()")), "7\n");
    let open = piped("x = {\n1,");
    assert!(open.status.code() == Some(1) && err(&open).contains("in the middle of: x = {"));
    assert_eq!(piped("").status.code(), Some(0));
    assert_eq!(piped(":quit\nerror 'never'").status.code(), Some(0));
    assert!(!out(&good).contains('\x1b') && !err(&bad).contains('\x1b'));
}

#[test]
fn an_option_is_found_by_its_name_and_by_that_of_its_function() {
    let text = out(&piped("?batch_size\n?compt.trainer.recompute\n?trainer.recompute\n?min_lr\n"));
    assert!(
        text.contains(
            "an option of ?compt.trainer\n  batch_size?: integer = 16\n      rows per batch"
        ),
        "{text}"
    );
    assert_eq!(text.matches("  recompute?: boolean|\"auto\" = false").count(), 2, "{text}");
    let unknown = piped("?compt.trainer.recompile");
    assert!(
        err(&unknown).contains("no documentation of 'compt.trainer.recompile'"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn every_command_does_its_work() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "study.lua",
        "local compt = require 'compt'\nlocal n = compt.args.n\nresult = n * require('beside')",
    );
    file("beside.lua", "return 2");
    file("tools.lua", "local function twice(x) return 2 * x end\nlocal five = 5");
    let input = "\
:run study.lua n=21
result
:load tools.lua
twice(five)
t = torch.ones(1024)
:vars
:mem
:forget t result
t
:time twice(1)
:timeit twice(1)
:inputs
:save session.lua
:help
?twice
?torch.gelu
torch.relu?
b = compt.backbone 'micro'
?b.generate
?compt.traner
:vras
";
    let ran = piped_in(folder.path(), input);
    let (shown, told) = (out(&ran), err(&ran));
    assert!(shown.starts_with("42\n10\n"), "{shown}\n{told}");
    for text in [
        "five    5",
        "t       tensor[1024]",
        "1 tensors, 5.0 KiB",
        "input:3:1",
        "a call (median of 7",
        "_ = result\nprint(_)",
        " inputs written to session.lua",
        ":timeit CODE",
        "approximate?: \"none\"|\"tanh\" = \"none\"",
        "torch.relu(input: torch.Tensor): torch.Tensor",
        "compt.Backbone:generate(options: compt.GenerateOptions)",
    ] {
        assert!(shown.contains(text), "{text:?} is not in\n{shown}\n{told}");
    }
    assert!(shown.contains("\nnil\n"), "t is forgotten: {shown}");
    assert!(told.contains("did you mean ?compt.trainer"), "{told}");
    assert!(told.contains("no command :vras; did you mean :vars?"), "{told}");
    assert_eq!(ran.status.code(), Some(1));
    let saved = std::fs::read_to_string(folder.path().join("session.lua")).unwrap();
    assert!(saved.starts_with("local compt, torch = require"), "{saved}");
}

#[test]
fn a_saved_session_is_a_script() {
    let folder = TempDir::new().unwrap();
    piped_in(
        folder.path(),
        "x = torch.arange(4)\nx:sum():item()\nfor i = 1, 2 do\n print(i)\nend\nerror 'x'\n:save s.lua",
    );
    let ran = compt(folder.path()).args(["run", "s.lua"]).output().unwrap();
    assert_eq!(out(&ran), "6\n1\n2\n", "{}", err(&ran));
}

/// What a timer, a command or a local does is in the script, or it says so.
#[test]
fn a_saved_session_comes_to_the_same_state() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("tools.lua", "local function twice(x) return 2 * x end\nlocal type = 1\nreturn 7");
    file(
        "sub.lua",
        "got = (got or '') .. tostring(require('compt').args.a) .. tostring(require('compt').args.b)",
    );
    let input = "\
t = compt.trainer { backbone = compt.backbone 'micro', tasks = compt.tasks('micro', { shots = 8 }), \
method = compt.methods.pt { length = 2, encoder = 'none', alone = false }, steps = 100000, batch_size = 2, progress = false }
:time t:step()
:timeit t:step()
x, gone = 1, 2
local x = 5
:load tools.lua
y = twice(x)
:run sub.lua a=1
:run sub.lua b=two
:forget gone
print('steps', t.steps)
print(x, y, got, gone)
x = 6; error 'after it'
:save s.lua
";
    let ran = piped_in(folder.path(), input);
    let (shown, told) = (out(&ran), err(&ran));
    let steps = shown.lines().find_map(|line| line.strip_prefix("steps\t")).unwrap().to_string();
    assert!(told.contains("note: the calls are not undone: the trainer 't' made "), "{told}");
    assert!(told.contains(&format!("from step 1 to {steps}")), "{steps}: {told}");
    let state = "1\t2\t1nilniltwo\tnil\n";
    assert!(shown.contains(state), "{shown}{told}");
    let saved = std::fs::read_to_string(folder.path().join("s.lua")).unwrap();
    assert!(
        saved.contains("-- it ended in an error;")
            && saved.contains("--   x = 6; error 'after it'")
    );
    let again = compt(folder.path()).args(["run", "s.lua"]).output().unwrap();
    let printed = out(&again);
    assert!(
        printed.contains(&format!("steps\t{steps}\n{state}")),
        "{saved}\n{printed}{}",
        err(&again)
    );
}

#[test]
fn a_piped_session_that_is_interrupted_goes_no_further() {
    let folder = TempDir::new().unwrap();
    let mut command = compt(folder.path());
    command.arg("repl").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input = "print 'go'\npcall(function() while true do end end)\nprint 'on'\n";
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let mut shown = [0; 3];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut shown).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    // SAFETY: the child is ours.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let ran = child.wait_with_output().unwrap();
    assert_eq!((out(&ran).as_str(), ran.status.code()), ("", Some(130)), "{}", err(&ran));
}

#[test]
fn on_a_terminal_lines_are_edited_completed_and_remembered() {
    let folder = TempDir::new().unwrap();
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 100);
    t.wait_for("Ctrl-D exits");
    t.wait_for("> ");
    // An input of several lines is one input.
    t.press("for i = 1, 2 do\r");
    t.press("print('line ' .. i)\r");
    t.press("end\r");
    t.wait_for("line 1");
    t.wait_for("line 2");
    // Tab completes a name, then an option.
    t.press("torch.softm\t(torch.zeros(2, 4))\r");
    t.wait_for("tensor[2,4] f32 cpu");
    t.press("compt.methods.ssum { enco\t'none' }.encoder\r");
    t.wait_for("\"none\"");
    // A signature shows while typing.
    t.press("torch.softmax(");
    t.wait_for("dim?: integer = -1");
    t.press("\x03");
    t.wait_for("> ");
    // The history holds what was typed; Ctrl-R searches it.
    t.press("\x12softm\r");
    t.wait_for("0.2500]\r\n\r> ");
    t.press("\x04");
    assert_eq!(t.end().code(), Some(0));
    // Another session remembers.
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 100);
    t.wait_for("> ");
    t.press("\x1b[A");
    t.wait_for("torch.softmax(torch.zeros(2, 4))");
    t.press("\x03");
    t.wait_for("> ");
    t.press(":quit\r");
    assert_eq!(t.end().code(), Some(0));
    let history = std::fs::read_to_string(folder.path().join("history")).unwrap();
    assert_eq!(history.lines().filter(|line| line.contains("print('line")).count(), 1);
}

#[test]
fn colours_are_for_those_who_want_them_and_narrow_terminals_work() {
    let folder = TempDir::new().unwrap();
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 100);
    t.press("local x = 1\r");
    assert!(t.raw("a local ends with its input").contains("\x1b[35mlocal"));
    t.wait_for("> ");
    t.press("\x04");
    t.end();
    let mut t = Terminal::start(compt(folder.path()).arg("repl").env("NO_COLOR", "1"), 30);
    t.press("torch.softmax(torch.zeros(2, 4), 1):sum()\r");
    let shown = t.raw("tensor[] f32 cpu 4");
    assert!(!shown.contains("\x1b[35m") && !shown.contains("\x1b[90m"), "{shown:?}");
    t.wait_for("> ");
    t.press("\x04");
    assert_eq!(t.end().code(), Some(0));
}

#[test]
fn what_is_told_meanwhile_does_not_tear_the_line_being_typed() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("tools.lua"), "x = 1").unwrap();
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 80);
    t.wait_for("> ");
    t.press(":load tools.lua\r");
    t.wait_for("> ");
    t.press("print(x + 4");
    t.wait_for("> print(x + 4");
    std::fs::write(folder.path().join("tools.lua"), "x = 2").unwrap();
    t.wait_for("note: tools.lua has changed");
    // The line is there again, and goes on.
    t.wait_for("> print(x + 4");
    t.press("1)\r");
    t.wait_for("\n42\r\n\r> ");
    t.press("\x04");
    assert_eq!(t.end().code(), Some(0));
}

#[test]
fn what_cannot_be_stopped_is_left_by_a_second_ctrl_c() {
    let folder = TempDir::new().unwrap();
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 80);
    t.wait_for("> ");
    t.press("print 'go'; (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40))\r");
    t.wait_for("go\r\n");
    t.press("\x03");
    std::thread::sleep(std::time::Duration::from_millis(300));
    t.press("\x03");
    assert_eq!(t.end().code(), Some(130));
}

#[test]
fn ctrl_c_stops_what_runs_and_twice_leaves() {
    let folder = TempDir::new().unwrap();
    let mut t = Terminal::start(compt(folder.path()).args(["repl", "--out", "run"]), 120);
    t.wait_for("> ");
    t.press("kept = 41\r");
    t.wait_for("> ");
    t.press("print 'go' while true do pcall(function() while true do end end) end\r");
    t.wait_for("go\r\n");
    t.press("\x03");
    t.wait_for("interrupted at input:2:1");
    t.press("kept + 1\r");
    t.wait_for("42");
    // A run stops after its step, and goes on.
    t.press("t = compt.trainer { backbone = compt.backbone 'micro', method = compt.methods.ssum {}, steps = 400, tasks = compt.tasks('micro', { shots = 4, max_test = 2 }) }\r");
    t.wait_for("> ");
    t.press("print 'go' pcall(t.run, t) while true do end\r");
    t.wait_for("go\r\n");
    let (start, metrics) = (Instant::now(), folder.path().join("run/metrics.jsonl"));
    while std::fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < 3 {
        assert!(start.elapsed() < Duration::from_secs(60), "no step is made");
        std::thread::sleep(Duration::from_millis(5));
    }
    t.press("\x03");
    t.wait_for("interrupted at");
    t.press("made = t.steps; print(made > 0, made < 400, t:step().step == made + 1)\r");
    t.wait_for("true\ttrue\ttrue");
    // Twice while a step is under way leaves, with what was trained.
    t.press("t = compt.trainer { backbone = t.backbone, method = compt.methods.ssum {}, accumulate = 60, steps = 400, tasks = compt.tasks('micro', { shots = 120, max_test = 2 }) }\r");
    t.wait_for("> ");
    t.press("print 'go' while true do pcall(t.run, t) end\r");
    t.wait_for("1/400");
    t.press("\x03");
    std::thread::sleep(Duration::from_millis(100));
    t.press("\x03");
    assert_eq!(t.end().code(), Some(130));
    let result = std::fs::read_to_string(folder.path().join("run-2/result.json")).unwrap();
    assert!(result.contains("\"interrupted\": true"), "{result}");
    assert!(folder.path().join("run-2/prompts.safetensors").is_file());
}

/// What a person types by habit, and a part of what the prompt says to it.
#[test]
fn habits_from_python_are_answered_with_what_lua_has() {
    let said = |input: &str| {
        let output = piped(&format!("x = torch.ones(2, 3)\n{input}\n"));
        out(&output) + &err(&output)
    };
    for (input, wanted) in [
        ("x > 0", "x:gt(0)"),
        ("x == 0", "x:eq(0)"),
        ("1 ~= x:sum()", "x:ne(0)"),
        ("x[1,1]", "x[{1, 2}]"),
        ("x @ x", "matmul"),
        ("x += 1", "`x = x + ...`"),
        ("x.T", "x:t()"),
        ("x.mean()", "x:mean(...)"),
        ("x:shape", ".shape"),
        ("True", "true"),
        ("None", "nil"),
        ("null", "nil"),
        ("import torch", "loads a module"),
        ("len(x)", "x:size(1)"),
        ("exit()", ":quit"),
        ("help(x)", "?name"),
        ("%timeit x", ":timeit"),
        ("torch.nn.Linear", "torch.linear"),
        ("torch.cuda.is_available()", "compt doctor"),
        ("torch.optim.Adam", "optimizer"),
        ("compt.trainer { model = 'micro' }", "'model' is called 'backbone'"),
        ("compt.trainer { backbone = 'micro' }", "compt.backbone(...) makes one"),
        ("compt.train()", "compt.trainer"),
        ("compt.methods.ssum { num_virtual_tokens = 5 }", "it is called 'length'"),
    ] {
        let said = said(input);
        assert!(said.contains(wanted), "{input}: {said}");
    }
    assert_eq!(said("x == x").trim(), "true");
    let trainer = "b = compt.backbone 'micro'\nt = compt.trainer { backbone = b, \
        tasks = compt.tasks('micro', { shots = 2 }), method = compt.methods.pt {}";
    let text = said(&format!("{trainer}, learning_rate = 1 }}"));
    assert!(text.contains("learning rates belong to the method"), "{text}");
    let text = said(&format!("{trainer} }}\nt:train()"));
    assert!(text.contains("t:run() trains"), "{text}");
    let text = said(&format!("{}'pt' }}", trainer.split("compt.methods").next().unwrap()));
    assert!(text.contains("compt.methods"), "{text}");
}

#[test]
fn a_pasted_transcript_is_run_without_its_marks_and_outputs() {
    let transcript = "> x = 2\n> x\n2\n> for i = 1, x do\nprint(i)\nend\n1\n2\n>>> x + 5\n7\n";
    let output = piped(transcript);
    assert_eq!(out(&output), "2\n1\n2\n7\n", "{}", err(&output));
    assert_eq!(err(&output).matches("are taken as outputs").count(), 1, "{}", err(&output));
}

#[test]
fn an_empty_line_ends_an_input_of_several_lines() {
    let folder = TempDir::new().unwrap();
    let mut t = Terminal::start(compt(folder.path()).arg("repl"), 100);
    t.wait_for("> ");
    t.press("for i = 1, 2 do\r");
    t.wait_for("an empty line or Ctrl-C ends the input");
    t.press("\r");
    t.wait_for("the input is incomplete: 'end' expected");
    t.wait_for("> ");
    // As terminals paste.
    t.press("\x1b[200~> y = 20\n> y + 1\n21\n> y + 2\x1b[201~\r");
    t.wait_for("22");
    t.wait_for("> ");
    // Statements before an expression are inputs of their own.
    t.press("\x1b[200~b = 40\nb + 4\x1b[201~\r");
    t.wait_for("44");
    // Before the prompt is there, the terminal itself takes the key.
    t.wait_for("> ");
    t.press("\x04");
    assert_eq!(t.end().code(), Some(0));
}
