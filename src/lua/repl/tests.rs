//! Sessions without a terminal.

use super::complete::{complete, signature};
use super::show::{Look, Shown};
use super::{Repl, Reply, last};
use crate::session::Session;
use std::path::Path;

fn repl() -> Repl {
    Repl::new(Session::default()).unwrap()
}

fn done(repl: &mut Repl, source: &str) -> String {
    match repl.eval(source, Look::PLAIN) {
        Reply::Done(shown) => shown.text,
        other => panic!("{source}: {other:?}"),
    }
}

fn failed(repl: &mut Repl, source: &str) -> String {
    match repl.eval(source, Look::PLAIN) {
        Reply::Failed(failure) => failure.to_string(),
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn values_are_shown_and_the_last_is_kept() {
    let mut r = repl();
    assert_eq!(done(&mut r, "1 + 1"), "2");
    assert_eq!(done(&mut r, "_ * 10"), "20");
    assert_eq!(done(&mut r, "x = 5"), "");
    assert_eq!(done(&mut r, "= x"), "5");
    assert_eq!(done(&mut r, "1, nil, 'a'"), "1\nnil\n\"a\"");
    assert_eq!(done(&mut r, "nil"), "nil");
    assert_eq!(done(&mut r, "(function() end)()"), "");
    assert_eq!(done(&mut r, "-- a comment"), "");
    assert_eq!(done(&mut r, "  "), "");
    assert_eq!(last(r.lua()).to_string().unwrap(), "1");
    assert_eq!(r.inputs()[0], "_ = 1 + 1\nprint(_)");
}

#[test]
fn whether_more_lines_are_needed_is_for_the_compiler_to_say() {
    let r = repl();
    for source in
        ["f(", "for i = 1, 2 do", "x = {", "x =", "1 +", "s = [[a", "function f()", "if x then\n"]
    {
        assert!(super::is_incomplete(r.lua(), source), "{source}");
    }
    for source in ["f()", "x = '('", "x = )", "'abc", "s = [[(]]", "end", "return 1", "for"] {
        assert_eq!(super::is_incomplete(r.lua(), source), source == "for", "{source}");
    }
}

#[test]
fn an_error_shows_its_line_and_what_was_defined_stays() {
    let mut r = repl();
    done(&mut r, "a = 1");
    let text = failed(&mut r, "b = 2\nlocal t = nil\nc = t.x\nd = 4");
    assert!(text.contains("input:2:3: attempt to index a nil value (local 't')"), "{text}");
    assert!(text.contains("3 | c = t.x"), "{text}");
    assert_eq!(done(&mut r, "a, b, c"), "1\n2");
    let text = failed(&mut r, "x = = 1");
    assert!(text.contains("unexpected symbol near '='"), "{text}");
    let text = failed(&mut r, "compt.trainr {}");
    assert!(text.contains("did you mean 'trainer'?"), "{text}");
    let text = failed(&mut r, "error({ code = 3 })");
    assert!(!text.is_empty());
    assert_eq!(done(&mut r, "a"), "1");
}

#[test]
fn an_unknown_member_of_an_object_names_the_nearest() {
    let mut r = repl();
    done(&mut r, "r = compt.router.free { tasks = 2, sources = 3 }");
    let text = failed(&mut r, "r:wieghts()");
    assert!(text.contains("router has no member 'wieghts' (did you mean 'weights'?)"), "{text}");
    assert!(!text.contains("__"), "{text}");
    let text = failed(&mut r, "r.kind = 'x'");
    assert!(text.contains("a router's 'kind' cannot be set") || text.contains("kind"), "{text}");
    let text = failed(&mut r, "torch.ones(2)[0]");
    assert!(!text.contains("__mlua"), "{text}");
    let text = failed(&mut r, "compt.trainer { backbone = 'micro', method = {} }");
    assert!(text.contains("must be a backbone, got a string"), "{text}");
    assert!(text.contains("compt.backbone(...) makes one"), "{text}");
    let text = failed(&mut r, "r.weights()");
    assert!(text.contains("called with a colon, as in object:weights()"), "{text}");
    let text = failed(&mut r, "compt.router.free { taks = 2, sources = 3 }");
    assert!(
        text.contains("'tasks' is missing") && text.contains("is 'taks' a misspelling"),
        "{text}"
    );
    assert_eq!(r.meant("prnt").as_deref(), Some("did you mean 'print'?"));
    assert_eq!(r.meant("None").as_deref(), Some("Lua writes nil"));
    assert_eq!((r.meant("r"), r.meant("x.y")), (None, None));
    let text = failed(&mut r, "require 'compt.schedul'");
    assert!(text.contains("did you mean 'compt.schedule'?"), "{text}");
}

#[test]
fn large_things_are_summaries() {
    let mut r = repl();
    let text = done(
        &mut r,
        "torch.zeros(100, 100):masked_fill_(torch.eye(100, { dtype = 'bool' }), 0 / 0)",
    );
    assert!(
        text.starts_with("tensor[100,100] f32 cpu, min 0.0000 mean 0.0000 max 0.0000, 100 NaN"),
        "{text}"
    );
    let text = done(&mut r, "compt.router.constant { tasks = { 'a', 'b' }, sources = 2 }");
    assert!(text.contains("src0") && text.contains("b  0.50▒  0.50▒"), "{text}");
    let shades = r.eval("_", Look { colour: true, ..Look::PLAIN });
    assert!(
        matches!(&shades, Reply::Done(shown) if shown.text.contains("\x1b[48;5;")),
        "{shades:?}"
    );
    let text = done(
        &mut r,
        "compt.prompt_bank { tasks = { 'rte' }, sources = 2, length = 4, d_model = 8 }",
    );
    assert!(text.contains("private.rte") && text.contains("[4, 8]  row norms"), "{text}");
    done(
        &mut r,
        "t = compt.trainer { backbone = compt.backbone 'micro', progress = false, steps = 3,
       tasks = compt.tasks('micro', { shots = 2, max_test = 2 }), method = compt.methods.ssum {} }",
    );
    let text = done(&mut r, "t");
    assert!(text.contains("trainer(ssum: step 0 of 3)") && text.contains("router"), "{text}");
    assert!(done(&mut r, "t:step()").contains("loss = "));
    assert!(done(&mut r, "t").contains("lr 0."));
    assert!(done(&mut r, "t:evaluate { limit = 1 }").contains("average"));
}

fn texts(r: &Repl, source: &str) -> Vec<String> {
    complete(r.lua(), r.docs(), source).texts
}

#[test]
fn completion_knows_names_options_values_and_files() {
    let mut r = repl();
    done(&mut r, "my_value = { alpha = 1, beta = { gamma = 2 } }");
    done(&mut r, "r = compt.router.free { tasks = 2, sources = 3 }");
    assert_eq!(texts(&r, "x = my_v"), ["my_value"]);
    assert_eq!(texts(&r, "my_value.a"), ["alpha"]);
    assert_eq!(texts(&r, "print(my_value.beta."), ["gamma"]);
    assert_eq!(texts(&r, "r:w"), ["weights"]);
    assert_eq!(texts(&r, "r.lo"), ["logits"]);
    assert_eq!(texts(&r, "compt.methods.ms"), ["msum"]);
    assert_eq!(texts(&r, "torch.softm"), ["softmax"]);
    assert_eq!(texts(&r, "torch.ones(2):softm"), ["softmax"]);
    assert_eq!(texts(&r, "r.logits:softm"), ["softmax"]);
    assert_eq!(texts(&r, "compt.backbone('micro'):gen"), ["generate"]);
    assert_eq!(texts(&r, "compt.backbone('micro').tokenizer:enc"), ["encode", "encode_batch"]);
    assert_eq!(texts(&r, "compt.backbone('micro', { dt"), ["dtype = "]);
    assert_eq!(texts(&r, "compt.trainer { max_"), ["max_source_length = "]);
    assert_eq!(
        texts(&r, "compt.trainer { stream = function(s) if s then return {} end end, max_"),
        ["max_source_length = "]
    );
    assert_eq!(texts(&r, "compt.methods.ssum { lr = { rou"), ["router = "]);
    assert_eq!(texts(&r, "compt.trainer { steps = 3, ste"), [] as [&str; 0]);
    assert_eq!(texts(&r, "compt.methods.ssum { encoder = { act"), ["activation = "]);
    assert_eq!(texts(&r, "compt.backbone('micro', { dtype = 'bf"), ["bfloat16"]);
    assert_eq!(texts(&r, "compt.tasks 'gl"), ["glue"]);
    assert_eq!(texts(&r, "require 'compt.sch"), ["compt.schedule"]);
    assert_eq!(texts(&r, "torch.load('Cargo.t"), ["Cargo.toml"]);
    assert_eq!(texts(&r, "compt.trainer { control = '../../stdlib/sched"), ["schedule.lua"]);
    assert_eq!(texts(&r, ":ti"), [":time", ":timeit"]);
    assert_eq!(texts(&r, ":load ../../examples/quick"), ["quickstart.lua"]);
    assert_eq!(texts(&r, ":time torch.softm"), ["softmax"]);
    assert_eq!(texts(&r, "?compt.Trainer:ev"), ["compt.Trainer:evaluate"]);
    assert_eq!(texts(&r, "?r.wei"), ["weights"]);
    assert_eq!(texts(&r, "dofile 'Cargo.t"), ["Cargo.toml"]);
    assert_eq!(texts(&r, "loc"), ["local"]);
    assert_eq!(texts(&r, "x = 'my_v"), [] as [&str; 0]);
    assert_eq!(texts(&r, "-- my_v"), [] as [&str; 0]);
    assert_eq!(texts(&r, ""), [] as [&str; 0]);
    assert_eq!(complete(r.lua(), r.docs(), "é = my_v").start, "é = ".len());
}

#[test]
fn completion_knows_knobs_tasks_parts_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let mut r = repl();
    done(
        &mut r,
        "tasks = compt.tasks('micro', { shots = 2, max_test = 2, tasks = { 'nli3', 'sentiment' } })",
    );
    let make = format!(
        "t = compt.trainer {{ backbone = compt.backbone 'micro', progress = false, steps = 1, batch_size = 2,
           tasks = tasks, method = compt.methods.ssum {{ sources = 2 }}, out = '{}/a' }} t:run()",
        runs.display()
    );
    done(&mut r, &make);
    std::fs::create_dir(runs.join("archive")).unwrap();
    assert_eq!(texts(&r, "t:set('lr."), ["lr.private", "lr.router", "lr.source"]);
    assert_eq!(texts(&r, "t:set \"task_w"), ["task_weights.nli3", "task_weights.sentiment"]);
    assert_eq!(texts(&r, "t:set('temp"), ["temperature"]);
    assert_eq!(texts(&r, "other:set('lr"), [] as [&str; 0]);
    assert_eq!(texts(&r, "t:predict { task = '"), ["nli3", "sentiment"]);
    assert_eq!(texts(&r, "t:evaluate('test', { tasks = { 'nli3', 's"), ["sentiment"]);
    assert_eq!(texts(&r, "t:evaluate { without = 's"), ["src0", "src1"]);
    assert_eq!(texts(&r, "t:evaluate \"va"), ["validation"]);
    assert_eq!(texts(&r, "t:evaluate('te"), ["test"]);
    assert_eq!(texts(&r, "tasks:size('sent"), ["sentiment"]);
    assert_eq!(texts(&r, "t:prompt('n"), ["nli3"]);
    assert_eq!(texts(&r, "compt.tasks('glue', { tasks = { 'sst"), ["sst2"]);
    assert_eq!(texts(&r, "compt.tasks('glue', { tasks = { 'nli3"), [] as [&str; 0]);
    assert_eq!(texts(&r, "compt.tasks { 'nli3', 'ss"), ["sst2"]);
    assert_eq!(texts(&r, "compt.tasks 'super"), ["superglue"]);
    let at = |call: &str| format!("{call}{}/", runs.display());
    assert_eq!(texts(&r, &at("compt.load_run '")), ["a", "archive/"]);
    assert_eq!(texts(&r, &at("compt.runs { '")), ["a", "archive/"]);
    assert_eq!(texts(&r, &at("compt.runs('")), ["a", "archive/"]);
    done(&mut r, &format!("l = compt.load_run '{}/a'", runs.display()));
    assert_eq!(texts(&r, "l:generate { task = 's"), ["sentiment"]);
    assert_eq!(texts(&r, "l:ev"), ["evaluate"]);
    assert_eq!(texts(&r, "t.history.l"), ["loss", "lr"]);
    assert_eq!(texts(&r, "l.config.b"), ["backbone", "batch_size"]);
}

