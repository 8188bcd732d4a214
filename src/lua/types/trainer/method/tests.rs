//! A declared method is equal whether Lua or Rust builds it.

use crate::Runtime;
use crate::control::TableControl;
use crate::torch::LuaTensor;
use crate::types::backbone_named;
use compt_core::nn::Named;
use compt_core::train::control::{Control, Setting};
use compt_core::train::declared::Declared;
use mlua::{Function, LuaSerdeExt, Table};
use serde_json::{Value, json};
use tch::Device;

fn declared(method: &Value) -> Declared {
    Declared::read(method.as_object().unwrap()).unwrap()
}

fn runtime() -> Runtime {
    let runtime = Runtime::new().unwrap();
    runtime.open_globals().unwrap();
    runtime
}

/// The parameters of a trainer of `compt.methods.<call>`, with seed 5.
fn through_lua(runtime: &Runtime, call: &str) -> Named {
    let code = format!(
        "local tasks = compt.tasks('micro', {{ shots = 2, tasks = {{ 'nli2', 'sentiment' }}, max_test = 2 }})
         return compt.trainer {{ backbone = compt.backbone('micro', {{ device = 'cpu' }}), tasks = tasks,
           method = compt.methods.{call}, steps = 1, seed = 5, progress = false }}:parameters()"
    );
    let rows: Vec<Table> = runtime.lua().load(code).eval().unwrap();
    let parameter = |row: &Table| {
        let value: LuaTensor = row.get("value").unwrap();
        (row.get("name").unwrap(), value.get().unwrap())
    };
    rows.iter().map(parameter).collect()
}

/// The same from plain data, without Lua.
fn through_rust(method: &Value) -> Named {
    let backbone = backbone_named("micro", "auto", Device::Cpu, false).unwrap();
    let tasks = ["nli2".to_string(), "sentiment".into()];
    tch::manual_seed(5);
    let composition = declared(method).build(&tasks, &backbone, None).unwrap();
    composition.groups(0.01).into_iter().flat_map(|group| group.parameters).collect()
}

#[test]
fn plain_data_gives_the_prompts_that_lua_gives() {
    let runtime = runtime();
    for (call, method, parts) in [
        (
            "ssum { sources = 2, length = 4, router = { bound = 0.5 } }",
            json!({ "name": "ssum", "compose": "sum", "sources": 2, "length": 4,
                "router": { "bound": 0.5 }, "encoder": "mlp", "init": "uniform" }),
            ["router.logits", "source.1.encoder.w2", "private.sentiment.embedding"],
        ),
        (
            "pt { length = 3, encoder = 'lstm', init = 'vocabulary' }",
            json!({ "name": "pt", "compose": "private", "length": 3, "alone": true,
                "encoder": "lstm", "init": "vocabulary" }),
            ["private.nli2.encoder.w1", "private.nli2.embedding", "private.sentiment.embedding"],
        ),
    ] {
        // Parallel tests use the same generator: a draw in between invalidates an attempt.
        let tries = (0..10).map(|_| (through_lua(&runtime, call), through_rust(&method)));
        let mut same = false;
        for (lua, rust) in tries {
            let names = |named: &Named| {
                let shape = |(name, t): &(String, tch::Tensor)| (name.clone(), t.size());
                named.iter().map(shape).collect::<Vec<_>>()
            };
            assert_eq!(names(&lua), names(&rust), "{call}");
            for part in parts {
                assert!(lua.iter().any(|(name, _)| name == part), "{call}: no {part}");
            }
            same = lua.iter().zip(&rust).all(|((_, a), (_, b))| a == b);
            if same {
                break;
            }
        }
        assert!(same, "{call}: other values");
    }
}

#[test]
fn the_control_of_a_method_is_the_same_to_the_last_bit() {
    let runtime = runtime();
    let lua = runtime.lua();
    let make: Function = lua.load("return require 'compt.methods.control'").eval().unwrap();
    let groups = ["router", "source", "private", "operator"].map(String::from);
    for (warmup, temperature, top_k) in [
        (0.2, json!([5, 0.001]), json!(2)),
        (0.0, json!(null), json!(null)),
        (1.0, json!([1.5, 0.3]), json!(1)),
        (0.333, json!([0.1, 7]), json!(null)),
    ] {
        let method = json!({ "compose": "sum", "sources": 2, "warmup": warmup, "top_k": top_k,
            "temperature": temperature, "lr": { "router": 0.1, "source": 0.05, "private": 1 } });
        let mut method: serde_json::Map<_, _> = method.as_object().unwrap().clone();
        method.retain(|_, value| !value.is_null());
        let mut rust = declared(&method.clone().into()).control(&groups);
        let table: Table = make
            .call((lua.to_value(&method).unwrap(), groups.to_vec(), lua.create_table().unwrap()))
            .unwrap();
        for total_steps in [1, 2, 3, 7, 64, 333, 1000] {
            let setting = Setting { total_steps, groups: groups.to_vec(), ..Setting::default() };
            let mut own = TableControl::new(lua, &table, std::slice::from_ref(&setting)).unwrap();
            for step in 1..=total_steps {
                let view = setting.view(step);
                let (lua, rust) = (own.knobs(&view).unwrap(), rust.knobs(&view).unwrap());
                assert_eq!(lua, rust, "step {step} of {total_steps}, warm-up {warmup}");
                assert!(
                    rust.rate("operator") == rust.rate("private") && rust.rate("router").is_some()
                );
            }
        }
    }
}

#[test]
fn what_is_no_plain_data_is_read_by_the_binding() {
    let runtime = runtime();
    let code = "local torch = require 'compt.torch'
        local value = torch.ones(3, 128) * 0.25
        local function trainer(changes)
          local method = compt.methods.ssum { sources = 2, length = 3, encoder = 'none', init = { kind = 'given', value = value } }
          for key, change in pairs(changes or {}) do method[key] = change end
          return compt.trainer { backbone = compt.backbone('micro', { device = 'cpu' }),
            tasks = compt.tasks('micro', { shots = 2, tasks = { 'nli2' }, max_test = 2 }),
            method = method, steps = 1, progress = false }
        end
        local function first(t) return t.bank:source(1):detach():tolist()[1][1] end
        assert(first(trainer()) == 0.25)
        local own = trainer { compose = function(private, sources, weights) return private end, settings = { f = print } }
        assert(first(own) == 0.25)
        local ok, message = pcall(trainer, { router = { bound = print } })
        assert(not ok)
        return tostring(message)";
    let text: String = runtime.lua().load(code).eval().unwrap();
    assert!(text.contains("'router': 'bound': cannot be a function"), "{text}");
}
