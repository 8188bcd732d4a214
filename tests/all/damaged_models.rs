//! Checkpoints with damaged files: each loads, or gives an error that names its place, without a panic
//! and within bounds of memory. COMPT_FUZZ says how many of each format (150; `make figures` takes
//! 10,000), COMPT_FUZZ_SEED where to start.

use crate::program::alone;
use crate::program::damage::{Damage, Read};
use compt_core::t5::T5;
use std::fs;
use std::path::{Path, PathBuf};
use tch::{Device, Kind};

struct Format {
    name: &'static str,
    /// Fixtures, and what they are called in a checkpoint.
    files: &'static [(&'static str, &'static str)],
    damaged: &'static str,
}

const FORMATS: [Format; 6] = [
    Format {
        name: "safetensors",
        files: &[("f32.safetensors", "model.safetensors")],
        damaged: "model.safetensors",
    },
    Format {
        name: "config.json",
        files: &[("bf16.safetensors", "model.safetensors")],
        damaged: "config.json",
    },
    Format {
        name: "pickle, zip",
        files: &[("zip.f32.bin", "pytorch_model.bin")],
        damaged: "pytorch_model.bin",
    },
    Format {
        name: "pickle, zip, bfloat16",
        files: &[("zip.bf16.bin", "pytorch_model.bin")],
        damaged: "pytorch_model.bin",
    },
    Format {
        name: "pickle, before zip",
        files: &[("legacy.f32.bin", "pytorch_model.bin")],
        damaged: "pytorch_model.bin",
    },
    Format {
        name: "index of shards",
        files: &[
            ("sharded/pytorch_model.bin.index.json", "pytorch_model.bin.index.json"),
            ("sharded/pytorch_model-00001-of-00002.bin", "pytorch_model-00001-of-00002.bin"),
            ("sharded/pytorch_model-00002-of-00002.bin", "pytorch_model-00002-of-00002.bin"),
        ],
        damaged: "pytorch_model.bin.index.json",
    },
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch_save").join(name)
}

#[test]
fn damaged_files_are_refused_or_read() {
    alone(|| {
        let mut damage = Damage::new();
        let folder = tempfile::tempdir().unwrap();
        for Format { name: format, files, damaged } in FORMATS {
            let folder = folder.path().join(format);
            fs::create_dir(&folder).unwrap();
            for (from, to) in files.iter().chain(&[("config.json", "config.json")]) {
                fs::copy(fixture(from), folder.join(to)).unwrap();
            }
            T5::load(&folder, Kind::Float, Device::Cpu).unwrap();
            damage.endure(format, &folder.join(damaged), |i| {
                let kind = if i % 2 == 0 { Kind::Float } else { Kind::BFloat16 };
                match T5::load(&folder, kind, Device::Cpu) {
                    Ok(_) => Read::Whole,
                    Err(e) => Read::Refused(e.to_string()),
                }
            });
        }
    });
}