#[test]
fn signatures_follow_the_cursor() {
    let r = repl();
    let hint = |source| signature(r.lua(), r.docs(), source);
    assert_eq!(
        hint("torch.softmax(").as_deref(),
        Some("input: torch.Tensor, dim?: integer = -1, *, dtype?: torch.dtype)")
    );
    let rest = "dim?: integer = -1, *, dtype?: torch.dtype)";
    assert_eq!(hint("torch.softmax(x,").as_deref(), Some(rest));
    assert_eq!(hint("torch.ones(3):softmax(").as_deref(), Some(rest));
    assert_eq!(hint("torch.ones(3):softmax { ").as_deref(), Some("dim, dtype }"));
    assert_eq!(hint("torch.gelu(x, {").as_deref(), Some("approximate }"));
    assert!(hint("torch.gelu(x, { approximate =").unwrap().starts_with("\"none\"|\"tanh\""));
    assert_eq!(hint("torch.softmax(x"), None);
    assert_eq!(hint("torch.softmax(x)"), None);
    assert_eq!(hint("print("), None);
}

#[test]
fn a_survey_shows_own_globals_and_where_tensors_were_made() {
    let mut r = repl();
    done(&mut r, "weights = torch.ones(256, 256)");
    done(&mut r, "half = weights[{ { 1, 128 } }]");
    done(&mut r, "gone = torch.ones(3)");
    done(&mut r, "gone:destroy()");
    done(&mut r, "out = io.stdout");
    let Reply::Done(Shown { text, .. }) = r.variables(Look::PLAIN) else { panic!("no variables") };
    assert!(text.contains("gone     (this tensor was freed") && text.contains("file ("), "{text}");
    assert!(text.contains("weights  tensor[256,256]") && !text.contains("print"), "{text}");
    done(&mut r, "row = weights[3]");
    let Reply::Done(Shown { text, .. }) = r.memory() else { panic!("no census") };
    assert!(!text.contains("__mlua"), "{text}");
    assert!(
        text.contains("cpu") && text.contains("input:1:1") && text.contains("256.0 KiB"),
        "{text}"
    );
}

