//! NumPy's `.npy` files with one prompt: `[m, d]` in float16, float32 or float64.

use super::contents::content;
use crate::{Error, Result};
use compt_error::Context;
use std::path::Path;
use tch::{Kind, Tensor};

const MAGIC: &[u8] = b"\x93NUMPY";
/// A longer header does not describe an array of numbers.
const LONGEST_HEADER: usize = 1 << 16;

/// Reads a prompt as stored, `[m, d]`. Errors name the file.
pub fn read(path: &Path) -> Result<Tensor> {
    let bytes = content(path)?;
    parse(&bytes).at(path.display())
}

fn parse(bytes: &[u8]) -> Result<Tensor> {
    let (header, data) = split(bytes)?;
    let header = std::str::from_utf8(header).map_err(|_| Error::new("its header is not text"))?;
    let kind = kind(quoted(header, "descr")?)?;
    let fortran = match value(header, "fortran_order")? {
        text if text.starts_with("True") => true,
        text if text.starts_with("False") => false,
        _ => return Err(Error::new("its header has an invalid 'fortran_order'")),
    };
    let [rows, width] = shape(value(header, "shape")?)?;
    let size = kind.elt_size_in_bytes();
    let wanted = rows.checked_mul(width).and_then(|n| n.checked_mul(size));
    if wanted != Some(data.len()) {
        return Err(Error::new(format!(
            "its header says {rows} rows of {width} numbers of {size} bytes; {} bytes follow",
            data.len()
        )));
    }
    let (rows, width) = (rows as i64, width as i64);
    match fortran {
        true => {
            let turned = Tensor::f_from_data_size(data, &[width, rows], kind)?;
            Ok(turned.f_transpose(0, 1)?.f_contiguous()?)
        }
        false => Ok(Tensor::f_from_data_size(data, &[rows, width], kind)?),
    }
}

/// The header and the data after it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let cut = || Error::new("not a complete .npy file");
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| Error::new("not a .npy file"))?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (u16::from_le_bytes([*a, *b]) as usize, rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [version @ (0 | 4..=255), ..] => {
            return Err(Error::new(format!("version {version} of .npy files is not known")));
        }
        _ => return Err(cut()),
    };
    if length > LONGEST_HEADER {
        return Err(Error::new(format!("a header of {length} bytes is too long for a prompt")));
    }
    rest.split_at_checked(length).ok_or_else(cut)
}

/// The text after a key in the header, a Python dictionary.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let missing = || Error::new(format!("its header has no '{key}'"));
    let mut quotes = ["'", "\""].into_iter();
    let found = quotes.find_map(|q| header.split_once(&format!("{q}{key}{q}")));
    let rest = found.ok_or_else(missing)?.1.trim_start();
    Ok(rest.strip_prefix(':').ok_or_else(missing)?.trim_start())
}

fn quoted<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let text = value(header, key)?;
    let inner = text.strip_prefix(['\'', '"']).and_then(|text| text.split(['\'', '"']).next());
    // The dtype of structured arrays is a list.
    inner.ok_or_else(|| Error::new("it does not contain plain numbers"))
}

fn kind(descr: &str) -> Result<Kind> {
    match descr {
        "<f2" => Ok(Kind::Half),
        "<f4" => Ok(Kind::Float),
        "<f8" => Ok(Kind::Double),
        _ => {
            let what = match descr {
                big if big.starts_with('>') => "numbers of the other byte order",
                object if object.contains('O') => "Python's objects",
                _ => "no floating point numbers",
            };
            Err(Error::new(format!("it contains {what} ('{descr}')"))
                .hint("write it again in Python: np.save(path, array.astype('<f4'))"))
        }
    }
}

/// `(100, 768), ...`
fn shape(text: &str) -> Result<[usize; 2]> {
    let inner = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let inner = inner.ok_or_else(|| Error::new("its header has no valid shape"))?.0;
    let sizes = inner.split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes: Vec<Option<usize>> = sizes.take(9).map(|size| size.parse().ok()).collect();
    match sizes[..] {
        [Some(rows), Some(width)] if rows > 0 && width > 0 => Ok([rows, width]),
        _ => Err(Error::new(format!("a prompt has rows and a width; its shape is ({inner})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((header.len() as u16).to_le_bytes()),
            _ => bytes.extend((header.len() as u32).to_le_bytes()),
        }
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn header(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}     \n")
    }

    #[test]
    fn every_version_kind_and_order_is_read() {
        let wide: Vec<u8> = (0..6).flat_map(|i| (i as f64).to_le_bytes()).collect();
        let single: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
        // 0 to 5 in float16.
        let half: Vec<u8> = [0u16, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (descr, data) in [("<f8", &wide), ("<f4", &single), ("<f2", &half)] {
            for version in [1, 2, 3] {
                for (fortran, wanted) in
                    [("False", [0, 1, 2, 3, 4, 5]), ("True", [0, 2, 4, 1, 3, 5])]
                {
                    let bytes = file(version, &header(descr, fortran, "(2, 3)"), data);
                    let found = parse(&bytes).unwrap();
                    assert_eq!(found.size(), [2, 3]);
                    let found: Vec<f64> = found.to_kind(Kind::Double).view(-1).try_into().unwrap();
                    assert_eq!(found, wanted.map(f64::from), "{descr} {version} {fortran}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_prompt_is_explained() {
        let refused = |bytes: &[u8], why: &str| {
            let text = parse(bytes).unwrap_err().to_string();
            assert!(text.contains(why), "{text}");
        };
        let data = [0u8; 24];
        refused(&file(1, &header(">f4", "False", "(2, 3)"), &data), "the other byte order ('>f4')");
        refused(&file(1, &header("|O", "False", "(2, 3)"), &data), "Python's objects");
        refused(&file(1, &header("<i4", "False", "(2, 3)"), &data), "no floating point");
        refused(&file(1, &header("<f4", "False", "(6,)"), &data), "its shape is (6,)");
        refused(&file(1, &header("<f4", "False", "(2, 3)"), &data[1..]), "23 bytes follow");
        let huge = header("<f4", "False", "(4611686018427387904, 4611686018427387904)");
        refused(&file(2, &huge, &data), "24 bytes follow");
        refused(&file(4, "", &data), "version 4");
        refused(&file(1, "{}", &data), "has no 'descr'");
        refused(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}", "a header of 2147483647 bytes");
        refused(b"\x93NUMPY\x01\x00\x20", "not a complete .npy file");
        refused(b"PK\x03\x04", "not a .npy file");
    }
}
