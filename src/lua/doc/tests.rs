//! The documentation is complete and correct, and its examples run.

use super::{Docs, Kind};
use crate::Runtime;
use crate::options::seen;
use crate::types::OBJECTS;
use compt_base::metric::Metric;
use compt_core::prompt::EncoderKind;
use compt_core::router;
use compt_core::train::optimizer;
use mlua::{Table, Value};
use std::collections::BTreeSet;

/// Every name a script can reach in a fresh state.
fn registered(runtime: &Runtime) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["sorted_pairs", "display"].map(String::from));
    let tables: Table = runtime
        .lua()
        .load(
            "local compt = require 'compt'
             for _, module in ipairs { 'methods', 'schedule', 'curriculum', 'report', 'figures', 'statistics', 'ablate', 'grid', 'runs', 'search' } do local _ = compt[module] end
             for _ in pairs(compt.methods) do end
             return { compt = compt, torch = require 'compt.torch', ['compt.methods'] = compt.methods,
                      ['compt.schedule'] = compt.schedule,
                      ['compt.curriculum'] = compt.curriculum, ['compt.report'] = compt.report,
                      ['compt.statistics'] = compt.statistics, ['compt.figures'] = compt.figures,
                      ['compt.compose'] = compt.compose, ['compt.metric'] = compt.metric, ['compt.optimizer'] = compt.optimizer, ['compt.prompts'] = compt.prompts, ['compt.router'] = compt.router, ['compt.sampler'] = compt.sampler }",
        )
        .eval()
        .unwrap();
    tables
        .for_each(|module: String, table: Table| {
            table.for_each(|name: String, value: Value| {
                let name = format!("{module}.{name}");
                match value {
                    Value::Table(part) if module == "torch" => {
                        part.for_each(|of: String, _: Value| {
                            names.insert(format!("{name}.{of}"));
                            Ok(())
                        })
                    }
                    _ => {
                        names.insert(name);
                        Ok(())
                    }
                }
            })
        })
        .unwrap();
    names.insert("compt.out".to_string());
    for (_, class, members) in OBJECTS {
        let members = members();
        names.extend(members.fields.iter().map(|field| format!("{class}.{field}")));
        names.extend(members.methods.iter().map(|method| format!("{class}:{method}")));
    }
    names
}

/// Every documented name that is callable or has a value, as opposed to a data shape.
fn documented(docs: &Docs) -> BTreeSet<String> {
    let classes: Vec<&str> = OBJECTS.iter().map(|object| object.1).chain(["compt"]).collect();
    let mut names = BTreeSet::new();
    for entry in &docs.entries {
        match &entry.kind {
            Kind::Function(signature) => {
                names.insert(entry.name.clone());
                if signature.both {
                    names.insert(format!("torch.Tensor:{}", entry.split().2));
                }
            }
            Kind::Class(class) if classes.contains(&entry.name.as_str()) => {
                let fields = class.fields.iter().filter(|field| !field.name.starts_with('['));
                names.extend(fields.map(|field| format!("{}.{}", entry.name, field.name)));
            }
            _ => {}
        }
    }
    names
}

#[test]
fn every_registered_name_has_an_entry_and_every_entry_a_name() {
    let docs = Docs::load().unwrap();
    let runtime = Runtime::new().unwrap();
    let (there, told) = (registered(&runtime), documented(&docs));
    let missing: Vec<_> = there.difference(&told).collect();
    let made_up: Vec<_> = told.difference(&there).collect();
    assert!(missing.is_empty(), "without an entry in stdlib/doc: {missing:?}");
    assert!(made_up.is_empty(), "in stdlib/doc, but nowhere else: {made_up:?}");
    let mut names: Vec<&str> = docs.names().collect();
    names.sort();
    names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "an entry twice"));
    for entry in &docs.entries {
        assert!(!entry.section.is_empty(), "{} is in no section", entry.name);
        if entry.signature().is_some() {
            assert!(!entry.text.is_empty(), "{} has no text", entry.name);
        }
    }
}

/// Calls whose example cannot run here.
const NOT_RUN: [&str; 13] = [
    "compt.tokenizer",
    "compt.Backbone:save",
    "torch.Tensor:cuda",
    "compt.Trainer:evaluate",
    // Inside a method's functions: examples/own_method.lua.
    "compt.Setup:parameter",
    "compt.Setup:prompt",
    "compt.Setup:given",
    "compt.Setup:low_rank",
    "compt.Setup:places",
    "compt.Batch:each",
    "compt.Batch:embeddings",
    "compt.Batch:mask",
    "compt.Batch:forward",
];

