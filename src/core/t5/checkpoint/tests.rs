use super::*;
use crate::t5::parameters::TABLE;
use std::path::PathBuf;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/torch_save").join(name)
}

/// A folder with the fixture's configuration, and its files under other names.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in files.iter().chain(&[("config.json", "config.json")]) {
        std::fs::copy(fixture(from), folder.path().join(to)).unwrap();
    }
    folder
}

fn open(folder: &Path, kind: Kind) -> Result<Checkpoint<'static>> {
    Checkpoint::open(folder, kind, Device::Cpu)
}

fn error(folder: &Path) -> String {
    open(folder, Kind::Float).err().expect("refused").to_string()
}

/// The same names and bitwise equal values.
#[track_caller]
fn assert_same(found: &Checkpoint, wanted: &Checkpoint) {
    assert!(found.tensors.keys().eq(wanted.tensors.keys()));
    assert!(!found.tensors.is_empty());
    for name in found.tensors.keys() {
        let (found, wanted) = (found.get(name).unwrap(), wanted.get(name).unwrap());
        assert_eq!(found.kind(), wanted.kind());
        assert!(found.equal(&wanted), "{name}");
    }
}

#[test]
fn pickles_hold_what_safetensors_hold() {
    for float in ["f32", "f16", "bf16"] {
        let safe = folder(&[(&format!("{float}.safetensors"), "model.safetensors")]);
        for form in ["zip", "legacy"] {
            let pickled = folder(&[(&format!("{form}.{float}.bin"), "pytorch_model.bin")]);
            for kind in [Kind::Float, Kind::BFloat16, Kind::Double] {
                let wanted = open(safe.path(), kind).unwrap();
                assert_same(&open(pickled.path(), kind).unwrap(), &wanted);
            }
        }
    }
    let large = folder(&[("zip64.f32.bin", "pytorch_model.bin")]);
    let usual = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    assert_same(
        &open(large.path(), Kind::Float).unwrap(),
        &open(usual.path(), Kind::Float).unwrap(),
    );
    let shards = open(&fixture("sharded"), Kind::BFloat16);
    // The last dtype of the script is that of its shards.
    let of_shards = folder(&[("bf16.safetensors", "model.safetensors")]);
    assert_same(&shards.unwrap(), &open(of_shards.path(), Kind::BFloat16).unwrap());
}

#[test]
fn safetensors_come_before_pickles_and_files_before_indices() {
    let folder = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    let index = folder.path().join("pytorch_model.bin.index.json");
    std::fs::write(&index, "nonsense").unwrap();
    open(folder.path(), Kind::Float).unwrap();
    let safe = folder.path().join("model.safetensors");
    std::fs::copy(fixture("f32.safetensors"), &safe).unwrap();
    std::fs::write(folder.path().join("pytorch_model.bin"), "nonsense").unwrap();
    open(folder.path(), Kind::Float).unwrap();
    std::fs::remove_file(safe).unwrap();
    assert!(error(folder.path()).contains("pytorch_model.bin: not a file of torch.save"));
    std::fs::remove_file(folder.path().join("pytorch_model.bin")).unwrap();
    assert!(error(folder.path()).contains("index.json: not a shard index"));
    std::fs::remove_file(index).unwrap();
    assert!(error(folder.path()).contains("no model.safetensors"));
}

#[test]
fn a_pickle_that_is_refused_comes_with_the_command_that_converts_it() {
    let folder = folder(&[]);
    let pickle = b"\x80\x02cos\nsystem\nX\x04\0\0\0echo\x85R.";
    std::fs::write(folder.path().join("pytorch_model.bin"), pickle).unwrap();
    let e = error(folder.path());
    let path = folder.path().display();
    for text in [
        format!("{path}/pytorch_model.bin: pickle, byte 2: it tries to call os.system: refused"),
        format!("T.from_pretrained('{path}').save_pretrained('{path}-safetensors')\""),
    ] {
        assert!(e.contains(&text), "no '{text}' in {e}");
    }
}

