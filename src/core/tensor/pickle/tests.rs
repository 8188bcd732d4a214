use super::*;
use std::path::Path;

/// Integers among the weights.
const UNUSED: &str = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/torch_save");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(file: &[u8]) -> Result<Vec<(String, Stored)>> {
    let wanted = ["shared.weight", "lm_head.weight", "steps", UNUSED];
    Ok(state_dict(file, |name| wanted.contains(&name))?.tensors)
}

#[track_caller]
fn refused(pickle: &[u8], text: &str) {
    let file = [b"\x80\x02", pickle].concat();
    let e = read(&file).expect_err("refused").to_string();
    assert!(e.contains(text), "no '{text}' in {e}");
}

/// A file of the older format with `object`, and one storage '0' of eight floats.
fn legacy(object: &[u8]) -> Vec<u8> {
    let file = fixture("legacy.f32.bin");
    let mut end = 0;
    for _ in 0..3 {
        end = machine::read(&file, end).unwrap().end;
    }
    let keys = b"\x80\x02]X\x01\0\0\x000a.";
    let storage = [8u64.to_le_bytes().to_vec(), vec![0; 32]].concat();
    [&file[..end], b"\x80\x02", object, keys, &storage].concat()
}

/// Instructions for a tensor in storage '0': `pickled` contains offset, shape and strides.
fn tensor(pickled: &[u8]) -> Vec<u8> {
    let storage = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
                    X\x01\0\0\x000X\x03\0\0\0cpuK\x08NtQ";
    [&storage[..], pickled, b"\x89}tR"].concat()
}

/// A dictionary with one tensor 'steps'.
fn dictionary(pickled: &[u8]) -> Vec<u8> {
    [b"}X\x05\0\0\0steps", &tensor(pickled)[..], b"s."].concat()
}