#[test]
fn the_examples_run_and_use_every_option_there_is() {
    let docs = Docs::load().unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.open_globals().unwrap();
    let lua = runtime.lua();
    seen::take();
    let mut failed = Vec::new();
    for entry in &docs.entries {
        let code = entry.example.join("\n");
        if entry.signature().is_some() && !NOT_RUN.contains(&entry.name.as_str()) {
            assert!(!code.is_empty(), "{} has no example", entry.name);
        }
        // A single line is an expression or a statement; several lines are a script, or one each.
        let run = |code: &str| {
            let whole = lua.load(format!("return {code}")).into_function();
            whole.or_else(|_| lua.load(code).into_function())
        };
        let ran = match run(&code) {
            Ok(function) => function.call::<()>(()),
            Err(_) => entry.example.iter().try_for_each(|line| run(line)?.call::<()>(())),
        };
        failed.extend(ran.err().map(|e| format!("{}: {e}", entry.name)));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let calls = seen::take();
    for entry in &docs.entries {
        let Some(signature) = entry.signature() else { continue };
        // Functions of torch are compared with their declarations in `torch/tests.rs`.
        if entry.name.starts_with("torch.") {
            continue;
        }
        let Some(options) = signature.params.iter().find_map(|p| docs.options_in(&p.kind)) else {
            continue;
        };
        let call = called(&entry.name);
        // A definition is read under the name of what it is.
        let call = match call.strip_suffix(".define") {
            Some("compt.compose") => "operator".to_string(),
            Some(module) if module != "compt.metric" => module.replace("compt.", ""),
            _ => call,
        };
        let in_lua = ["compt.schedule.", "compt.curriculum."].iter().any(|m| call.starts_with(m));
        if options == "compt.MethodOptions" || in_lua {
            continue;
        }
        let told: BTreeSet<&str> =
            docs.fields(options).iter().map(|field| field.name.as_str()).collect();
        let asked = match call.strip_prefix("compt.methods.") {
            Some(method) => declared_by(&runtime, method),
            None if asked_in_lua(&runtime, &call).is_some() => {
                asked_in_lua(&runtime, &call).unwrap_or_default()
            }
            None => calls.get(&call).cloned().unwrap_or_default(),
        };
        // Definitions without parameters read them to refuse them.
        let is_refused =
            |name: &str| name == "parameters" && ["optimizer", "sampler"].contains(&&*call);
        let asked: BTreeSet<&str> =
            asked.iter().map(|name| &**name).filter(|name| !is_refused(name)).collect();
        if told != asked {
            failed.push(format!("{call}: documented {told:?}, asked for {asked:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The options that a library function written in Lua has read.
fn asked_in_lua(runtime: &Runtime, call: &str) -> Option<BTreeSet<&'static str>> {
    let code = format!("return require('compt.arguments').asked['{call}']");
    let names: Option<Vec<String>> = runtime.lua().load(code).eval().unwrap();
    names.map(|names| names.into_iter().map(|name| &*name.leak()).collect())
}

/// The options that a method of the library declares.
fn declared_by(runtime: &Runtime, method: &str) -> BTreeSet<&'static str> {
    let code = format!("return require('compt.methods.options').{method}");
    let names: Vec<String> = runtime.lua().load(code).eval().unwrap();
    names.into_iter().map(|name| &*name.leak()).collect()
}

#[test]
fn every_registered_kind_is_documented() {
    let docs = Docs::load().unwrap();
    let in_library = |folder: &str, built_in: Vec<&'static str>| {
        let built_in = built_in.into_iter().map(String::from);
        built_in.chain(crate::stdlib::modules_in(folder)).collect::<Vec<_>>()
    };
    let routers = router::KINDS.iter().map(|kind| kind.name).collect();
    let optimizers = optimizer::KINDS.iter().map(|kind| kind.name).collect();
    for (alias, names) in [
        ("compt.RouterKind", in_library("routers", routers)),
        ("compt.OptimizerKind", in_library("optimizers", optimizers)),
        ("compt.SamplerKind", in_library("samplers", Vec::new())),
        ("compt.Metric", Metric::names().map(String::from).collect()),
    ] {
        let values = docs.values(alias).into_iter().map(|value| value.0);
        let documented: Vec<String> = values.map(|name| name.trim_matches('"').into()).collect();
        assert_eq!(documented, names, "{alias}");
    }
}

#[test]
fn options_within_options_are_those_asked_for() {
    let docs = Docs::load().unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.open_globals().unwrap();
    let of_kinds = |lists: &[&[&'static str]]| {
        lists.iter().flat_map(|list| list.iter().copied()).chain(["kind"]).collect::<BTreeSet<_>>()
    };
    let of_library = |folder: &str| -> Vec<&'static str> {
        let code = "local folder, kinds = ...
             local names = {}
             for _, kind in ipairs(kinds) do
               for name in pairs(require('compt.' .. folder .. '.' .. kind).options or {}) do names[#names + 1] = name end
             end
             return names";
        let kinds = (folder, crate::stdlib::modules_in(folder));
        let names: Vec<String> = runtime.lua().load(code).call(kinds).unwrap();
        names.into_iter().map(|name| &*name.leak()).collect()
    };
    let (in_routers, in_optimizers) = (of_library("routers"), of_library("optimizers"));
    let of_samplers = of_library("samplers");
    let routers = router::KINDS.iter().map(|kind| kind.options).chain([&in_routers[..]]);
    let routers: Vec<_> = routers.collect();
    let optimizers = optimizer::KINDS.iter().map(|kind| kind.options);
    let optimizers: Vec<_> = optimizers.chain([&in_optimizers[..]]).collect();
    for (class, read) in [
        ("compt.EncoderOptions", of_kinds(&[EncoderKind::OPTIONS])),
        ("compt.MethodRouter", of_kinds(&routers)),
        ("compt.OptimizerOptions", of_kinds(&optimizers)),
        ("compt.SamplerOptions", of_kinds(&[&of_samplers, &["every"]])),
    ] {
        let documented: BTreeSet<&str> =
            docs.fields(class).iter().map(|f| f.name.as_str()).collect();
        assert_eq!(documented, read, "{class}");
    }
    let told: BTreeSet<&str> =
        docs.fields("compt.MethodOptions").iter().map(|f| f.name.as_str()).collect();
    let declared: Vec<String> =
        runtime.lua().load("return require('compt.methods.options').declared").eval().unwrap();
    assert_eq!(told, declared.iter().map(String::as_str).collect(), "compt.MethodOptions");
    let told: BTreeSet<&str> =
        docs.fields("compt.CustomMethod").iter().map(|f| f.name.as_str()).collect();
    let code = "local o = require('compt.methods.options')
                return table.move(o.with_build, 1, #o.with_build, #o.every + 1, { table.unpack(o.every) })";
    let read: Vec<String> = runtime.lua().load(code).eval().unwrap();
    // `backbone` is for methods without `build`.
    let read = read.iter().map(String::as_str).filter(|name| *name != "backbone").collect();
    assert_eq!(told, read, "compt.CustomMethod");
}

/// The name of a function in messages: `trainer:evaluate` for `compt.Trainer:evaluate`.
fn called(name: &str) -> String {
    match name.split_once(':') {
        Some((class, method)) => {
            let object = OBJECTS.iter().find(|object| object.1 == class).expect("a class");
            format!("{}:{method}", object.0)
        }
        None => name.to_string(),
    }
}

#[test]
fn names_are_found_by_their_ends() {
    let docs = Docs::load().unwrap();
    let found = |name| docs.find(name).map(|entry| entry.name.as_str());
    assert_eq!(found("torch.softmax"), Some("torch.softmax"));
    assert_eq!(found("Tensor:softmax"), Some("torch.softmax"));
    assert_eq!(found("Trainer:run"), Some("compt.Trainer:run"));
    assert_eq!(found("run"), Some("compt.Trainer:run"));
    assert_eq!(found("nothing"), None);
    assert_eq!(docs.nearest("compt.trainr"), Some("compt.trainer"));
    let values: Vec<String> = docs.values("compt.Split").into_iter().map(|v| v.0).collect();
    assert_eq!(values, ["\"train\"", "\"validation\"", "\"test\""]);
}

#[test]
fn a_description_has_options_with_defaults() {
    let docs = Docs::load().unwrap();
    let text = super::describe(&docs, docs.find("compt.backbone").unwrap(), 80);
    assert!(text.contains("dtype?: \"auto\"|\"float32\"|\"bfloat16\" = \"auto\""), "{text}");
    assert!(text.contains("example:\n  b = compt.backbone"), "{text}");
    assert!(
        text.lines().all(|line| line.starts_with("  ") || line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn the_generated_files_are_fresh() {
    let docs = Docs::load().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<(std::path::PathBuf, String)> = super::stubs(&docs)
        .into_iter()
        .map(|(path, text)| (root.join("stdlib/meta").join(path), text))
        .collect();
    files.push((root.join("docs/reference.md"), super::manual(&docs)));
    for (path, text) in files {
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == text, "{} is stale: run `make docs`", path.display());
    }
}
