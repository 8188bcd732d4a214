//! The list of files sent by a server. It is checked strictly, because names become
//! paths, and hashes become file names.

use super::repo_id::{is_commit, is_hex};
use crate::{Error, Result};
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Component, Path};

/// More files than in any relevant model or dataset.
const MOST_FILES: usize = 200_000;
/// The maximum length of names on all file systems.
const LONGEST: usize = 1000;
const LONGEST_PART: usize = 255;
/// The maximum file size (64 TiB).
const LARGEST: u64 = 1 << 46;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub commit: String,
    pub files: Vec<RemoteFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    pub name: String,
    pub size: u64,
    pub(super) hash: Hash,
}

/// The hash of a file's content, which is the name of its blob in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hash {
    Sha256(String),
    /// Git's blob id: a hash of a header and the content.
    GitSha1(String),
}

impl Hash {
    pub fn hex(&self) -> &str {
        match self {
            Hash::Sha256(hex) | Hash::GitSha1(hex) => hex,
        }
    }
}

impl Listing {
    pub(super) fn read(text: &[u8]) -> Result<Listing> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|e| Error::new(format!("the list of files is not JSON: {e}")))?;
        let commit = value["sha"].as_str().unwrap_or_default();
        if !is_commit(commit) {
            return Err(Error::new(format!("{} is not a commit", shown(&value["sha"]))));
        }
        let siblings = value["siblings"]
            .as_array()
            .ok_or_else(|| Error::new("the response has no list of files"))?;
        if siblings.len() > MOST_FILES {
            return Err(Error::new(format!("{} files are too many", siblings.len())));
        }
        let files = siblings.iter().map(file).collect::<Result<Vec<RemoteFile>>>()?;
        let mut names = HashSet::new();
        if let Some(twice) = files.iter().find(|file| !names.insert(file.name.as_str())) {
            return Err(Error::new(format!("the file '{}' is listed twice", twice.name)));
        }
        let is_folder = |name: &str| {
            Path::new(name)
                .ancestors()
                .skip(1)
                .any(|above| above.to_str().is_some_and(|above| names.contains(above)))
        };
        if let Some(file) = files.iter().find(|file| is_folder(&file.name)) {
            return Err(Error::new(format!("'{}' lies below a file", file.name)));
        }
        Ok(Listing { commit: commit.to_string(), files })
    }

    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }
}

fn file(sibling: &Value) -> Result<RemoteFile> {
    let name = sibling["rfilename"].as_str().unwrap_or_default();
    if !is_plain_path(name) {
        return Err(Error::new(format!(
            "{} is not the name of a file",
            shown(&sibling["rfilename"])
        )));
    }
    let wrong = |what: &str, value: &Value| {
        Err(Error::new(format!("the file '{name}' has the {what} {}", shown(value))))
    };
    let lfs = &sibling["lfs"];
    let size = if lfs["size"].is_null() { &sibling["size"] } else { &lfs["size"] };
    let Some(bytes) = size.as_u64().filter(|bytes| *bytes <= LARGEST) else {
        return wrong("size", size);
    };
    let hash = match lfs.is_object() {
        true => {
            let hex = lfs["sha256"].as_str().or(lfs["oid"].as_str()).unwrap_or_default();
            if !is_hex(hex, 64) {
                return wrong("SHA-256", &lfs["sha256"]);
            }
            Hash::Sha256(hex.to_string())
        }
        false => {
            let hex = sibling["blobId"].as_str().unwrap_or_default();
            if !is_hex(hex, 40) {
                return wrong("blob id", &sibling["blobId"]);
            }
            Hash::GitSha1(hex.to_string())
        }
    };
    Ok(RemoteFile { name: name.to_string(), size: bytes, hash })
}

/// Whether the path `folder/NAME` is below the folder on every system.
fn is_plain_path(name: &str) -> bool {
    let parts_are_plain = name
        .split('/')
        .all(|part| !part.is_empty() && part != "." && part != ".." && part.len() <= LONGEST_PART);
    let no_odd = !name.contains(['\\', ':']) && !name.chars().any(char::is_control);
    let components = Path::new(name).components();
    name.len() <= LONGEST
        && parts_are_plain
        && no_odd
        && components.into_iter().all(|part| matches!(part, Component::Normal(_)))
}

/// A server's text for the terminal: short, and without control characters.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(80).map(plain).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}

pub(super) fn plain(c: char) -> char {
    if c.is_control() { '?' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    fn read(sha: Value, files: Value) -> Result<Listing> {
        Listing::read(json!({ "sha": sha, "siblings": files }).to_string().as_bytes())
    }

    fn one(name: &str) -> Value {
        json!([{ "rfilename": name, "size": 3, "blobId": COMMIT }])
    }

    #[test]
    fn a_listing_tells_names_sizes_and_hashes() {
        let sha256 = "a".repeat(64);
        let listing = read(
            json!(COMMIT),
            json!([
                { "rfilename": "a/b c.json", "size": 3, "blobId": COMMIT },
                { "rfilename": "m.bin", "size": 9, "blobId": COMMIT,
                  "lfs": { "sha256": sha256, "size": 9, "pointerSize": 100 } },
            ]),
        )
        .unwrap();
        assert_eq!(listing.names(), ["a/b c.json", "m.bin"]);
        assert_eq!(listing.files[0].hash, Hash::GitSha1(COMMIT.to_string()));
        assert_eq!(listing.files[1].hash, Hash::Sha256(sha256));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = format!("{}/x", "y".repeat(256));
        let upwards = ["", ".", "..", "../x", "../../evil", "/etc/x", "a/../../b", "a/./b"];
        let odd = ["a//b", "a/", "..\\x", "a\\b", "C:x", "a\0b", "a\nb", "\u{1b}[2J"];
        for name in upwards.into_iter().chain(odd).chain([long.as_str()]) {
            let e = read(json!(COMMIT), one(name)).expect_err(name).to_string();
            assert!(e.contains("is not the name of a file"), "{e}");
            assert!(!e.contains('\u{1b}'), "{e:?}");
        }
        assert!(read(json!(COMMIT), one("a..b/...c")).is_ok());
    }

    #[test]
    fn other_lies_are_refused() {
        let upper = COMMIT.replace('0', "A");
        for sha in [json!("../../x"), json!("main"), json!(null), json!(7), json!(upper)] {
            assert!(read(sha, one("x")).is_err());
        }
        for size in [json!(-1), json!(1.5), json!(u64::MAX), json!("3"), json!(null)] {
            let files = json!([{ "rfilename": "x", "size": size, "blobId": COMMIT }]);
            assert!(read(json!(COMMIT), files).unwrap_err().to_string().contains("has the size"));
        }
        for (file, said) in [
            (json!({ "rfilename": "x", "size": 1, "blobId": "../x" }), "blob id"),
            (json!({ "rfilename": "x", "size": 1 }), "blob id"),
            (json!({ "rfilename": "x", "size": 1, "lfs": { "sha256": "/x" } }), "SHA-256"),
        ] {
            let e = read(json!(COMMIT), json!([file])).unwrap_err().to_string();
            assert!(e.contains(said), "{e}");
        }
        let twice = json!([one("x")[0], one("x")[0]]);
        assert!(read(json!(COMMIT), twice).unwrap_err().to_string().contains("twice"));
        let below = json!([one("x/y")[0], one("x")[0]]);
        assert!(read(json!(COMMIT), below).unwrap_err().to_string().contains("below a file"));
        assert!(Listing::read(b"{\"sha\": ").is_err());
        assert!(Listing::read(b"<html>").is_err());
        assert!(read(json!(COMMIT), json!({})).is_err());
    }
}
