//! Models and datasets of the Hugging Face hub: found in the cache, or downloaded into it.
//!
//! hf-hub gives the cache's layout, the token and the hub's addresses. Downloading is done here: each
//! file of one commit, checked against the listed size and hash. A server's words become paths only
//! after they were found harmless.

mod blob;
mod client;
mod contents;
mod failure;
mod listing;
mod name;
mod pick;
mod remove;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;

pub use contents::{Entry, Revision};
pub use listing::{File, Listing};
pub use name::{Kind, Name};
pub use pick::{included, model_files, model_missing};
pub use remove::Removal;
pub use settings::Settings;
pub use snapshot::Snapshot;

use crate::run::progress::Transfer;
use crate::{Error, Result};
use blob::Blob;
use client::{Client, encoded};
use hf_hub::Cache;
use snapshot::Place;
use std::path::Path;

/// No list of files is longer (the largest datasets have some 20 MB).
const LONGEST_LIST: usize = 128 << 20;

/// The hub and the cache, as the environment has them.
pub struct Hub {
    settings: Settings,
    cache: Cache,
}

impl Hub {
    pub fn from_env() -> Result<Hub> {
        Ok(Hub::new(Settings::from_env()?))
    }

    pub fn new(settings: Settings) -> Hub {
        Hub { cache: Cache::new(settings.cache.clone()), settings }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the cache has of it, whole or in part. Makes no request.
    pub fn cached(&self, name: &Name) -> Option<Snapshot> {
        Place::new(&self.cache, name).find(name.revision())
    }

    /// What there is of it on the hub.
    pub fn files(&self, name: &Name) -> Result<Listing> {
        self.list(name, &self.client(name)?)
    }

    /// Brings the newest commit of the revision into the cache: the files that `wanted` picks from the
    /// names of all, as far as they are not there.
    pub fn fetch(
        &self,
        name: &Name,
        wanted: impl Fn(&[String]) -> Result<Vec<String>>,
    ) -> Result<Snapshot> {
        let client = self.client(name)?;
        let listing = self.list(name, &client)?;
        let picked = wanted(&listing.names()).map_err(|e| e.at(name))?;
        let mut files: Vec<&File> =
            listing.files.iter().filter(|file| picked.contains(&file.name)).collect();
        // What is wrong shows early when the small ones come first.
        files.sort_by_key(|file| file.size);
        let place = Place::new(&self.cache, name);
        self.download(name, &listing.commit, &files, &place, &client)?;
        for file in &files {
            place.show(&listing.commit, file)?;
        }
        place.note(name.revision(), &listing.commit)?;
        let folder = place.snapshot(&listing.commit);
        Ok(Snapshot { folder, commit: listing.commit })
    }

    /// The cached snapshot if it lacks nothing, without a request; else what `fetch` brings.
    pub fn get(
        &self,
        name: &Name,
        wanted: impl Fn(&[String]) -> Result<Vec<String>>,
        missing: impl Fn(&Path) -> Vec<String>,
    ) -> Result<Snapshot> {
        let cached = self.cached(name);
        let lacks = cached.as_ref().map(|snapshot| missing(&snapshot.folder)).unwrap_or_default();
        match cached {
            Some(snapshot) if lacks.is_empty() => return Ok(snapshot),
            Some(snapshot) if self.settings.offline => {
                let what =
                    format!("HF_HUB_OFFLINE is set, and the cache lacks {}", lacks.join(", "));
                return Err(offline(&what, name).at(snapshot.folder.display()));
            }
            _ => {}
        }
        let snapshot = self.fetch(name, wanted)?;
        match missing(&snapshot.folder) {
            lacks if lacks.is_empty() => Ok(snapshot),
            lacks => Err(Error::new(format!("the {} has no {}", name.kind, lacks.join(", no ")))
                .at(name)
                .hint(format!("see {}", name.page(&self.settings.endpoint)))),
        }
    }

    fn client(&self, name: &Name) -> Result<Client> {
        if self.settings.offline {
            let what = format!(
                "HF_HUB_OFFLINE is set, and {} {name} is not in {}",
                name.kind,
                self.cache.path().display()
            );
            let what = match self.cached(name) {
                Some(_) => "HF_HUB_OFFLINE is set: no request is made".to_string(),
                None => what,
            };
            return Err(offline(&what, name));
        }
        Client::new(&self.settings)
    }

    /// One request: the commit, and each file's name, size and hash.
    fn list(&self, name: &Name, client: &Client) -> Result<Listing> {
        let repo = name.repo(&encoded(name.revision()));
        let url = format!("{}/api/{}?blobs=true", client.endpoint, repo.api_url());
        let listing = client.persist(&name.to_string(), |_| {
            let answer = client.get(&url, 0)?;
            if answer.status != 200 {
                return Err(failure::refused(&answer, name, &client.endpoint, client.has_token()));
            }
            answer.text(LONGEST_LIST)
        })?;
        let hint = || format!("is {} a hub, or a mirror of it?", client.endpoint);
        let listing = Listing::read(&listing).map_err(|e| e.at(name).hint(hint()))?;
        if name::is_commit(name.revision()) && listing.commit != name.revision() {
            let what = format!("the server answers with another commit, {}", listing.commit);
            return Err(Error::new(what).at(name).hint(hint()));
        }
        Ok(listing)
    }

    fn download<'a>(
        &self,
        name: &'a Name,
        commit: &str,
        files: &[&'a File],
        place: &Place,
        client: &Client,
    ) -> Result<()> {
        let blob = |file: &'a File| {
            let repo = name.repo(commit);
            let path = encoded(&file.name);
            Blob {
                name,
                file,
                url: format!("{}/{}/resolve/{commit}/{path}", client.endpoint, repo.url()),
                blobs: place.blobs(),
                locks: place.locks.clone(),
            }
        };
        let missing: Vec<Blob> =
            files.iter().map(|file| blob(file)).filter(|blob| !blob.is_there()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let total = missing.iter().map(|blob| blob.file.size).sum();
        let mut transfer = Transfer::new(&name.to_string(), missing.len(), total);
        missing.iter().try_for_each(|blob| blob.fetch(client, &mut transfer))
    }
}

fn offline(what: &str, name: &Name) -> Error {
    let folder = match name.kind {
        Kind::Model => "give the folder of a checkpoint",
        Kind::Dataset => "say where the rows are: data = FOLDER",
    };
    Error::new(what).hint(format!(
        "run `compt fetch {name}` where there is a network and copy the cache folder here, or {folder}"
    ))
}
