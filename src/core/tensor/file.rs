//! Named tensors in safetensors files.

use crate::files::atomic::write_atomic;
use crate::files::bounded;
use crate::files::source::{hex, sha256};
use crate::{Error, Result};
use compt_error::Context;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::path::Path;
use tch::{Device, Kind, Tensor};

const DTYPES: [(Kind, Dtype); 10] = [
    (Kind::Float, Dtype::F32),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Double, Dtype::F64),
    (Kind::Half, Dtype::F16),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Int16, Dtype::I16),
    (Kind::Int8, Dtype::I8),
    (Kind::Uint8, Dtype::U8),
    (Kind::Bool, Dtype::BOOL),
];

/// Writes tensors with unique names, of any shape, atomically: into a temporary file
/// that is synced and renamed. Errors name the path.
pub fn save(path: &Path, named: &[(String, Tensor)]) -> Result<()> {
    let bytes = serialize(named, None).at(path.display())?;
    write_atomic(path, &bytes)
}

/// Reads every tensor onto the CPU, sorted by name. Errors name the path.
pub fn load(path: &Path) -> Result<Vec<(String, Tensor)>> {
    let bytes = bounded::read(path, u64::MAX - 1)?;
    deserialize(&bytes).at(path.display())
}

/// The metadata key of the SHA-256 of all tensors' bytes.
const SHA256: &str = "sha256";

/// The metadata key of the SHA-256 of the note.
const NOTE_SHA256: &str = "note_sha256";

/// A file with these tensors and, if there is a note, its key and text in the
/// metadata, beside the SHA-256 of the tensors and that of the text. Errors: a tensor with an unsupported dtype.
pub fn serialize(named: &[(String, Tensor)], note: Option<(&str, &str)>) -> Result<Vec<u8>> {
    let raw = raw(named)?;
    let pairs = note.map(|(key, text)| {
        let of_note = sha256(text.as_bytes());
        vec![(key, text.to_string()), (SHA256, sha256_of(&raw)), (NOTE_SHA256, of_note)]
    });
    bytes_of(&raw, pairs)
}

/// A file with these tensors and exactly one metadata entry, for other programs;
/// the bytes are deterministic. Errors: a tensor with an unsupported dtype.
pub fn serialize_labelled(
    named: &[(String, Tensor)],
    labels: Vec<(&str, String)>,
) -> Result<Vec<u8>> {
    bytes_of(&raw(named)?, Some(labels))
}

fn raw(named: &[(String, Tensor)]) -> Result<Vec<Raw<'_>>> {
    let mut raw = Vec::with_capacity(named.len());
    for (name, tensor) in named {
        let kind = tensor.f_kind()?;
        let dtype = DTYPES.iter().find(|d| d.0 == kind).map(|d| d.1);
        let dtype = dtype.ok_or_else(|| Error::new(format!("'{name}' is {kind:?}")))?;
        let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?;
        let mut bytes = vec![0u8; tensor.numel() * kind.elt_size_in_bytes()];
        tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
        let shape: Vec<usize> = tensor.size().into_iter().map(|n| n as usize).collect();
        raw.push((name.as_str(), dtype, shape, bytes));
    }
    Ok(raw)
}

fn bytes_of(raw: &[Raw], header: Option<Vec<(&str, String)>>) -> Result<Vec<u8>> {
    for (i, (name, ..)) in raw.iter().enumerate() {
        if raw[..i].iter().any(|earlier| earlier.0 == *name) {
            return Err(Error::new(format!("two tensors are called '{name}'")));
        }
    }
    let views = raw
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (*name, view))
        })
        .collect::<std::result::Result<Vec<_>, _>>();
    let header =
        header.map(|pairs| pairs.into_iter().map(|(key, text)| (key.to_string(), text)).collect());
    views
        .and_then(|views| safetensors::serialize(views, header))
        .map_err(|e| Error::new(e.to_string()))
}

/// Tensors with their names.
type Tensors = Vec<(String, Tensor)>;
type Raw<'a> = (&'a str, Dtype, Vec<usize>, Vec<u8>);

/// In the order of the names, in which a file lists its tensors.
fn sha256_of(raw: &[Raw]) -> String {
    let mut parts: Vec<(&str, &[u8])> = raw.iter().map(|r| (r.0, &r.3[..])).collect();
    parts.sort_by_key(|part| part.0);
    digest(parts.into_iter())
}

