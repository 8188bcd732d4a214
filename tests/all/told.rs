//! What training leaves out is told once: gradients that no parameter group uses, parameters that no gradient
//! reaches, rates for no group.

use crate::program::Study;

/// What a script says that trains `BODY`'s method for some steps.
fn said(body: &str) -> String {
    let script = r#"
local compt, torch, small = require "compt", require "compt.torch", require "small"
local function mix(weights, sources) return torch.einsum("bs,smd->bmd", weights, sources) end
local function train(method, more)
  local options = { method = method, steps = 8, batch_size = 6 }
  for key, value in pairs(more or {}) do options[key] = value end
  local t = small.trainer(options)
  t:run()
  return t
end
BODY
"#;
    let study = Study::small(&script.replace("BODY", body));
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    err
}

fn warnings(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("warning: step")).collect()
}

/// The one warning there is, which holds all of `texts`.
fn one_warning(body: &str, texts: &[&str]) {
    let said = said(body);
    let [line] = warnings(&said)[..] else { panic!("not one warning: {said}") };
    texts.iter().for_each(|text| assert!(line.contains(text), "no '{text}' in {line}"));
}

#[test]
fn tensors_that_no_group_holds_are_named_with_the_line_that_made_them() {
    let stray = ["warning: step 1: a tensor [16] made at ", " got a gradient", "not trained"];
    one_warning(
        "local gate = torch.zeros(16, { requires_grad = true })
         train(compt.methods.ssum { length = 3, compose = function(p, s, w) return p * torch.sigmoid(gate) + mix(w, s) end })",
        &[stray[0], "study.lua:11 got", stray[2]],
    );
    one_warning(
        "local gate = torch.zeros(16)
         gate.requires_grad = true
         train(compt.methods.ssum { length = 3, compose = function(p, s, w) return p * torch.sigmoid(gate) + mix(w, s) end })",
        &["a tensor [16] made at study.lua:12 got"],
    );
    // Made anew by every call, and gone after it.
    one_warning(
        "train(compt.methods.ssum { length = 3, compose = function(p, s, w)
           return p * torch.ones(16):requires_grad_() + mix(w, s) end })",
        &stray,
    );
    one_warning(
        "train { name = 'own', lr = { a = 0.1 }, build = function(setup)
           local p, own = setup:parameter('a', 'p', setup:prompt(3)), torch.zeros(16, { requires_grad = true })
           return { give = function(batch) return batch:each(function() return p + own end) end }
         end }",
        &stray,
    );
}

#[test]
fn parameters_of_other_objects_are_named_too() {
    one_warning(
        "local layer = { weight = torch.randn(16, 16, { requires_grad = true }), bias = torch.zeros(16, { requires_grad = true }) }
         train(compt.methods.ssum { length = 3, compose = function(p, s, w)
           return torch.matmul(p, layer.weight) + layer.bias + mix(w, s) end })",
        &["2 tensors ([16, 16], [16]) made at ", "study.lua:11 got", "they belong to no parameter group"],
    );
    one_warning(
        "local other = compt.prompt_bank { tasks = { 'a' }, sources = 1, length = 3, d_model = 16, encoder = 'none' }
         train(compt.methods.ssum { length = 3, compose = function(p, s, w) return p + mix(w, s) + other:source(1) end })",
        &["a tensor source.0.embedding [3, 16] made at ", "study.lua:11 got"],
    );
    one_warning(
        "local by_hand = compt.router.free { tasks = 3, sources = 3 }
         train(compt.methods.ssum { length = 3, router = 'constant', compose = function(p, s)
           return p + mix(by_hand:weights(1):expand(p.shape[1], 3), s) end })",
        &["a tensor router.logits [3, 3] made at ", "study.lua:11 got"],
    );
}

