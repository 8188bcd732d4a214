//! Names of models and datasets: `org/name`, `org/name@revision`, `datasets/org/name`.

use crate::{Error, Result};
use std::fmt;

/// The T5s that were there before models had owners.
const LEGACY: [&str; 5] = ["t5-small", "t5-base", "t5-large", "t5-3b", "t5-11b"];
const OWNER: &str = "google-t5";
/// The revision where none is named.
const MAIN: &str = "main";
const LONGEST: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Model,
    Dataset,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Model => "model",
            Kind::Dataset => "dataset",
        })
    }
}

/// What is asked for: well-formed, whether or not it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub kind: Kind,
    /// `org/name`, or `name` alone for the oldest ones.
    pub id: String,
    pub revision: Option<String>,
}

impl Name {
    pub fn parse(text: &str) -> Result<Name> {
        Name::read(text).map_err(|e| e.at(format!("'{}'", text.escape_debug())).hint(SHAPES))
    }

    fn read(text: &str) -> Result<Name> {
        if text.contains("://") {
            return Err(Error::new("an address is not a name"));
        }
        let (path, revision) = match text.split_once('@') {
            Some((path, revision)) => (path, Some(revision.to_string())),
            None => (text, None),
        };
        if let Some(revision) = &revision {
            check_revision(revision)?;
        }
        let (kind, id) = match path.strip_prefix("datasets/") {
            Some(id) => (Kind::Dataset, id),
            None => (Kind::Model, path),
        };
        check_id(id)?;
        let legacy = kind == Kind::Model && LEGACY.contains(&id);
        let id = if legacy { format!("{OWNER}/{id}") } else { id.to_string() };
        Ok(Name { kind, id, revision })
    }

    /// What a model was called before models had owners.
    pub fn old_id(&self) -> Option<&str> {
        let old = self.id.strip_prefix(OWNER)?.strip_prefix('/')?;
        (self.kind == Kind::Model && LEGACY.contains(&old)).then_some(old)
    }

    /// The same with a revision given apart, as `--revision`.
    pub fn at_revision(mut self, revision: &str) -> Result<Name> {
        if self.revision.is_some() {
            return Err(Error::new(format!("{self} names a revision, and so does --revision")));
        }
        check_revision(revision)?;
        self.revision = Some(revision.to_string());
        Ok(self)
    }

    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// The page people read about it.
    pub fn page(&self, endpoint: &str) -> String {
        match self.kind {
            Kind::Model => format!("{endpoint}/{}", self.id),
            Kind::Dataset => format!("{endpoint}/datasets/{}", self.id),
        }
    }

    /// hf-hub's name of it, at a revision.
    pub(super) fn repo(&self, revision: &str) -> hf_hub::Repo {
        let kind = match self.kind {
            Kind::Model => hf_hub::RepoType::Model,
            Kind::Dataset => hf_hub::RepoType::Dataset,
        };
        hf_hub::Repo::with_revision(self.id.clone(), kind, revision.to_string())
    }

    /// The name a folder of the cache is for.
    pub(super) fn of_folder(folder: &str) -> Option<Name> {
        let (kind, id) = folder.split_once("--")?;
        let kind = match kind {
            "models" => Kind::Model,
            "datasets" => Kind::Dataset,
            _ => return None,
        };
        let id = id.replace("--", "/");
        check_id(&id).ok()?;
        Some(Name { kind, id, revision: None })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Dataset {
            f.write_str("datasets/")?;
        }
        f.write_str(&self.id)?;
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
    }
}

const SHAPES: &str = "names are org/name, org/name@revision or datasets/org/name, such as \
                      google/t5-v1_1-base";

fn check_id(id: &str) -> Result<()> {
    let parts: Vec<&str> = id.split('/').collect();
    if parts.len() > 2 {
        return Err(Error::new("more parts than org/name has"));
    }
    for part in parts {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if part.is_empty() || part.len() > LONGEST {
            return Err(Error::new(format!("a part has 1 to {LONGEST} characters")));
        }
        if let Some(c) = part.chars().find(|c| !known(*c)) {
            return Err(Error::new(format!("'{}' is in no name", c.escape_debug())));
        }
        if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
            return Err(Error::new("no part begins or ends with '-' or '.'"));
        }
        if part.contains("--") || part.contains("..") || part.ends_with(".git") {
            return Err(Error::new("no name has '--' or '..' in it, or ends with '.git'"));
        }
    }
    Ok(())
}

fn check_revision(revision: &str) -> Result<()> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_./+=#%".contains(c);
    let parts = |bad: fn(&str) -> bool| revision.split('/').any(bad);
    if revision.is_empty() || revision.len() > 200 {
        return Err(Error::new("a revision has 1 to 200 characters"));
    }
    let lost = parts(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"));
    if lost || !revision.chars().all(known) || revision.contains("..") || revision.starts_with('-')
    {
        let what = format!("'{}' is no branch, tag or commit", revision.escape_debug());
        return Err(Error::new(what));
    }
    Ok(())
}

/// Whether a text is a whole commit: 40 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    is_hex(text, 40)
}

pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_told() {
        for (text, kind, id, revision) in [
            ("google/t5-v1_1-base", Kind::Model, "google/t5-v1_1-base", None),
            ("t5-base", Kind::Model, "google-t5/t5-base", None),
            ("t5-3b@refs/pr/5", Kind::Model, "google-t5/t5-3b", Some("refs/pr/5")),
            ("gpt2", Kind::Model, "gpt2", None),
            ("datasets/nyu-mll/glue@v1.0", Kind::Dataset, "nyu-mll/glue", Some("v1.0")),
            ("datasets/t5-base", Kind::Dataset, "t5-base", None),
        ] {
            let name = Name::parse(text).unwrap();
            assert_eq!(
                (name.kind, name.id.as_str(), name.revision.as_deref()),
                (kind, id, revision)
            );
            assert_eq!(Name::parse(&name.to_string()).unwrap(), name);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(97);
        for text in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "../a",
            "a/..",
            "./a",
            "a//b",
            "a b/c",
            "a\\b",
            "a\0b",
            "a/b@",
            "a/b@../x",
            "a/b@/x",
            "a/b@x/",
            "a/b@-x",
            "a/b@x y",
            "a/b@x\n",
            "a--b/c",
            "https://huggingface.co/a/b",
            "spaces/a/b",
            "models/a/b",
            "a/b.git",
            "ä/b",
            "a/b@x@y",
            "datasets/",
            &long,
        ] {
            let e = Name::parse(text).expect_err(text).to_string();
            assert!(e.contains("help: names are org/name"), "{e}");
        }
    }

    #[test]
    fn folders_tell_their_names() {
        let named = |folder| Name::of_folder(folder).map(|name| name.to_string());
        assert_eq!(named("models--google-t5--t5-small").as_deref(), Some("google-t5/t5-small"));
        assert_eq!(named("datasets--nyu-mll--glue").as_deref(), Some("datasets/nyu-mll/glue"));
        assert_eq!(
            (named("spaces--a--b"), named(".locks"), named("models--..--b")),
            (None, None, None)
        );
    }
}