#[test]
fn a_loaded_script_leaves_its_locals() {
    let mut r = repl();
    let reply = r.load(
        Path::new("study.lua"),
        "#!/x\nlocal a <const> = 1\nlocal function f() return a + 1 end",
        Look::PLAIN,
    );
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    assert_eq!(done(&mut r, "f()"), "2");
    let reply = r.load(Path::new("bad.lua"), "x = 1\nx.y.z = 1", Look::PLAIN);
    assert!(matches!(&reply, Reply::Failed(f) if f.to_string().contains("bad.lua:2")), "{reply:?}");
}

#[test]
fn reload_takes_up_what_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (lib, control) = (folder.path().join("lib.lua"), folder.path().join("control.lua"));
    std::fs::write(&lib, "local x = 1").unwrap();
    std::fs::write(&control, "return { clip = 1 }").unwrap();
    let mut r = repl();
    r.load(&lib, "local x = 1", Look::PLAIN);
    let make = format!(
        "t = compt.trainer {{ backbone = compt.backbone 'micro', steps = 9, control = {control:?},
           tasks = compt.tasks('micro', {{ shots = 2, tasks = {{ 'nli3' }}, max_test = 2 }}),
           method = compt.methods.pt {{}}, batch_size = 2 }}; t:step()"
    );
    done(&mut r, &make);
    let told = |r: &mut Repl| -> Vec<String> {
        let shown = |reply| match reply {
            Reply::Done(shown) => shown.text,
            Reply::Failed(failure) => failure.to_string(),
            other => panic!("{other:?}"),
        };
        r.reload(Look::PLAIN).into_iter().map(shown).collect()
    };
    assert!(told(&mut r)[0].ends_with("control.lua: unchanged"));
    std::fs::write(&lib, "local x = 2").unwrap();
    std::fs::write(&control, "return { clip = 0 }").unwrap();
    let lines = told(&mut r);
    assert!(lines[0].ends_with("lib.lua: reloaded"), "{lines:?}");
    assert!(lines[1].contains("0 is not within (0, 1000000]"), "{lines:?}");
    assert_eq!(done(&mut r, "x"), "2");
    std::fs::write(&control, "return { clip = 2 }").unwrap();
    let lines = told(&mut r);
    assert!(lines[0].ends_with("control.lua: used from the next step on"), "{lines:?}");
}

#[test]
fn inputs_are_kept_as_a_script_would_have_them() {
    let mut r = repl();
    for source in ["= 1 + 1", "print 'x'", "return 5", "_ + 1", "nil", "x = 3"] {
        done(&mut r, source);
    }
    let kept = [
        "_ = 1 + 1\nprint(_)",
        "print 'x'",
        ";(function()\nreturn 5\nend)()",
        "_ = _ + 1\nprint(_)",
        "print(nil)",
        "x = 3",
    ];
    assert_eq!(r.inputs(), kept);
}

#[test]
fn strings_reach_the_terminal_without_its_commands() {
    let mut r = repl();
    assert!(!done(&mut r, "'a\\n\\27[2J'").contains('\x1b'));
    assert!(done(&mut r, "('x'):rep(100000)").len() < 11_000);
}