#[test]
fn a_missing_or_misshapen_parameter_is_named() {
    let folder = folder(&[("f32.safetensors", "model.safetensors")]);
    let config = folder.path().join("config.json");
    let text = std::fs::read_to_string(fixture("config.json")).unwrap();
    std::fs::write(&config, text.replace("\"num_layers\": 1", "\"num_layers\": 2")).unwrap();
    assert!(error(folder.path()).contains("no 'encoder.block.1.layer.0.SelfAttention.q.weight'"));
    std::fs::write(&config, text.replace("\"d_model\": 8", "\"d_model\": 4")).unwrap();
    let e = error(folder.path());
    assert!(e.contains("'shared.weight' has shape [20, 8]") && e.contains("[20, 4]"), "{e}");
}

#[test]
fn folded_matrices_are_those_of_plain_arithmetic() {
    let folder = folder(&[("f32.safetensors", "model.safetensors")]);
    for kind in [Kind::Float, Kind::BFloat16] {
        let checkpoint = open(folder.path(), kind).unwrap();
        let at = "decoder.block.0.layer.0";
        let gain = checkpoint.get(&format!("{at}.layer_norm.weight")).unwrap().to_kind(Kind::Float);
        let names = ["q", "k", "v"].map(|part| format!("{at}.SelfAttention.{part}.weight"));
        let found = checkpoint.stacked(&names, Some(&gain), kind).unwrap();
        let parts = names.map(|name| (checkpoint.get(&name).unwrap() * &gain).to_kind(kind));
        assert!(found.equal(&Tensor::cat(&parts, 0)));
    }
}

#[test]
fn a_head_saved_as_the_table_is_one_tensor_with_it() {
    let pickled = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    assert!(!open(pickled.path(), Kind::Float).unwrap().config.own_head);
    let safe = folder(&[("f32.safetensors", "model.safetensors")]);
    let table = &open(safe.path(), Kind::Float).unwrap().tensors[TABLE].1;
    assert_eq!(table.shape(), [20, 8]);
}

/// The fixture's weights without duplicates of the table, under changed names.
fn renamed(change: impl Fn(&str, Tensor) -> Vec<(String, Tensor)>) -> TempDir {
    let folder = folder(&[]);
    let tensors = Tensor::read_safetensors(fixture("f32.safetensors")).unwrap();
    let others = [tied::TABLES[1], tied::TABLES[2], HEAD, UNUSED];
    let changed: Vec<(String, Tensor)> = tensors
        .into_iter()
        .filter(|(name, _)| !others.contains(&name.as_str()))
        .flat_map(|(name, tensor)| change(&name, tensor))
        .collect();
    Tensor::write_safetensors(&changed, folder.path().join("model.safetensors")).unwrap();
    folder
}

fn same(name: &str, tensor: Tensor) -> Vec<(String, Tensor)> {
    vec![(name.to_string(), tensor)]
}

/// The table and the head of a folder.
fn table_and_head(folder: &Path) -> (Tensor, Option<Tensor>) {
    let checkpoint = open(folder, Kind::Float).unwrap();
    let head = checkpoint.config.own_head.then(|| checkpoint.get(HEAD).unwrap());
    (checkpoint.get(TABLE).unwrap(), head)
}

#[test]
fn the_table_is_found_under_any_of_its_names() {
    let (table, _) = table_and_head(renamed(same).path());
    // The head alone is also the table.
    for name in [tied::TABLES[1], tied::TABLES[2], HEAD] {
        let folder = renamed(|old, t| same(if old == TABLE { name } else { old }, t));
        let (found, head) = table_and_head(folder.path());
        assert!(found.equal(&table) && head.is_none(), "{name}");
        let notes = open(folder.path(), Kind::Float).unwrap().config.notes;
        assert!(notes[0].contains("there is no 'lm_head.weight'"), "{notes:?}");
    }
}