#[test]
fn parameters_that_no_gradient_reaches_are_named() {
    one_warning(
        "train { name = 'own', lr = { a = 0.1 }, build = function(setup)
           local p = setup:parameter('a', 'p', setup:prompt(3))
           setup:parameter('a', 'forgotten', torch.zeros(4))
           return { give = function(batch) return batch:each(function() return p end) end }
         end }",
        &[
            "warning: step 1: no gradient reached a.forgotten of the group 'a' (made at ",
            "study.lua:13)",
            "it is not trained",
        ],
    );
    one_warning(
        "train(compt.methods.ssum { sources = 2, length = 3, encoder = 'none', router = 'constant',
           compose = function(p) return p * 2 end })",
        &[
            "no gradient reached source.0.embedding, source.1.embedding of the group 'source'",
            "they are not trained",
        ],
    );
    one_warning(
        "train(compt.methods.ssum { length = 3, compose = { parameters = { used = 1, unused = 1 },
           compose = function(p, s, w, own) return p * own.used + mix(w, s) end } })",
        &["no gradient reached operator.unused of the group 'operator'"],
    );
    let said = said(
        "train { name = 'own', lr = { a = 0.1, b = 0.1 }, build = function(setup)
           local p, q = setup:parameter('a', 'p', setup:prompt(3)), setup:parameter('b', 'q', setup:prompt(3))
           local function give(batch) return batch:each(function() return p + q end) end
           return { stages = { { name = 'one', train = { 'a' }, give = give } } }
         end }",
    );
    assert!(said.contains("warning: build: no stage trains the parameter group 'b'"), "{said}");
    // In the second of its stages alone.
    one_warning(
        "train({ name = 'own', lr = { a = 0.1, b = 0.1 }, build = function(setup)
           local p, q = setup:parameter('a', 'p', setup:prompt(3)), setup:parameter('b', 'q', setup:prompt(3))
           local function give(batch) return batch:each(function() return p end) end
           return { stages = { { name = 'one', train = { 'a' }, give = give }, { name = 'two', give = give } } }
         end })",
        &["warning: step 5: no gradient reached b.q of the group 'b'"],
    );
}

#[test]
fn what_is_as_it_should_be_is_not_told() {
    // Tasks that are not in the first batch, by their names and by numbers; one after the other; frozen groups.
    for body in [
        "train(compt.methods.ssum { sources = 2, length = 3 }, { batch_size = 1, steps = 30 })",
        "train(compt.methods.mcat { sources = 2, length = 3 }, { control = { top_k = 1 } })",
        "train(compt.methods.pt { length = 3 }, { batch_size = 1 })",
        "train(compt.methods.p_tuning { length = 3 }, {})",
        "train(compt.methods.lora { rank = 1 }, {})",
        "train(compt.methods.adapters {}, {})",
        "train(compt.methods.bitfit {}, {})",
        "train(compt.methods.prefix_tuning { hidden = 4 }, {})",
        "train(compt.methods.dept { rank = 2 }, {})",
        "train(compt.methods.fine_tuning {}, { backbone = compt.backbone('micro', { dtype = 'float32' }), steps = 2 })",
        "train(compt.methods.spot { length = 2, retrieve = 'best' }, { steps = 12 })",
        "train(compt.methods.attempt { length = 2, width = 4 }, { steps = 12 })",
        "train(compt.methods.mpt { length = 2 }, { steps = 12, batch_size = 1 })",
        "train(compt.methods.mp2 { length = 2, rank = 2 }, { steps = 12 })",
        "train(compt.methods.mixed { length = 2, mix = 'linear' }, {})",
        "train(compt.methods.ssum { sources = 2, length = 3 }, { control = { freeze = { source = true } } })",
        "train({ name = 'own', lr = { a = 0.1 }, build = function(setup)
           local of = {}
           for i, task in ipairs(setup.tasks) do of[task] = setup:parameter('a', 'p' .. i, setup:prompt(3)) end
           return { give = function(batch) return batch:each(function(task) return of[task] end) end }
         end }, { batch_size = 1 })",
        // A loop of one's own over tensors of one's own, before and between the steps.
        "local w = torch.zeros(4, { requires_grad = true })
         w:sum():backward()
         local t = small.trainer { steps = 4 }
         t:step()
         w:sum():backward()
         t:step()
         t:run()",
    ] {
        let said = said(body);
        assert!(warnings(&said).is_empty(), "{body}: {said}");
    }
}

#[test]
fn rates_for_groups_that_are_not_there_are_told() {
    let told = |body: &str, wanted: &str| {
        let said = said(body);
        assert_eq!(
            said.matches(" is not for a parameter group of this method").count(),
            1,
            "{said}"
        );
        assert!(said.contains(wanted), "{said}");
    };
    told("train(compt.methods.pt { lr = { source = 0.1 } })", "method 'pt': lr.source is not for");
    told(
        "train(compt.methods.ssum { lr = { operator = 0.1 } })",
        "its groups: router, source, private",
    );
    told(
        "train { name = 'own', lr = { a = 0.1, later = 0.1 }, build = function(setup)
           local p = setup:parameter('a', 'p', setup:prompt(3))
           return { give = function(batch) return batch:each(function() return p end) end }
         end }",
        "method 'own': lr.later is not for",
    );
    assert!(!said("train(compt.methods.pt {})").contains("parameter group of this method"));
}
