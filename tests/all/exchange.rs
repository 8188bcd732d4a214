//! Prompts of peft and of NumPy against what wrote them: tests/golden/peft.py made the folders and
//! what peft computes with them.

use crate::program::{python, read, root, shared};
use compt_core::backbone::{Backbone, GroupCost};
use compt_core::t5::T5;
use compt_run::exchange::peft::{Export, PeftType, write, write_all};
use compt_run::exchange::{self, Base, Note, Prompt, Prompts};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use tch::{Device, Tensor};

const TYPES: [&str; 3] = ["prompt_tuning", "p_tuning", "multitask"];

fn golden(name: &str) -> PathBuf {
    root().join("tests/golden/peft").join(name)
}

fn tensors(path: &Path) -> HashMap<String, Tensor> {
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// The backbone with a prompt before the input.
fn logits(model: &T5, prompt: &Tensor, golden: &HashMap<String, Tensor>) -> Tensor {
    let (ids, mask) = (&golden["input_ids"], &golden["attention_mask"]);
    let rows = ids.size()[0];
    let prompts = prompt.unsqueeze(0).repeat([rows, 1, 1]);
    let seen = mask.ones_like().slice(1, 0, 1, 1).repeat([1, prompt.size()[0]]);
    let embeds = Tensor::cat(&[&prompts, &model.embed(ids).unwrap()], 1);
    let mask = Tensor::cat(&[&seen, mask], 1);
    let encoded = model.encode_padded(&embeds, Some(&mask), GroupCost::EXACT, 0.0).unwrap();
    let inputs = model.shift_right(&golden["labels"]).unwrap();
    model.decode(&encoded, &inputs, 0.0).unwrap().logits
}

#[test]
fn imported_prompts_compute_what_they_do_in_peft() {
    let model = T5::load(&root().join("tests/golden/t5/flan"), tch::Kind::Float, Device::Cpu);
    let (model, golden_tensors) = (model.unwrap(), tensors(&golden("golden.safetensors")));
    let mut largest = 0f64;
    for name in TYPES {
        for submodules in [1, 2] {
            let folder = format!("{name}_{submodules}");
            let prompts = exchange::load(&golden(&folder)).unwrap();
            let note = &prompts.note;
            assert_eq!(
                (note.placement.as_deref(), note.backbone_name()),
                (Some("prepend"), Some("tiny-t5"))
            );
            for (i, prompt) in prompts.all().unwrap().into_iter().enumerate() {
                assert_eq!((prompt.length(), prompt.d_model()), (4, 16));
                let key = match name {
                    "multitask" => format!("logits.{folder}.{i}"),
                    _ => format!("logits.{folder}"),
                };
                let found = logits(&model, &prompt.value, &golden_tensors);
                let gap = (found - &golden_tensors[&key]).abs().max().double_value(&[]);
                assert!(gap < 1e-4, "{key}: off by {gap}");
                largest = largest.max(gap);
            }
            assert_eq!(prompts.names().len(), if name == "multitask" { 3 } else { 1 });
        }
    }
    println!("largest difference of a logit: {largest:e}");
}

fn same_files(folder: &Path, wanted: &Path, config: impl Fn(String) -> String) {
    let text = |folder: &Path| fs::read_to_string(folder.join("adapter_config.json")).unwrap();
    assert_eq!(config(text(folder)), text(wanted));
}

/// A prompt as peft's own is, for the same backbone.
fn tiny(prompt: Prompt) -> Prompt {
    assert_eq!(prompt.note.backbone.as_ref().unwrap().num_layers, Some(2));
    prompt
}

#[test]
fn exported_folders_are_those_peft_writes() {
    let out = tempfile::tempdir().unwrap();
    for (name, kind) in [("prompt_tuning", PeftType::PromptTuning), ("p_tuning", PeftType::PTuning)]
    {
        let wanted = golden(&format!("{name}_1"));
        let prompt = tiny(exchange::load(&wanted).unwrap().pick(None).unwrap());
        let folder = out.path().join(name);
        write(&folder, &prompt, kind, Export::default()).unwrap();
        same_files(&folder, &wanted, |text| text);
        let bytes = |folder: &Path| fs::read(folder.join("adapter_model.safetensors")).unwrap();
        assert!(bytes(&folder) == bytes(&wanted), "{name}");
    }
    let wanted = golden("multitask_1");
    let prompts = exchange::load(&wanted).unwrap().all().unwrap();
    let folder = out.path().join("multitask");
    write_all(&folder, &prompts, Export::default()).unwrap();
    // As many ranks as rows make every prompt exact.
    same_files(&folder, &wanted, |text| text.replace("\"num_ranks\": 4", "\"num_ranks\": 2"));
    let back = exchange::load(&folder).unwrap().all().unwrap();
    for (a, b) in prompts.iter().zip(&back) {
        assert_eq!((&a.name, &a.value), (&b.name, &b.value));
    }
    let shapes: HashMap<String, Vec<i64>> = tensors(&folder.join("adapter_model.safetensors"))
        .into_iter()
        .map(|(name, tensor)| (name, tensor.size()))
        .collect();
    assert_eq!(shapes["prompt_embeddings"], [4, 16]);
    assert_eq!(shapes["prefix_task_cols"], [3, 4, 4]);
    assert_eq!(shapes["prefix_task_rows"], [3, 4, 16]);
}

/// Tasks, scores and the commit of the backbone go with exported prompts: in the metadata of several, and in a model card.
#[test]
fn exported_folders_say_what_they_are() {
    let note: Note = serde_json::from_value(serde_json::json!({
        "version": 1, "method": "ssum", "placement": "prepend", "tasks": ["rte", "cb"],
        "backbone": { "name": "google/t5-v1_1-base", "revision": "b5fc947" },
        "scores": { "rte": { "accuracy": 81.25 }, "cb": { "accuracy": 90.0, "macro_f1": 88.0 } },
    }))
    .unwrap();
    let named = ["target.rte", "target.cb"]
        .map(|name| (name.to_string(), Tensor::ones([2, 4], (tch::Kind::Float, Device::Cpu))));
    let prompts = Prompts::new("here".into(), note, named.into()).unwrap();
    let all = ["rte", "cb"].map(|task| prompts.get(task).unwrap());
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("all");
    write_all(&folder, &all, Export::default()).unwrap();
    let back = exchange::load(&folder).unwrap();
    assert_eq!(back.tasks(), ["rte", "cb"]);
    assert_eq!(back.note.scores, prompts.note.scores);
    assert_eq!(back.note.method.as_deref(), Some("ssum"));

    let card = fs::read_to_string(folder.join("README.md")).unwrap();
    let head = "---\nbase_model: google/t5-v1_1-base\nlibrary_name: peft\ntags:\n\
                - base_model:adapter:google/t5-v1_1-base\n- compt\n- multitask-prompt-tuning\n---\n";
    assert!(card.starts_with(head), "{card}");
    for row in
        ["| 0 | rte | accuracy 81.2 |", "| 1 | cb | accuracy 90.0, macro_f1 88.0 |", "task_ids="]
    {
        assert!(card.contains(row), "no {row} in {card}");
    }
    // A card that somebody wrote is kept; one of an earlier export is not.
    let over = Export { overwrite: true, ..Export::default() };
    write(&folder, &all[0], PeftType::PromptTuning, over).unwrap();
    assert!(!fs::read_to_string(folder.join("README.md")).unwrap().contains("| 1 |"));
    fs::write(folder.join("README.md"), "mine").unwrap();
    write_all(&folder, &all, over).unwrap();
    assert_eq!(fs::read_to_string(folder.join("README.md")).unwrap(), "mine");
}

/// A folder of peft with another configuration, or without one of its files.
fn changed(change: impl Fn(&mut serde_json::Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        fs::copy(golden("prompt_tuning_1").join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("adapter_config.json");
    let mut config = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(&path, config.to_string()).unwrap();
    folder
}

#[track_caller]
fn refused(path: &Path, file: &str, why: &str) {
    let text = exchange::load(path).err().expect("an error").to_string();
    assert!(text.contains(file) && text.contains(why), "{text}");
}

#[test]
fn what_is_no_prompt_of_peft_is_explained() {
    let config = "adapter_config.json";
    for (key, value, why) in [
        ("peft_type", "LORA".into(), "compt.methods.lora { given = FOLDER }"),
        ("peft_type", "PREFIX_TUNING".into(), "cannot be imported"),
        ("peft_type", "IA3".into(), "unknown peft_type 'IA3'"),
        ("modules_to_save", vec!["lm_head"].into(), "'modules_to_save' is not supported"),
        ("peft_type", "PROMT_TUNING".into(), "did you mean 'PROMPT_TUNING'?"),
        ("peft_type", serde_json::Value::Null, "the key 'peft_type' is missing"),
        ("task_type", "CAUSAL_LM".into(), "not for T5"),
        ("num_virtual_tokens", (-3).into(), "'num_virtual_tokens' must be a whole number"),
        ("num_virtual_tokens", "many".into(), "'num_virtual_tokens' must be a whole number"),
        ("num_transformer_submodules", 3.into(), "a T5 has 1 or 2"),
    ] {
        let folder = changed(|c| c[key] = value.clone());
        refused(folder.path(), config, why);
    }
    let model = "adapter_model.safetensors";
    for (key, value) in
        [("num_virtual_tokens", 5), ("token_dim", 32), ("num_transformer_submodules", 2)]
    {
        let folder = changed(|c| c[key] = value.into());
        refused(
            folder.path(),
            model,
            "'prompt_embeddings' is [4, 16] where adapter_config.json says",
        );
    }
    let folder = changed(|c| c["peft_type"] = "MULTITASK_PROMPT_TUNING".into());
    refused(folder.path(), model, "there is no tensor 'prefix_task_cols'");
    // Keys of other versions are told, not refused.
    let folder = changed(|c| c["of_a_later_version"] = true.into());
    assert!(exchange::load(folder.path()).is_ok());

    let folder = changed(|_| {});
    fs::write(folder.path().join(config), "{").unwrap();
    refused(folder.path(), config, "not a configuration of peft");
    let folder = changed(|_| {});
    let nan = Tensor::full([4, 16], f64::NAN, (tch::Kind::Float, Device::Cpu));
    Tensor::write_safetensors(&[("prompt_embeddings", nan)], folder.path().join(model)).unwrap();
    refused(folder.path(), model, "not all of its numbers are finite");
    fs::remove_file(folder.path().join(model)).unwrap();
    refused(folder.path(), model, "No such file");
    fs::write(folder.path().join("adapter_model.bin"), "").unwrap();
    refused(folder.path(), "adapter_model.bin", "the file is empty");
    std::os::unix::fs::symlink("gone", folder.path().join(model)).unwrap();
    refused(folder.path(), model, "a link to 'gone'");
    refused(&root().join("tests"), "tests", "there are no prompts here");
    refused(&root().join("README.md"), "README.md", "there are no prompts here");
}

/// tests/golden/soft_prompts.py: as ATTEMPT, MPT and others save them.
#[test]
fn prompts_that_torch_saved_are_read() {
    let folder = root().join("tests/golden/soft_prompts");
    let wanted = &tensors(&folder.join("prompt.safetensors"))["prompt"];
    for (file, name) in [
        ("tensor.pt", "tensor"),
        ("parameter.pth", "parameter"),
        ("legacy.pt", "legacy"),
        ("embedding.bin", "weight"),
        ("training.ckpt", "prompts.rte"),
    ] {
        let prompts = exchange::load(&folder.join(file)).unwrap();
        assert_eq!(&prompts.get(name).unwrap().value, wanted, "{file}");
    }
    let two = exchange::load(&folder.join("training.ckpt")).unwrap();
    assert_eq!(two.names(), ["prompts.rte", "prompts.mrpc"]);
    refused(&folder.join("module.pt"), "module.pt", "torch.load(");
    let adapter = exchange::load(&folder.join("adapter")).unwrap();
    let plain = exchange::load(&golden("prompt_tuning_1")).unwrap();
    assert_eq!(adapter.pick(None).unwrap().value, plain.pick(None).unwrap().value);
}

#[test]
fn a_file_without_a_note_is_read_and_one_of_a_model_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.safetensors");
    let ones = |size: &[i64]| Tensor::ones(size, (tch::Kind::Half, Device::Cpu));
    Tensor::write_safetensors(&[("mine", ones(&[3, 8]))], &path).unwrap();
    let prompts = exchange::load(&path).unwrap();
    assert_eq!((prompts.names(), &prompts.note), (vec!["mine".to_string()], &Note::default()));
    assert_eq!(prompts.get("mine").unwrap().value.kind(), tch::Kind::Float);
    let base = |d| Base { name: "b".into(), d_model: Some(d), ..Base::default() };
    assert!(prompts.check_fit(&base(8), false).is_ok());
    let text = prompts.check_fit(&base(16), true).unwrap_err().to_string();
    assert!(text.contains("the prompt 'mine' is 8 wide, the backbone 'b' 16"), "{text}");
    Tensor::write_safetensors(&[("norm.weight", ones(&[8]))], &path).unwrap();
    refused(&path, "mine.safetensors", "'norm.weight': a prompt has rows and a width");
    Tensor::write_safetensors(&[("router.logits", ones(&[3, 2]))], &path).unwrap();
    refused(&path, "mine.safetensors", "there is no prompt in it");
}

#[test]
fn names_of_files_and_tasks_are_kept() {
    let named = ["target.b", "source.0", "private.b", "target.a"]
        .map(|name| (name.to_string(), Tensor::ones([2, 2], (tch::Kind::Float, Device::Cpu))));
    let prompts = Prompts::new("here".into(), Note::default(), named.into()).unwrap();
    assert_eq!(prompts.names(), ["b", "a", "source.0", "private.b"]);
    assert_eq!(prompts.tasks(), ["b", "a"]);
    assert_eq!(prompts.get("target.a").unwrap().name, "a");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.safetensors");
    exchange::save(&path, &prompts.all().unwrap()).unwrap();
    let names = exchange::load(&path).unwrap().names();
    assert_eq!(names, ["a", "b", "private.b", "source.0"]);
}

/// Source prompts published for T5 v1.1 base, as far as they are at hand.
#[test]
fn published_prompts_are_read() {
    let Some(folder) = shared("data/source_prompts") else { return };
    for task in ["mrpc", "rte", "sst2"] {
        let prompts = exchange::load(&folder.join(format!("t5_1_1_lm100k_base.{task}.npy")));
        let prompt = prompts.unwrap().pick(None).unwrap();
        assert_eq!((prompt.length(), prompt.d_model()), (100, 768));
        let [low, mean, high] = exchange::compare::row_norms(&prompt).unwrap();
        println!("{}: row norms {low:.1} .. {mean:.1} .. {high:.1}", prompt.name);
        assert!(low > 0.1 && high < 1e4);
    }
}

/// The folders of this build are to peft what they are to compt, and peft's to compt.
#[test]
fn peft_computes_what_compt_does() {
    let Some(mut python) = python("peft") else { return };
    python.arg(root().join("scripts/check_peft.py")).arg(env!("CARGO_BIN_EXE_compt"));
    let (code, out, err) = read(python.env("HF_HUB_OFFLINE", "1").output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("MULTITASK") && out.contains("THEIRS"), "{out}");
}