fn digest<'a>(parts: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in parts {
        hash.update(name.as_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

/// The tensors, and the metadata note with this key. If the metadata has the SHA-256 of the tensors,
/// other bytes are an error; so is another note than that of its SHA-256, which older files lack.
pub fn deserialize_with(bytes: &[u8], key: &str) -> Result<(Tensors, Option<String>)> {
    let tensors = deserialize(bytes)?;
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|e| Error::new(format!("no header: {e}")))?;
    let note = |key: &str| header.metadata().as_ref().and_then(|notes| notes.get(key)).cloned();
    if let Some(wanted) = note(SHA256) {
        let file = SafeTensors::deserialize(bytes).map_err(|e| Error::new(e.to_string()))?;
        let mut views: Vec<_> = file.iter().collect();
        views.sort_by_key(|view| view.0);
        if digest(views.iter().map(|(name, view)| (*name, view.data()))) != wanted {
            return Err(Error::new("the tensors differ from those that were written"));
        }
    }
    let text = note(key);
    if let Some(wanted) = note(NOTE_SHA256)
        && text.as_ref().map(|text| sha256(text.as_bytes())) != Some(wanted)
    {
        return Err(Error::new("the state in its header differs from the one that was written"));
    }
    Ok((tensors, text))
}

/// The names and places of 100,000 tensors.
const LONGEST_HEADER: u64 = 16 << 20;

/// The tensors of a file's bytes, sorted by name. Errors: the bytes are damaged, or not safetensors.
pub fn deserialize(bytes: &[u8]) -> Result<Tensors> {
    let damaged = |e: String| Error::new(format!("not a complete safetensors file: {e}"));
    if let Some(length) = bytes.first_chunk().map(|length| u64::from_le_bytes(*length))
        && length > LONGEST_HEADER
    {
        return Err(damaged(format!("a header of {length} bytes is too long")));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|e| damaged(e.to_string()))?;
    let mut named = Vec::with_capacity(file.len());
    for (name, view) in file.iter() {
        let kind = DTYPES.iter().find(|d| d.1 == view.dtype()).map(|d| d.0);
        let kind = kind.ok_or_else(|| Error::new(format!("'{name}' is {:?}", view.dtype())))?;
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        named.push((name.to_string(), Tensor::f_from_data_size(view.data(), &shape, kind)?));
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prompts.safetensors");
        let nan = Tensor::from_slice(&[1f32, f32::NAN, f32::INFINITY]);
        let flags = Tensor::from_slice(&[true, false]);
        let scalar = Tensor::from_slice(&[2.5f64]).f_to_kind(Kind::BFloat16).unwrap();
        let named = [
            ("a".to_string(), nan.f_reshape([3, 1]).unwrap()),
            ("b".to_string(), flags),
            ("c".to_string(), scalar.f_reshape(&[] as &[i64]).unwrap()),
        ];
        save(&path, &named).unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.len(), 3);
        for ((name, tensor), (loaded_name, loaded)) in named.iter().zip(&loaded) {
            assert_eq!(name, loaded_name);
            assert_eq!(tensor.size(), loaded.size());
            assert_eq!(tensor.kind(), loaded.kind());
            let (a, b) =
                (tensor.f_to_kind(Kind::Double).unwrap(), loaded.f_to_kind(Kind::Double).unwrap());
            assert!(a.f_allclose(&b, 0.0, 0.0, true).unwrap());
        }
    }

    #[test]
    fn another_note_or_tensor_than_was_written_is_an_error() {
        let named = [("a".to_string(), Tensor::from_slice(&[1f32, 2.0]))];
        let bytes = serialize(&named, Some(("state", "{\"steps\":257}"))).unwrap();
        assert_eq!(deserialize_with(&bytes, "state").unwrap().1.unwrap(), "{\"steps\":257}");
        let error = |from: &[u8], to: u8| {
            let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
            let mut changed = bytes.clone();
            changed[at + from.len() - 1] = to;
            deserialize_with(&changed, "state").unwrap_err().to_string()
        };
        assert!(error(b":25", b'6').contains("the state in its header differs"));
        assert!(error(&2f32.to_le_bytes(), 0x41).contains("the tensors differ"));
    }

    #[test]
    fn a_truncated_file_is_named_and_a_failed_save_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        save(&path, &[("a".to_string(), Tensor::from_slice(&[1f32, 2.0]))]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let text = load(&path).unwrap_err().to_string();
        assert!(text.contains("t.safetensors: not a complete safetensors file"), "{text}");
        let missing = folder.path().join("no/such/t.safetensors");
        assert!(save(&missing, &[]).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
