//! Every documented function and method is called wrongly: the errors use Lua's terms.

use super::{Docs, Entry, Param};
use crate::Runtime;
use crate::failure::Failure;
use crate::types::OBJECTS;

/// One object of each class, and `wrong` values.
const OBJECTS_CODE: &str = "
    local compt = require 'compt'
    torch = require 'compt.torch'
    local b = compt.backbone 'micro'
    local tasks = compt.tasks('micro', { shots = 2, tasks = { 'nli3' }, max_test = 2 })
    local function trainer(method)
      return compt.trainer { backbone = b, tasks = tasks, method = method, steps = 2, batch_size = 2, progress = false }
    end
    local t = trainer(compt.methods.ssum { sources = 2, length = 4 })
    objects = {
      ['compt.Backbone'] = b, ['compt.Tokenizer'] = b.tokenizer, ['compt.Tasks'] = tasks, ['compt.Trainer'] = t,
      ['compt.PromptBank'] = t.bank, ['compt.Router'] = t.router, ['compt.Prompts'] = t:prompts(),
      ['compt.Prompt'] = t:prompts():get 'nli3', ['compt.Optimizer'] = compt.optimizer.adamw { torch.ones(2, { requires_grad = true }) }, ['torch.Tensor'] = torch.ones(2, 2),
    }
    local recorded = compt.trainer {
      backbone = b, tasks = tasks, method = compt.methods.pt { length = 4 }, steps = 1, progress = false,
      out = os.tmpname() .. '-run',
    }
    recorded:run()
    objects['compt.LoadedRun'] = compt.load_run(recorded.out)
    trainer({ name = 'seen', lr = { own = 0.1 }, build = function(setup)
      objects['compt.Setup'] = setup
      local own = setup:parameter('own', 'p', setup:prompt(2))
      return { give = function(batch)
        objects['compt.Batch'] = batch
        return batch:each(function() return own * 1 end)
      end }
    end }):step()
    compt.methods, compt.schedule = compt.methods, compt.schedule
    _G.compt = compt";

/// Values, each with the type names that accept it.
const VALUES: [(&str, &[&str]); 9] = [
    ("nil", &["?", "nil", "any"]),
    ("7", &["integer", "number", "Number", "Data", "string", "path", "folder", "any", "Split"]),
    ("1.5", &["number", "Number", "Data", "string", "path", "folder", "any", "Split"]),
    ("'zzz'", &["string", "path", "folder", "\"", "any", "Split", "compt.", "torch.d"]),
    ("true", &["boolean", "any", "Number", "Data"]),
    ("{ zzz = 1 }", &["any", "table"]),
    ("function() end", &["fun", "any"]),
    ("torch.ones(2)", &["Tensor", "Number", "Data", "any"]),
    ("objects['compt.Tokenizer']", &["Tokenizer", "any"]),
];

/// A value that a parameter does not accept, for the arguments before the tested one.
fn sample(param: &Param) -> &'static str {
    let takes = |part: &str| param.kind.contains(part);
    match () {
        () if takes("path") || takes("folder") => "'/nowhere/compt'",
        () if takes("Split") => "'test'",
        () if takes("integer") || takes("number") || takes("Number") => "1",
        () if takes("Tensor") || takes("Data") => "torch.ones(2, 2)",
        () if takes("string") => "'nli3'",
        () if takes("fun") => "function() end",
        () => "{}",
    }
}

/// Wrong calls of an entry, as code.
fn calls(entry: &Entry) -> Vec<String> {
    let Some(signature) = entry.signature() else { return Vec::new() };
    let (owner, separator, name) = entry.split();
    let mut calls = Vec::new();
    let head = match separator {
        ':' => {
            calls.push(format!("objects['{owner}'].{name}()"));
            calls.push(format!("objects['{owner}'].{name}({{}})"));
            format!("objects['{owner}']:{name}")
        }
        _ => entry.name.clone(),
    };
    if signature.params.is_empty() && separator == ':' {
        calls.push(format!("{head}({{ zzz = 1 }})"));
    }
    for (i, param) in signature.params.iter().enumerate() {
        let before: Vec<&str> = signature.params[..i].iter().map(sample).collect();
        let fits = |takes: &[&str]| {
            takes.iter().any(|part| param.kind.contains(part) || *part == "?" && param.optional)
        };
        for (value, _) in VALUES.iter().filter(|(_, takes)| !fits(takes)) {
            let arguments = [&before[..], &[*value]].concat().join(", ");
            calls.push(format!("{head}({arguments})"));
        }
    }
    calls
}

