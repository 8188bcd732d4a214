//! `compt prompts`, as people use it.

use crate::program::{Study, root};

/// A run of three tasks in `runs/ssum`, prompts before the input.
fn trained() -> Study {
    let study = Study::small(
        "local small = require 'small'
         local t = small.trainer { placement = 'prepend', steps = 3 }
         t:run()
         t:evaluate()",
    );
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs/ssum"]);
    assert_eq!(code, 0, "{err}");
    study
}

#[test]
fn prompts_are_listed_compared_merged_and_exchanged() {
    let study = trained();
    let done = |arguments: &[&str]| {
        let (code, out, err) = study.run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}: {out}");
        out
    };
    let list = done(&["prompts", "list", "runs/ssum"]);
    let header: Vec<&str> = list.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header.join(" "), "name rows x width row norm score placement backbone");
    assert_eq!(list.lines().count(), 9, "{list}");
    assert!(list.contains("nli2") && list.contains("3 x 16") && list.contains("prepend"), "{list}");
    let json: serde_json::Value =
        serde_json::from_str(&done(&["prompts", "list", "runs/ssum:nli2", "--json"])).unwrap();
    let entry = &json[0];
    assert_eq!((&entry["name"], &entry["length"]), (&"nli2".into(), &3.into()));
    assert_eq!((&entry["method"], &entry["backbone"]["name"]), (&"ssum".into(), &"random".into()));
    let score = study.json("runs/ssum/result.json")["scores"]["nli2"]["accuracy"].clone();
    assert!(score.is_number() && entry["scores"]["accuracy"] == score && entry["score"] == score);

    let compared = done(&["prompts", "compare", "runs/ssum:nli2", "runs/ssum:sentiment"]);
    assert!(compared.starts_with("cosines\n") && compared.contains("1.000"), "{compared}");
    assert!(compared.contains("runs/ssum:sentiment"), "{compared}");

    let merge =
        ["prompts", "merge", "both.safetensors", "runs/ssum:nli2=0.5", "runs/ssum:sentiment=0.5"];
    assert_eq!(done(&merge), "both.safetensors: both [3, 16]\n");
    done(&["prompts", "export", "both.safetensors", "adapters/both"]);
    let config = study.json("adapters/both/adapter_config.json");
    assert_eq!(config["num_virtual_tokens"], 3);
    done(&["prompts", "import", "adapters/both", "back.safetensors"]);
    let (a, b) = ("both.safetensors", "back.safetensors");
    let compared = done(&["prompts", "compare", a, b]);
    assert_eq!(compared.matches("1.000").count(), 4, "{compared}");
    let all = done(&["prompts", "export", "runs/ssum", "adapters/all"]);
    assert_eq!(all, "adapters/all: 3, task ids in this order: nli2, sentiment, similarity\n");
    let config = study.json("adapters/all/adapter_config.json");
    assert_eq!(config["num_tasks"], 3);

    let refused = |arguments: &[&str], why: &str| {
        let (code, out, err) = study.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(err.starts_with("compt: ") && err.contains(why), "{err}");
    };
    refused(
        &["prompts", "export", "runs/ssum:nli2", "adapters/all"],
        "there is an adapter in this folder",
    );
    done(&["prompts", "export", "runs/ssum:nli2", "adapters/all", "--overwrite"]);
    refused(&["prompts", "list", "runs/ssum:nli"], "did you mean 'nli2'?");
    refused(&["prompts", "list", "runs/other"], "runs/other: no such file or folder");
    refused(&["prompts", "list", "study.lua"], "there are no prompts here");
    refused(&["prompts", "list", "runs"], "there are runs in it: runs/");
    refused(&merge, "the file exists already");
    refused(&["prompts", "import", "adapters/all", "both.safetensors"], "--overwrite");
    refused(&["prompts", "merge", "x.safetensors", "runs/ssum=1"], "specify one: runs/ssum:NAME");
    refused(&["prompts", "merge", "x.safetensors", "runs/ssum:nli2"], "write RUN:NAME=WEIGHT");
    refused(&["prompts", "merge", "x.txt", "runs/ssum:nli2=1"], "must end in .safetensors");
    refused(
        &["prompts", "compare", "runs/ssum", "--backbone", "micro"],
        "is 16 wide, the backbone 128",
    );
}

#[test]
fn words_near_a_prompt_are_shown() {
    let study = Study::new(&[(
        "study.lua",
        "local compt = require 'compt'
         local t = compt.trainer {
           backbone = compt.backbone 'micro', steps = 1, batch_size = 2, progress = false, name = 'pt',
           tasks = compt.tasks('micro', { tasks = { 'nli3' }, shots = 2 }),
           method = compt.methods.pt { length = 1, encoder = 'none', lr = { private = 1e-6 },
             init = { kind = 'text', text = 'dog', rest = 'tile' } },
         }
         t:run()",
    )]);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) =
        study.run(&["prompts", "compare", "runs/pt:nli3", "--backbone", "micro"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("nearest words") && out.contains("▁dog 1.000"), "{out}");
    let (code, _, err) = study.run(&["prompts", "export", "runs/pt:nli3", "adapter"]);
    assert!(
        code == 2 && err.contains("was trained after the input") && err.contains("--force"),
        "{err}"
    );
    assert_eq!(study.run(&["prompts", "export", "runs/pt:nli3", "adapter", "--force"]).0, 0);
    let mixed = ["prompts", "merge", "x.safetensors", "runs/pt:nli3=1", "adapter=1"];
    let (code, _, err) = study.run(&mixed);
    assert!(code == 2 && err.contains("for the placement append"), "{err}");
}

#[test]
fn what_peft_leaves_out_is_told() {
    let study = Study::new(&[]);
    let folder = root().join("tests/golden/peft/prompt_tuning_2");
    let (code, out, err) =
        study.run(&["prompts", "import", folder.to_str().unwrap(), "x.safetensors"]);
    assert_eq!((code, out.as_str()), (0, "x.safetensors: prompt_tuning_2\n"), "{err}");
    assert!(err.contains("the first 4 are used: peft reads only these"), "{err}");
}
