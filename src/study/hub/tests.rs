//! The Hub client without the program, with short waits.

use super::settings::{HubSettings, Waits};
use super::{Hub, RepoId, model_files, model_missing};
use crate::Result;
use server::{COMMIT, Reply, Repo, Server};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

#[allow(dead_code)] // The tests of the program use the rest.
#[path = "../../../tests/all/program/hub_server.rs"]
mod server;

fn hub(server: &Server, home: &TempDir, offline: bool) -> Hub {
    let short = Duration::from_millis;
    Hub::new(HubSettings {
        cache: home.path().join("hub"),
        endpoint: server.url.clone(),
        token: None,
        offline,
        certificates: None,
        waits: Waits {
            tries: 4,
            first: short(5),
            longest: short(10),
            asked: short(3000),
            silence: short(400),
        },
    })
}

fn t5() -> RepoId {
    RepoId::parse("org/t5").unwrap()
}

fn fetch(hub: &Hub) -> Result<super::Snapshot> {
    hub.fetch(&t5(), model_files)
}

#[test]
fn what_never_works_is_given_up() {
    for (status, said) in [(429, "too many requests (429)"), (502, "server error (502)")] {
        let (server, home) =
            (Server::start(move |_| Reply::new(status, "")), TempDir::new().unwrap());
        let e = fetch(&hub(&server, &home, false)).unwrap_err().to_string();
        assert!(e.starts_with(&format!("org/t5: {said}")), "{e}");
        assert_eq!(server.requests().len(), 4);
    }
}

#[test]
fn a_file_that_always_breaks_off_is_given_up_and_kept() {
    let (repo, home) = (Repo::t5(1000), TempDir::new().unwrap());
    let answering = repo.clone();
    let server = Server::start(move |request| match answering.answer(request) {
        reply if request.path.ends_with("safetensors") => reply.cut(10),
        reply => reply,
    });
    let e = fetch(&hub(&server, &home, false)).unwrap_err().to_string();
    assert!(e.starts_with("org/t5 model.safetensors: "), "{e}");
    let part = format!("hub/models--org--t5/blobs/{}.incomplete", repo.hash("model.safetensors"));
    assert_eq!(fs::read(home.path().join(part)).unwrap(), &repo.content("model.safetensors")[..40]);
    assert_eq!(hub(&server, &home, false).cached(&t5()), None);
}

#[test]
fn progress_earns_more_attempts() {
    let (repo, home) = (Repo::t5(8 << 20), TempDir::new().unwrap());
    let server = Server::start(move |request| match repo.answer(request) {
        reply if request.path.ends_with("safetensors") => {
            let length = reply.body.len();
            reply.cut(length.min(1 << 20))
        }
        reply => reply,
    });
    fetch(&hub(&server, &home, false)).unwrap();
    assert!(server.asked("model.safetensors").len() > 6);
}

#[test]
fn silence_is_no_end() {
    let (repo, home) = (Repo::t5(1000), TempDir::new().unwrap());
    let server = Server::start(move |request| match repo.answer(request) {
        reply if request.path.ends_with("safetensors") && request.before == 0 => {
            reply.slow(500, Duration::from_secs(5))
        }
        reply => reply,
    });
    let snapshot = fetch(&hub(&server, &home, false)).unwrap();
    assert_eq!(snapshot.commit, COMMIT);
    assert_eq!(server.asked("model.safetensors")[1].header("range"), Some("bytes=500-"));
}

#[test]
fn what_is_whole_is_taken_from_the_cache() {
    let (server, home) = (Server::of(Repo::t5(1000)), TempDir::new().unwrap());
    let (online, offline) = (hub(&server, &home, false), hub(&server, &home, true));
    let get = |hub: &Hub| hub.get(&t5(), model_files, model_missing);
    let e = get(&offline).unwrap_err().to_string();
    assert!(e.contains("model org/t5 is not in") && e.contains("compt fetch org/t5"), "{e}");
    assert!(server.requests().is_empty());

    let snapshot = get(&online).unwrap();
    let asked = server.requests().len();
    for hub in [&online, &offline] {
        assert_eq!(get(hub).unwrap(), snapshot);
        assert_eq!(hub.cached(&t5().at_revision(COMMIT).unwrap()).as_ref(), Some(&snapshot));
        assert_eq!(hub.cached(&t5().at_revision("other").unwrap()), None);
    }
    assert_eq!(server.requests().len(), asked);

    // A file was removed: it is reported offline, and downloaded again online.
    fs::remove_file(snapshot.folder.join("model.safetensors")).unwrap();
    let e = get(&offline).unwrap_err().to_string();
    assert!(e.contains("the cache lacks model.safetensors"), "{e}");
    assert_eq!(get(&online).unwrap(), snapshot);
    assert_eq!(server.requests().len(), asked + 1);
    let lacking = |_: &Path| vec!["merges.txt".to_string()];
    let e = online.get(&t5(), model_files, lacking).unwrap_err().to_string();
    assert!(e.contains("org/t5: the model has no merges.txt"), "{e}");
}

#[test]
fn the_hub_lists_names_and_sizes() {
    let (server, home) = (Server::of(Repo::t5(1000)), TempDir::new().unwrap());
    let listing = super::list(&t5(), &hub(&server, &home, false).client(&t5()).unwrap()).unwrap();
    assert_eq!(listing.commit, COMMIT);
    let sizes: Vec<(&str, u64)> = listing.files.iter().map(|f| (f.name.as_str(), f.size)).collect();
    assert_eq!(sizes[1..3], [("config.json", 15), ("model.safetensors", 1000)]);
    assert!(!home.path().join("hub").exists());
}

#[test]
fn a_new_commit_takes_only_what_changed() {
    let (old, home) = (Repo::t5(1000), TempDir::new().unwrap());
    let mut new = old.clone();
    new.commit = "f".repeat(40);
    new.files[1].1 = b"{\"d_model\": 16}".to_vec();
    let server = Server::of(old);
    let first = fetch(&hub(&server, &home, false)).unwrap();
    let server = Server::of(new);
    let second = fetch(&hub(&server, &home, false)).unwrap();
    assert_eq!(server.asked("resolve").len(), 1);
    assert_ne!(first.folder, second.folder);
    assert_eq!(hub(&server, &home, true).cached(&t5()), Some(second));
    assert!(first.folder.join("model.safetensors").is_file());
}

#[test]
fn what_a_process_uses_is_not_removed() {
    let (repo, home) = (Repo::t5(1000), TempDir::new().unwrap());
    let server = Server::start(move |request| repo.answer(request));
    let hub = hub(&server, &home, false);
    let removed = || hub.remove(&hub.removal(&[t5()]).unwrap());
    fetch(&hub).unwrap();
    removed().unwrap();
    for _ in 0..2 {
        let snapshot = hub.get(&t5(), model_files, model_missing).unwrap();
        let e = removed().unwrap_err().to_string();
        assert!(e.contains("a running process uses it"), "{e}");
        assert!(hub.remove(&hub.leftovers(&[]).unwrap()).is_ok() && snapshot.folder.is_dir());
    }
}