#[test]
fn a_head_is_one_of_its_own_where_its_numbers_are_others() {
    let with_head = |head: &dyn Fn(&Tensor) -> Tensor| {
        renamed(|old, t| match old {
            TABLE => vec![(TABLE.to_string(), t.copy()), (HEAD.to_string(), head(&t))],
            old => same(old, t),
        })
    };
    let own = |folder: &TempDir| open(folder.path(), Kind::Float).unwrap().config.own_head;
    assert!(!own(&with_head(&|t| t.copy())));
    assert!(own(&with_head(&|t| t + 1e-6)));
    // Tensors of different dtypes are compared as numbers.
    assert!(!own(&with_head(&|t| t.to_kind(Kind::Double))));
    let folder = with_head(&|t| t + 1.0);
    // As transformers 4 saves a tied one.
    let text = std::fs::read_to_string(fixture("config.json")).unwrap();
    let mut config: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).unwrap();
    config.insert("tie_word_embeddings".into(), true.into());
    ["scale_decoder_outputs", "transformers_version"]
        .iter()
        .for_each(|key| drop(config.remove(*key)));
    let plain = serde_json::Value::Object(config).to_string();
    std::fs::write(folder.path().join("config.json"), plain).unwrap();
    let notes = open(folder.path(), Kind::Float).unwrap().config.notes;
    assert!(notes[0].contains("'lm_head.weight' is not the embedding table"), "{notes:?}");
}

#[test]
fn what_the_configuration_does_not_call_for_is_refused() {
    for (extra, shown) in [
        ("encoder.block.0.layer.0.SelfAttention.q.bias", "q.bias"),
        ("encoder.block.7.layer.0.SelfAttention.q.weight", "block.7"),
        ("encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight", "block.1"),
        ("encoder.block.0.layer.0.SelfAttention.q.lora_A.default.weight", "lora_A"),
        ("qa_outputs.weight", "qa_outputs"),
    ] {
        let folder = renamed(|old, t| match old {
            TABLE => vec![(TABLE.to_string(), t.copy()), (extra.to_string(), t)],
            old => same(old, t),
        });
        let e = error(folder.path());
        assert!(e.contains("does not require") && e.contains(shown), "{e}");
    }
    let tables = renamed(|old, t| match old {
        TABLE => {
            vec![(TABLE.to_string(), t.copy()), ("decoder.embed_tokens.weight".into(), t + 1.0)]
        }
        old => same(old, t),
    });
    let e = error(tables.path());
    assert!(e.contains("'decoder.embed_tokens.weight' differs from 'shared.weight'"), "{e}");
    // Also skipped by transformers.
    let unused = renamed(|old, t| match old {
        TABLE => vec![(TABLE.to_string(), t.copy()), (UNUSED.to_string(), t)],
        old => same(old, t),
    });
    open(unused.path(), Kind::Float).unwrap();
}

#[test]
fn what_stands_in_place_of_weights_is_named() {
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("tf_model.h5"), "x").unwrap();
    assert!(error(folder.path()).contains("there is tf_model.h5"));
    std::fs::write(at("model.safetensors"), "").unwrap();
    assert!(error(folder.path()).contains("model.safetensors: the file is empty"));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    std::fs::write(at("model.safetensors"), pointer).unwrap();
    assert!(error(folder.path()).contains("model.safetensors: a pointer of git-lfs"));
    std::fs::remove_file(at("model.safetensors")).unwrap();
    std::os::unix::fs::symlink("../blobs/77", at("model.safetensors")).unwrap();
    assert!(error(folder.path()).contains("a link to '../blobs/77', which does not exist"));
    std::fs::remove_file(at("model.safetensors")).unwrap();
    let index = r#"{"weight_map": {"shared.weight": "model-00001-of-00002.safetensors"}}"#;
    std::fs::write(at("model.safetensors.index.json"), index).unwrap();
    assert!(
        error(folder.path()).contains("the shard 'model-00001-of-00002.safetensors' is missing")
    );
}

#[test]
fn a_tensor_of_two_shards_is_refused() {
    let folder = folder(&[
        ("f32.safetensors", "model-00001-of-00002.safetensors"),
        ("f32.safetensors", "model-00002-of-00002.safetensors"),
    ]);
    let index = r#"{"weight_map": {"a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors"}}"#;
    std::fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let e = error(folder.path());
    assert!(e.contains("is in this file and in"), "{e}");
}

/// Bytes shared by several names would make a model far larger than its file.
#[test]
fn a_model_larger_than_its_file_is_refused() {
    let folder = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    let mut checkpoint = open(folder.path(), Kind::Float).unwrap();
    checkpoint.files[0] = WeightFile::held("small", &[0; 64]);
    assert!(checkpoint.check().unwrap_err().to_string().contains("the same bytes"));
}
