//! Files that change while the program runs.

use crate::error::Context;
use crate::{Error, Result};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Tells of files whose content is another than it was, from a thread of its own.
///
/// Their folders are watched, for editors write a new file and rename it over the old one; what only
/// touches a file is no change.
pub struct Watch {
    watcher: RecommendedWatcher,
    known: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>,
}

impl Watch {
    /// Calls `changed` with the path, as it was added.
    pub fn new(changed: impl Fn(&Path) + Send + 'static) -> Result<Watch> {
        let known: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>> = Arc::default();
        let shared = known.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_err() {
                return;
            }
            let mut news = Vec::new();
            if let Ok(mut known) = shared.lock() {
                for (path, content) in known.iter_mut() {
                    // A file that is away for a moment is being replaced; an empty one, being written.
                    let now = hash(path).filter(|now| now != content);
                    if let Some(now) = now {
                        *content = now;
                        news.push(path.clone());
                    }
                }
            }
            news.iter().for_each(|path| changed(path));
        });
        let watcher =
            watcher.map_err(|e| Error::new(e.to_string())).at("files cannot be watched")?;
        Ok(Watch { watcher, known })
    }

    /// Watches a file, from what it holds now.
    pub fn add(&mut self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(|e| Error::new(e.to_string()).at(folder.display()))?;
        if let Ok(mut known) = self.known.lock() {
            known.insert(path.to_path_buf(), hash(path).unwrap_or_default());
        }
        Ok(())
    }
}

/// The hash of a file that is there and not empty.
fn hash(path: &Path) -> Option<Vec<u8>> {
    let content = fs::read(path).ok().filter(|content| !content.is_empty())?;
    Some(Sha256::digest(content).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_change_is_told_once_and_a_rename_over_the_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.lua");
        fs::write(&file, "one").unwrap();
        let (sender, receiver) = mpsc::channel();
        let mut watch = Watch::new(move |path| sender.send(path.to_path_buf()).unwrap()).unwrap();
        watch.add(&file).unwrap();
        let next = || receiver.recv_timeout(Duration::from_secs(20));
        fs::write(&file, "one").unwrap();
        fs::write(&file, "two").unwrap();
        assert_eq!(next().unwrap(), file);
        let other = folder.path().join("b");
        fs::write(&other, "three").unwrap();
        fs::rename(&other, &file).unwrap();
        assert_eq!(next().unwrap(), file);
        fs::remove_file(&file).unwrap();
        fs::write(&file, "four").unwrap();
        assert_eq!(next().unwrap(), file);
        assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err());
    }
}
