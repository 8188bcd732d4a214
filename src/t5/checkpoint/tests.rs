use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch_save").join(name)
}

/// A folder with the fixture's configuration, and its files by other names.
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

/// The same names and, bit for bit, the same numbers.
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
    // The last type of the script's is that of its shards.
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
    assert!(error(folder.path()).contains("pytorch_model.bin: neither form of torch.save"));
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
        format!("{path}/pytorch_model.bin: pickle, byte 2: it wants to call os.system: refused"),
        format!("T.from_pretrained('{path}').save_pretrained('{path}', safe_serialization=True)\""),
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
        let found = checkpoint.stacked(&names, &gain, kind).unwrap();
        let parts = names.map(|name| (checkpoint.get(&name).unwrap() * &gain).to_kind(kind));
        assert!(found.equal(&Tensor::cat(&parts, 0)));
    }
}

#[test]
fn a_head_saved_as_the_table_is_one_tensor_with_it() {
    let pickled = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    assert!(open(pickled.path(), Kind::Float).unwrap().is_one(TABLE, HEAD));
    let safe = folder(&[("f32.safetensors", "model.safetensors")]);
    assert!(!open(safe.path(), Kind::Float).unwrap().is_one(TABLE, HEAD));
}

/// Bytes that several names share would make a model far larger than its file.
#[test]
fn a_model_larger_than_its_file_is_refused() {
    let folder = folder(&[("zip.f32.bin", "pytorch_model.bin")]);
    let mut checkpoint = open(folder.path(), Kind::Float).unwrap();
    checkpoint.files[0] = WeightFile::held("small", &[0; 64]);
    assert!(checkpoint.check().unwrap_err().to_string().contains("the same bytes"));
}
