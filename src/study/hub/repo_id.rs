//! The ids of models and datasets: `org/name`, `org/name@revision`, `datasets/org/name`.

use crate::{Error, Result};
use std::fmt;

/// The T5 models that are older than owners in model names.
const LEGACY: [&str; 5] = ["t5-small", "t5-base", "t5-large", "t5-3b", "t5-11b"];
const OWNER: &str = "google-t5";
/// The default revision.
const MAIN: &str = "main";
const LONGEST: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepoKind {
    Model,
    Dataset,
}

impl fmt::Display for RepoKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RepoKind::Model => "model",
            RepoKind::Dataset => "dataset",
        })
    }
}

/// A well-formed id of a model or dataset, optionally with a revision; it may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoId {
    pub kind: RepoKind,
    /// `org/name`, or `name` for the oldest models.
    pub name: String,
    pub revision: Option<String>,
}

impl RepoId {
    /// Errors: the text has none of the forms above, or invalid characters.
    pub fn parse(text: &str) -> Result<RepoId> {
        RepoId::read(text).map_err(|e| e.at(format!("'{}'", text.escape_debug())).hint(SHAPES))
    }

    fn read(text: &str) -> Result<RepoId> {
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
        let (kind, name) = match path.strip_prefix("datasets/") {
            Some(name) => (RepoKind::Dataset, name),
            None => (RepoKind::Model, path),
        };
        check_name(name)?;
        let is_legacy = kind == RepoKind::Model && LEGACY.contains(&name);
        let name = if is_legacy { format!("{OWNER}/{name}") } else { name.to_string() };
        Ok(RepoId { kind, name, revision })
    }

    /// The same model with its name without an owner, if it had one.
    pub(super) fn legacy(&self) -> Option<RepoId> {
        let name = self.name.strip_prefix(OWNER)?.strip_prefix('/')?.to_string();
        (self.kind == RepoKind::Model && LEGACY.contains(&name.as_str()))
            .then(|| RepoId { name, ..self.clone() })
    }

    /// The same repository at a separate revision, such as that of `--revision`.
    /// Errors: the id already has a revision, or this one is invalid.
    pub fn at_revision(mut self, revision: &str) -> Result<RepoId> {
        if self.revision.is_some() {
            return Err(Error::new(format!("{self} names a revision, and so does --revision")));
        }
        check_revision(revision)?;
        self.revision = Some(revision.to_string());
        Ok(self)
    }

    pub(super) fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    pub(super) fn repo(&self) -> hf_hub::Repo {
        self.repo_at(self.revision())
    }

    /// The repository with its revision encoded for a URL.
    pub(super) fn repo_at(&self, revision: &str) -> hf_hub::Repo {
        let kind = match self.kind {
            RepoKind::Model => hf_hub::RepoType::Model,
            RepoKind::Dataset => hf_hub::RepoType::Dataset,
        };
        hf_hub::Repo::with_revision(self.name.clone(), kind, revision.to_string())
    }

    /// Its web page.
    pub(super) fn page(&self, endpoint: &str) -> String {
        format!("{endpoint}/{}", self.repo().url())
    }

    /// The model or dataset that a folder of the cache belongs to.
    pub(super) fn of_folder(folder: &str) -> Option<RepoId> {
        let (kind, name) = folder.split_once("--")?;
        let kind = match kind {
            "models" => RepoKind::Model,
            "datasets" => RepoKind::Dataset,
            _ => return None,
        };
        let name = name.replace("--", "/");
        check_name(&name).ok()?;
        Some(RepoId { kind, name, revision: None })
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == RepoKind::Dataset {
            f.write_str("datasets/")?;
        }
        f.write_str(&self.name)?;
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
    }
}

const SHAPES: &str = "names are org/name, org/name@revision or datasets/org/name, such as \
                      google/t5-v1_1-base";

fn check_name(name: &str) -> Result<()> {
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() > 2 {
        return Err(Error::new("more parts than org/name has"));
    }
    for part in parts {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if part.is_empty() || part.len() > LONGEST {
            return Err(Error::new(format!("a part has 1 to {LONGEST} characters")));
        }
        if let Some(c) = part.chars().find(|c| !known(*c)) {
            return Err(Error::new(format!("'{}' is not allowed in a name", c.escape_debug())));
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
        let what = format!("'{}' is not a branch, tag or commit", revision.escape_debug());
        return Err(Error::new(what));
    }
    Ok(())
}

/// Whether a text is a full commit hash: 40 hexadecimal digits.
pub(super) fn is_commit(text: &str) -> bool {
    is_hex(text, 40)
}

pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_and_displayed() {
        for (text, kind, name, revision) in [
            ("google/t5-v1_1-base", RepoKind::Model, "google/t5-v1_1-base", None),
            ("t5-base", RepoKind::Model, "google-t5/t5-base", None),
            ("t5-3b@refs/pr/5", RepoKind::Model, "google-t5/t5-3b", Some("refs/pr/5")),
            ("gpt2", RepoKind::Model, "gpt2", None),
            ("datasets/nyu-mll/glue@v1.0", RepoKind::Dataset, "nyu-mll/glue", Some("v1.0")),
            ("datasets/t5-base", RepoKind::Dataset, "t5-base", None),
        ] {
            let id = RepoId::parse(text).unwrap();
            assert_eq!((id.kind, id.name.as_str(), id.revision.as_deref()), (kind, name, revision));
            assert_eq!(RepoId::parse(&id.to_string()).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let short = ["", "/", "a/", "/a", "a/b/c", "../a", "a/..", "./a", "a//b", "a b/c", "ä/b"];
        let names = ["a\\b", "a\0b", "a--b/c", "spaces/a/b", "models/a/b", "a/b.git", "datasets/"];
        let revisions =
            ["", "../x", "/x", "x/", "-x", "x y", "x\n", "x@y"].map(|r| format!("a/b@{r}"));
        let long = ["x".repeat(97), "https://huggingface.co/a/b".to_string()];
        let strings = revisions.iter().chain(&long).map(String::as_str);
        for text in short.into_iter().chain(names).chain(strings) {
            let e = RepoId::parse(text).expect_err(text).to_string();
            assert!(e.contains("help: names are org/name"), "{e}");
        }
    }

    #[test]
    fn folders_have_ids() {
        let named = |folder| RepoId::of_folder(folder).map(|id| id.to_string());
        assert_eq!(named("models--google-t5--t5-small").as_deref(), Some("google-t5/t5-small"));
        assert_eq!(named("datasets--nyu-mll--glue").as_deref(), Some("datasets/nyu-mll/glue"));
        assert_eq!(
            (named("spaces--a--b"), named(".locks"), named("models--..--b")),
            (None, None, None)
        );
    }
}
