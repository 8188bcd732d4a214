//! Files of prompts with bytes changed, cut or added: an error that names the file, never a panic
//! or a memory the file does not account for. COMPT_FUZZ is how many of each kind (150).

use crate::program::{alone, root};
use compt_run::exchange;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use tch::{Device, Kind, Tensor};

/// The largest piece of memory asked for.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Watched;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The files are some kilobytes.
const MOST: usize = 4 << 20;

/// What headers are made of, to put somewhere else.
const PIECES: [&str; 16] = [
    "9999999999999999999",
    "-1",
    "0",
    "1e999",
    "null",
    "[",
    "{",
    "\"",
    "'",
    "(4, 4, 4)",
    "<f8",
    ">f4",
    "|O",
    "True",
    "18446744073709551615",
    "\u{fffd}",
];

fn damage(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    // Headers first: that is where lengths are.
    let reach = if rng.random_bool(0.7) { bytes.len().min(300) } else { bytes.len() };
    for _ in 0..rng.random_range(1..5) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.random_range(0..reach.min(bytes.len()).max(1));
        match rng.random_range(0..6) {
            0 => bytes[at] = rng.random(),
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes.truncate(at),
            3 => {
                let piece = PIECES[rng.random_range(0..PIECES.len())].as_bytes();
                bytes.splice(at..at, piece.iter().copied());
            }
            4 => {
                let piece = PIECES[rng.random_range(0..PIECES.len())].as_bytes();
                let end = (at + piece.len()).min(bytes.len());
                bytes[at..end].copy_from_slice(&piece[..end - at]);
            }
            _ => {
                let end = (at + rng.random_range(1..40usize)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

/// Damages a file again and again and reads what it belongs to. Gives how many were refused.
fn endure(load: &Path, file: &Path, seed: u64) -> (usize, usize) {
    let count = std::env::var("COMPT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let (whole, name) = (fs::read(file).unwrap(), file.file_name().unwrap().to_str().unwrap());
    assert!(exchange::load(load).is_ok());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut refused = 0;
    for i in 0..count {
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut rng);
        fs::write(file, &bytes).unwrap();
        LARGEST.store(0, Ordering::Relaxed);
        let found = exchange::load(load);
        let largest = LARGEST.load(Ordering::Relaxed);
        assert!(largest < MOST, "{name}, damage {i}: {largest} bytes at once");
        if let Err(e) = found {
            let text = e.to_string();
            // What one file says may be wrong in the light of the other.
            assert!(
                text.contains(name) || text.contains("adapter_model.safetensors"),
                "{i}: {text}"
            );
            assert!(text.len() < 1500, "{text}");
            refused += 1;
        }
    }
    println!("{name}: {refused} of {count} refused");
    (refused, count)
}

fn copy(from: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_path_buf();
    for entry in fs::read_dir(root().join("tests/golden/peft").join(from)).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    (folder, to)
}

#[test]
fn damaged_files_are_refused_and_nothing_breaks() {
    alone(|| {
        for (seed, from) in ["prompt_tuning_1", "p_tuning_2", "multitask_2"].into_iter().enumerate()
        {
            for file in ["adapter_config.json", "adapter_model.safetensors"] {
                let (_kept, folder) = copy(from);
                let (refused, count) = endure(&folder, &folder.join(file), seed as u64);
                assert!(refused * 10 > count, "{from}/{file}: {refused}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.safetensors");
        let (_kept, from) = copy("multitask_1");
        exchange::save(&own, &exchange::load(&from).unwrap().all().unwrap()).unwrap();
        let (refused, count) = endure(&own, &own, 7);
        assert!(refused * 10 > count * 3, "{refused}");

        let npy = folder.path().join("own.npy");
        let value = Tensor::randn([5, 8], (Kind::Float, Device::Cpu));
        value.write_npy(&npy).unwrap();
        let (refused, count) = endure(&npy, &npy, 8);
        assert!(refused * 10 > count * 3, "{refused}");
    });
}
