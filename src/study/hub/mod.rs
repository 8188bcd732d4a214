//! Models and datasets of the Hugging Face Hub: found in the cache, or downloaded into it.
//!
//! hf-hub 0.5 provides the layout of the cache, the token and the URLs. Its downloads are not used:
//! they send the token to any server that a redirect names, use headers of the server as paths, check
//! no hash, append any received range to a partial file, and have no limits of size or time. Therefore files
//! are downloaded here, of one commit, and checked against the listed sizes and hashes.

mod blob;
mod client;
mod contents;
mod failure;
mod listing;
mod refusal;
mod removal;
mod repo_cache;
mod repo_id;
mod selection;
mod settings;
#[cfg(test)]
mod tests;

pub use contents::{CachedRepo, CachedRevision};
pub use listing::{Listing, RemoteFile};
pub use removal::Removal;
pub use repo_cache::Snapshot;
pub use repo_id::{RepoId, RepoKind};
pub use selection::{included, model_files, model_missing};
pub use settings::HubSettings;

use crate::progress::Transfer;
use crate::{Error, Result};
use blob::Download;
use client::{Client, encoded};
use hf_hub::Cache;
use refusal::refused;
use repo_cache::RepoCache;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::sync::Mutex;

/// The maximum size of a file list in bytes (those of the largest datasets have 20 MB).
const LONGEST_LIST: usize = 128 << 20;

/// The lock that processes share which use a model or dataset.
const USED_LOCK: &str = "used.lock";

/// The Hub and its cache.
pub struct Hub {
    settings: HubSettings,
    cache: Cache,
}

impl Hub {
    /// Errors: an environment variable has an invalid address or token.
    pub fn from_env() -> Result<Hub> {
        Ok(Hub::new(HubSettings::from_env()?))
    }

    fn new(settings: HubSettings) -> Hub {
        Hub { cache: Cache::new(settings.cache.clone()), settings }
    }

    pub fn settings(&self) -> &HubSettings {
        &self.settings
    }

    /// The snapshot in the cache, complete or not. Makes no request.
    pub fn cached(&self, id: &RepoId) -> Option<Snapshot> {
        RepoCache::new(&self.cache, id).find(id.revision())
    }

    /// Downloads the files of the revision's newest commit that `wanted` selects from all names,
    /// unless they are cached.
    /// Errors: no network or offline mode; the Hub refuses; a file does not match the list;
    /// the cache cannot be written; Ctrl-C.
    pub fn fetch(
        &self,
        id: &RepoId,
        wanted: impl Fn(&[String]) -> Result<Vec<String>>,
    ) -> Result<Snapshot> {
        let client = self.client(id)?;
        let listing = list(id, &client)?;
        let picked = wanted(&listing.names()).map_err(|e| e.at(id))?;
        let mut files: Vec<&RemoteFile> =
            listing.files.iter().filter(|file| picked.contains(&file.name)).collect();
        // Small files first, so that errors appear early.
        files.sort_by_key(|file| file.size);
        let cache = RepoCache::new(&self.cache, id);
        download(id, &listing.commit, &files, &cache, &client)?;
        files.iter().try_for_each(|file| cache.link(&listing.commit, file))?;
        cache.set_ref(id.revision(), &listing.commit)?;
        Ok(Snapshot { folder: cache.snapshot(&listing.commit), commit: listing.commit })
    }