/// The part of a message that is a Rust type.
fn rust_in(text: &str) -> Option<String> {
    // These are the names of tensor dtypes: f32, i64.
    let lines = text.lines().filter(|line| !line.contains("the arguments were"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let phrases =
        ["::", "&str", "userdata", "bad argument", "error converting", "deserialize", "serialize"];
    if let Some(phrase) = phrases.iter().find(|phrase| text.contains(**phrase)) {
        return Some(phrase.to_string());
    }
    let names =
        ["i64", "i32", "usize", "u64", "u32", "u16", "f64", "str", "Vec", "Option", "PathBuf"];
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_rust = |word: &&str| {
        let own = word.strip_prefix("Lua").and_then(|rest| rest.chars().next());
        names.contains(word) || own.is_some_and(char::is_uppercase)
    };
    words.into_iter().find(is_rust).map(String::from)
}

#[test]
fn wrong_calls_are_told_in_luas_words() {
    let docs = Docs::load().unwrap();
    let runtime = Runtime::new().unwrap();
    let lua = runtime.lua();
    lua.load(OBJECTS_CODE).exec().unwrap();
    let objects: mlua::Table = lua.globals().get("objects").unwrap();
    for (_, class, _) in OBJECTS {
        assert!(objects.contains_key(class).unwrap(), "no {class} to call methods of");
    }
    let (mut refused, mut wrong) = (0, Vec::new());
    for entry in &docs.entries {
        for code in calls(entry) {
            let Err(error) = lua.load(&code).set_name("@wrong.lua").exec() else { continue };
            refused += 1;
            // As it is displayed, and as a script that catches it sees it.
            let texts = [Failure::new(&error).to_string(), error.to_string()];
            let found = texts.iter().find_map(|text| Some((rust_in(text)?, text)));
            wrong.extend(found.map(|(part, text)| {
                let first = text.lines().next().unwrap_or_default();
                format!("{code}: '{part}' in: {first}")
            }));
        }
    }
    assert!(refused > 500, "only {refused} calls were refused");
    assert!(wrong.is_empty(), "{} messages speak of Rust:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn arguments_are_counted_as_they_are_written() {
    let runtime = Runtime::new().unwrap();
    let lua = runtime.lua();
    lua.load(OBJECTS_CODE).exec().unwrap();
    for (code, wanted) in [
        (
            "objects['compt.Tasks']:rows('nli3', nil)",
            "tasks:rows: argument 2 must be a string, got nil",
        ),
        ("objects['compt.Backbone']:embed('x')", "backbone:embed: argument 1"),
        (
            "objects['compt.Tokenizer']:decode({ 1, 'x' })",
            "tokenizer:decode: argument 1 contains a string where a whole number is expected",
        ),
        ("objects['compt.Tasks'].rows('nli3', 'test')", "called with a colon, as in object:rows()"),
        ("objects['compt.Trainer']:step({ steps = 3 })", "trainer:step takes no arguments, got 1"),
        (
            "require('compt').router.free({ tasks = 2, sources = 2 }).temperature = {}",
            "router.temperature: must be a number",
        ),
        ("objects['torch.Tensor'].requires_grad = 'no'", "must be true or false, got a string"),
        ("math.random('x')", "math.random: argument 1 must be a whole number, got a string"),
        ("torch.scope(3)", "torch.scope: argument 1 must be a function, got 3"),
    ] {
        let error = lua.load(code).set_name("@wrong.lua").exec().unwrap_err();
        let text = Failure::new(&error).to_string();
        assert!(text.contains(wanted), "{code}: {text}");
    }
}