#[test]
fn what_would_run_something_is_refused_by_name() {
    refused(b"cos\nsystem\nX\x04\0\0\0echo\x85R.", "it tries to call os.system: refused; nothing");
    refused(b"cposix\nsystem\nX\x04\0\0\0echo\x85R.", "posix.system");
    refused(b"c__builtin__\neval\nX\x01\0\0\x001\x85R.", "__builtin__.eval");
    refused(b"\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "builtins.eval");
    refused(b"(S'echo'\nios\nsystem\n.", "instruction 'S'");
    refused(b"(ios\nsystem\n.", "os.system");
    refused(b"(icollections\nOrderedDict\n.", "instruction 'i'");
    refused(b"ccollections\nOrderedDict\n(cos\nsystem\n)Rtp1\n.", "os.system");
    refused(b"ctorch.storage\n_load_from_bytes\nX\0\0\0\0\x85R.", "torch.storage._load_from_bytes");
    refused(b"ccollections\nOrderedDict\n)\x81.", "instruction 0x81");
    refused(b"ctorch\nFloatStorage\nK\x08\x85R.", "Storage(Float) with arguments that");
    refused(b"X\x01\0\0\0a)R.", "not a function");
    refused(b"\x82\x01.", "instruction 0x82");
    refused(b"Pos.system\n.", "instruction 'P'");
}

#[test]
fn sizes_and_depths_that_no_model_has_end_early() {
    refused(b"\x8b\xff\xff\xff\x7f.", "a number of 2147483647 bytes");
    refused(b"\x8b\xff\xff\xff\xff.", "a number of");
    refused(b"X\xff\xff\xff\xff.", "ends too early");
    refused(&[&b"c"[..], &[b'a'; 9999]].concat(), "a name that does not end");
    refused(&b"(".repeat(200_000), "ends too early");
    refused(&b"]".repeat(300_000), "more than 262144 instructions");
    // Nested 200,000 deep, doubled 60 times, and stored at a large memo index: readable, but not a model.
    for pickle in [
        [&b")"[..], &b"\x85".repeat(200_000), b"."].concat(),
        [&b")q\0"[..], &b"h\0h\0\x86q\0".repeat(60), b"."].concat(),
        [&b"]"[..], &b"]q\0h\0a0h\0".repeat(10_000), b"."].concat(),
        b")r\xff\xff\xff\xffj\xff\xff\xff\xff.".to_vec(),
    ] {
        refused(&pickle, "not one of torch.save");
    }
}

#[test]
fn instructions_that_do_not_fit_are_refused() {
    refused(b"h\x07.", "the memo has no object 7");
    refused(b"j\xff\xff\xff\xff.", "the memo has no object 4294967295");
    refused(b"q\0.", "a value is missing");
    refused(b")(\x85.", "a value is missing");
    refused(b"t.", "a mark is missing");
    refused(b"}(Nu.", "a key without a value");
    refused(b")Na.", "not a list");
    refused(b")NNs.", "not a dictionary");
    refused(b"NNb.", "not a dictionary");
    refused(b"NN\x93.", "a function without a name");
    refused(b"NQ.", "not of a storage");
    refused(b"\x80\x09.", "protocol 9");
    refused(b"U\x01\xff.", "not UTF-8");
    refused(b".", "a value is missing");
}

#[test]
fn tensors_that_reach_beyond_their_storage_are_refused() {
    assert_eq!(read(&legacy(&dictionary(b"K\0K\x02K\x04\x86K\x04K\x01\x86"))).unwrap().len(), 1);
    for (pickled, text) in [
        (&b"K\x01K\x02K\x04\x86K\x04K\x01\x86"[..], "beyond the end of the data"),
        (b"K\0K\x02K\x04\x86K\x05K\x01\x86", "beyond the end of the data"),
        (b"K\0\x8a\x08\0\0\0\0\0\0\0\x10\x85K\0\x85", "beyond the end of the data"),
        (
            b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01\x85K\x01\x85",
            "beyond the end of the data",
        ),
        (b"K\0K\x02\x85\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85", "beyond the end of the data"),
        (b"J\xff\xff\xff\xffK\x01\x85K\x01\x85", "a size of -1"),
        (b"K\0N\x85K\x01\x85", "not a number"),
        (b"K\0NK\x01\x85", "without a shape"),
        (b"K\0K\x01\x85)", "different numbers of strides and dimensions"),
    ] {
        let e = read(&legacy(&dictionary(pickled))).unwrap_err().to_string();
        assert!(e.contains(text), "no '{text}' in {e}");
    }
    let eleven = [&b"K\0("[..], &b"K\x01".repeat(11), b"t(", &b"K\x01".repeat(11), b"t"].concat();
    let e = read(&legacy(&dictionary(&eleven))).unwrap_err().to_string();
    assert!(e.contains("without a shape"), "{e}");
}

/// A name of a hundred thousand letters, used for a tensor a hundred thousand times.
#[test]
fn names_are_not_multiplied() {
    let name = [&b"X\xa0\x86\x01\0"[..], &[b'a'; 100_000]].concat();
    let own = tensor(b"K\0K\x02K\x04\x86K\x04K\x01\x86");
    let object =
        [&name[..], b"q\0", &own, b"q\x01}(", &b"h\0h\x01".repeat(100_000), b"u."].concat();
    assert!(read(&legacy(&object)).unwrap().is_empty());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for name in ["zip.f32.bin", "legacy.f32.bin"] {
        let file = fixture(name);
        assert_eq!(read(&file).unwrap().len(), 3);
        for end in 0..file.len() {
            assert!(read(&file[..end]).is_err(), "{name} cut to {end} bytes");
        }
    }
}

#[test]
fn big_endian_files_are_refused() {
    let replace = |file: Vec<u8>, from: &[u8], to: &[u8]| {
        let at = file.windows(from.len()).position(|window| window == from).unwrap();
        [&file[..at], to, &file[at + from.len()..]].concat()
    };
    let old =
        replace(fixture("legacy.f32.bin"), b"little_endianq\x02\x88", b"little_endianq\x02\x89");
    let mut new = fixture("zip.f32.bin");
    while let Some(at) = new.windows(6).position(|window| window == b"little") {
        new[at..at + 6].copy_from_slice(b"bigbig");
    }
    assert!(read(&old).unwrap_err().to_string().contains("big-endian"));
    assert!(read(&new).unwrap_err().to_string().contains("big-endian"));
}

#[test]
fn tensors_that_nobody_names_are_found_too() {
    let names = |file: &[u8]| -> Vec<String> {
        all(file).unwrap().tensors.into_iter().map(|(name, _)| name).collect()
    };
    let one = tensor(b"K\x00K\x02K\x03\x86K\x03K\x01\x86");
    assert_eq!(names(&legacy(&[&one[..], b"."].concat())), [""]);
    let inner = [b"}X\x05\0\0\0inner", &dictionary(b"K\x00K\x02\x85K\x01\x85")[..]].concat();
    let inner = [&inner[..inner.len() - 1], b"s."].concat();
    assert_eq!(names(&legacy(&inner)), ["inner.steps"]);
    let list = [b"(", &one[..], b"K\x07l."].concat();
    assert!(all(&legacy(&list)).is_err(), "an instruction that lists are not saved with");
    let pair = [&one[..], &one[..], b"\x86."].concat();
    assert_eq!(names(&legacy(&pair)), ["0", "1"]);
    // Entries that are not tensors are named.
    let steps = dictionary(b"K\x00K\x02\x85K\x01\x85");
    let steps = &steps[..steps.len() - 1];
    let others = all(&legacy(&[steps, b"X\x05\0\0\0epochK\x03s."].concat())).unwrap().others;
    assert_eq!((others.list(), others.count), ("'epoch'".to_string(), 1));
    // A dictionary that contains itself terminates.
    let own = [steps, b"q\x63X\x01\0\0\0ah\x63s."].concat();
    assert_eq!(all(&legacy(&own)).unwrap().others.list(), "'a.a.a.a'");
}