    /// The cached snapshot, without a request, if `missing` names no missing file; else the result of
    /// `fetch`.
    /// Errors: those of `fetch`, and files that are still missing.
    pub fn get(
        &self,
        id: &RepoId,
        wanted: impl Fn(&[String]) -> Result<Vec<String>>,
        missing: impl Fn(&Path) -> Vec<String>,
    ) -> Result<Snapshot> {
        if self.cached(id).is_some() {
            self.use_it(id);
        }
        if let Some(snapshot) = self.cached(id) {
            let lacks = missing(&snapshot.folder);
            if lacks.is_empty() {
                return Ok(snapshot);
            }
            if self.settings.offline {
                let lacks = lacks.join(", ");
                let what = format!("HF_HUB_OFFLINE is set, and the cache lacks {lacks}");
                return Err(offline(&what, id).at(snapshot.folder.display()));
            }
        }
        let snapshot = self.fetch(id, wanted)?;
        self.use_it(id);
        match missing(&snapshot.folder) {
            lacks if lacks.is_empty() => Ok(snapshot),
            lacks => Err(Error::new(format!("the {} has no {}", id.kind, lacks.join(", no ")))
                .at(id)
                .hint(format!("see {}", id.page(&self.settings.endpoint)))),
        }
    }

    /// Keeps the files of a model or dataset from being removed until this process ends. A cache that cannot be
    /// written is not removed from either.
    fn use_it(&self, id: &RepoId) {
        static USED: Mutex<Vec<File>> = Mutex::new(Vec::new());
        let locks = RepoCache::new(&self.cache, id).locks;
        let open = || -> std::io::Result<File> {
            fs::create_dir_all(&locks)?;
            let lock = OpenOptions::new().create(true).append(true).open(locks.join(USED_LOCK))?;
            lock.lock_shared()?;
            Ok(lock)
        };
        let mut used = USED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        used.extend(open());
    }

    fn client(&self, id: &RepoId) -> Result<Client> {
        if !self.settings.offline {
            return Client::new(&self.settings);
        }
        let cache = self.cache.path().display();
        let what = match self.cached(id) {
            Some(_) => "HF_HUB_OFFLINE is set: no request is made".to_string(),
            None => format!("HF_HUB_OFFLINE is set, and {} {id} is not in {cache}", id.kind),
        };
        Err(offline(&what, id))
    }
}

/// One request: the commit, and the name, size and hash of each file.
fn list(id: &RepoId, client: &Client) -> Result<Listing> {
    let repo = id.repo_at(&encoded(id.revision()));
    let url = format!("{}/api/{}?blobs=true", client.settings.endpoint, repo.api_url());
    let listing = client.retry(&id.to_string(), |_| {
        let response = client.get(&url, 0)?;
        if response.status != 200 {
            return Err(refused(&response, id, client));
        }
        response.text(LONGEST_LIST)
    })?;
    let hint = || format!("is {} a hub, or a mirror of it?", client.settings.endpoint);
    let listing = Listing::read(&listing).map_err(|e| e.at(id).hint(hint()))?;
    if repo_id::is_commit(id.revision()) && listing.commit != id.revision() {
        let what = format!("the server responds with another commit, {}", listing.commit);
        return Err(Error::new(what).at(id).hint(hint()));
    }
    Ok(listing)
}

fn download<'a>(
    id: &'a RepoId,
    commit: &str,
    files: &[&'a RemoteFile],
    cache: &RepoCache,
    client: &Client,
) -> Result<()> {
    let download = |file: &&'a RemoteFile| {
        let path = encoded(&file.name);
        let url =
            format!("{}/{}/resolve/{commit}/{path}", client.settings.endpoint, id.repo().url());
        Download { id, file, url, blob: cache.blob(file), locks: cache.locks.clone() }
    };
    let missing: Vec<Download> =
        files.iter().map(download).filter(|download| !download.is_done()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let total = missing.iter().map(|download| download.file.size).sum();
    let mut transfer = Transfer::new(&id.to_string(), missing.len(), total);
    missing.iter().try_for_each(|download| download.run(client, &mut transfer))
}

fn offline(what: &str, id: &RepoId) -> Error {
    let folder = match id.kind {
        RepoKind::Model => "use the folder of a checkpoint",
        RepoKind::Dataset => "set the folder of the rows: data = FOLDER",
    };
    Error::new(what).hint(format!(
        "run `compt fetch {id}` where there is a network and copy the cache folder here, or {folder}"
    ))
}
