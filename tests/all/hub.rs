//! `compt fetch` against a hub on the loopback: what comes, what is refused, what is asked for.

use crate::program::cache::{Home, files_below};
use crate::program::hub_server::{COMMIT, Reply, Repo, Request, Server, ranged};
use crate::program::read;
use serde_json::json;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_model_comes_whole_and_then_stays() {
    let (home, repo) = (Home::new(), Repo::t5(3_000_000));
    let server = Server::of(repo.clone());
    let (code, out, err) = home.fetch(&server, &["org/t5"]);
    let folder = home.snapshot("models--org--t5", COMMIT);
    assert_eq!((code, out), (0, format!("{}\n", folder.display())), "{err}");
    assert_eq!(err, "org/t5: 3 files, 2.86 MiB\n");
    assert_eq!(files_below(&folder), ["config.json", "model.safetensors", "spiece.model"]);
    for name in ["config.json", "model.safetensors", "spiece.model"] {
        assert!(fs::read(folder.join(name)).unwrap() == repo.content(name), "{name}");
        let link = fs::read_link(folder.join(name)).unwrap();
        assert_eq!(link.to_str().unwrap(), format!("../../blobs/{}", repo.hash(name)));
    }
    let main = fs::read_to_string(home.hub().join("models--org--t5/refs/main")).unwrap();
    assert_eq!(main, COMMIT);

    // Once more: one look at what there is, nothing else.
    let before = server.requests().len();
    assert_eq!(home.fetch(&server, &["org/t5"]).0, 0);
    assert_eq!(server.requests().len(), before + 1);
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn datasets_come_whole_or_by_pattern_at_any_revision() {
    let (home, mut repo) = (
        Home::new(),
        Repo::new(
            "datasets/org/rows",
            &[
                ("README.md", b"rows", false),
                ("sst2/train 1.csv", b"a,b", true),
                ("empty", b"", false),
            ],
        ),
    );
    repo.revision = "refs/pr/5".to_string();
    // What stands in an address is encoded.
    let answering = repo.clone();
    let server = Server::start(move |request| {
        let path = request.path.replace("%20", " ");
        answering.answer(&Request { path, ..request.clone() })
    });
    let name = "datasets/org/rows@refs/pr/5";
    let (code, out, err) = home.fetch(&server, &[name, "--include", "sst2/*"]);
    assert_eq!(code, 0, "{err}");
    let folder = std::path::PathBuf::from(out.trim());
    assert_eq!(files_below(&folder), ["sst2/train 1.csv"]);
    let link = fs::read_link(folder.join("sst2/train 1.csv")).unwrap();
    assert!(link.starts_with("../../../blobs"), "{}", link.display());
    assert!(home.hub().join("datasets--org--rows/refs/refs/pr/5").is_file());
    assert_eq!(home.fetch(&server, &["datasets/org/rows", "--revision", COMMIT]).0, 0);
    assert_eq!(files_below(&folder), ["README.md", "empty", "sst2/train 1.csv"]);
    let (code, _, err) = home.fetch(&server, &[name, "--include", "*.json"]);
    assert_eq!(code, 1);
    assert!(err.contains("no file matches '*.json'") && err.contains("README.md"), "{err}");
}

#[test]
fn a_body_cut_in_the_middle_goes_on_where_it_was() {
    let (home, repo) = (Home::new(), Repo::t5(100_000));
    let answering = repo.clone();
    let server = Server::start(move |request| match answering.answer(request) {
        reply if request.path.ends_with("safetensors") && request.before == 0 => reply.cut(40_000),
        reply => reply,
    });
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("org/t5 model.safetensors: ") && err.contains("; retrying in 0.5 s"),
        "{err}"
    );
    let asked = server.asked("model.safetensors");
    let ranges: Vec<Option<&str>> = asked.iter().map(|request| request.header("range")).collect();
    assert_eq!(ranges, [None, Some("bytes=40000-")]);
    assert!(home.content("model.safetensors") == repo.content("model.safetensors"));
}

/// A fetch where a part of the weights lies from before; gives the ranges asked for.
fn with_a_part(
    part: &[u8],
    answer: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static,
) -> Vec<String> {
    let (home, repo) = (Home::new(), Repo::t5(1000));
    let answering = repo.clone();
    let server = Server::start(move |request| {
        let reply = answering.answer(request);
        if request.path.ends_with("safetensors") { answer(request, reply) } else { reply }
    });
    let blobs = home.hub().join("models--org--t5/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let path = blobs.join(format!("{}.incomplete", repo.hash("model.safetensors")));
    fs::write(&path, part).unwrap();
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert_eq!(code, 0, "{err}");
    assert!(home.content("model.safetensors") == repo.content("model.safetensors"));
    assert!(!path.exists());
    let asked = server.asked("model.safetensors");
    asked.iter().map(|request| request.header("range").unwrap_or("all").to_string()).collect()
}

#[test]
fn parts_are_taken_up_whatever_the_server_makes_of_it() {
    let content = Repo::t5(1000).content("model.safetensors").to_vec();
    let good = |_: &Request, reply: Reply| reply;
    assert_eq!(with_a_part(&content[..400], good), ["bytes=400-"]);
    // All of it is there: only the name was missing.
    assert!(with_a_part(&content, good).is_empty());
    // Longer than the file; or another file's beginning.
    assert_eq!(with_a_part(&[1; 2000], good), ["all"]);
    assert_eq!(with_a_part(&[1; 300], good), ["bytes=300-", "all"]);
    // A server that knows no ranges.
    let whole = content.clone();
    let ignoring = move |_: &Request, _: Reply| Reply::new(200, whole.clone());
    assert_eq!(with_a_part(&content[..400], ignoring), ["bytes=400-"]);
    // One that starts elsewhere, and one that refuses.
    let whole = content.clone();
    let astray = move |request: &Request, reply: Reply| match request.header("range") {
        Some(_) => Reply::new(206, &whole[500..]).with("Content-Range", "bytes 500-999/1000"),
        None => reply,
    };
    assert_eq!(with_a_part(&content[..400], astray), ["bytes=400-", "all"]);
    let refusing = |request: &Request, reply: Reply| match request.header("range") {
        Some(_) => Reply::new(416, ""),
        None => reply,
    };
    assert_eq!(with_a_part(&content[..400], refusing), ["bytes=400-", "all"]);
}

#[test]
fn a_wrong_hash_is_refused_and_leaves_nothing() {
    let (home, repo) = (Home::new(), Repo::t5(1000));
    let server = Server::start(move |request| match repo.answer(request) {
        reply if request.path.ends_with("safetensors") => {
            Reply::new(200, vec![7; reply.body.len()])
        }
        reply => reply,
    });
    let (code, out, err) = home.fetch(&server, &["org/t5"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("org/t5 model.safetensors: the content does not have the listed hash"),
        "{err}"
    );
    let model = home.hub().join("models--org--t5");
    assert!(!model.join("snapshots").exists() && !model.join("refs").exists());
    assert!(files_below(&model.join("blobs")).iter().all(|name| !name.contains("incomplete")));
}

#[test]
fn more_than_was_listed_is_refused() {
    let (home, repo) = (Home::new(), Repo::t5(1000));
    let server = Server::start(move |request| match repo.answer(request) {
        _ if request.path.ends_with("safetensors") => Reply::new(200, vec![7; 1 << 20]),
        reply => reply,
    });
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert!(code == 1 && err.contains("the server sends more than the 1000 bytes"), "{err}");
    assert!(!home.hub().join("models--org--t5/snapshots").exists());
}

#[test]
fn hostile_lists_change_nothing_anywhere() {
    let home = Home::new();
    let listing = Arc::new(Mutex::new(String::new()));
    let said = listing.clone();
    let server = Server::start(move |_| Reply::new(200, said.lock().unwrap().clone()));
    let id = "a".repeat(40);
    let mut lists = vec!["{".to_string(), "<html>".into(), "[]".into(), "{}".into(), String::new()];
    for name in ["../../evil", "/etc/x", "a/../../b", "..\\x", "a\0b", "", "config.json/.."] {
        let file = json!({ "rfilename": name, "size": 1, "blobId": id });
        lists.push(json!({ "sha": COMMIT, "siblings": [file] }).to_string());
    }
    for size in [json!(-1), json!(u64::MAX), json!(1e300)] {
        let file = json!({ "rfilename": "x", "size": size, "blobId": id });
        lists.push(json!({ "sha": COMMIT, "siblings": [file] }).to_string());
    }
    for sha in ["../../../evil", "main", "/tmp/x"] {
        lists.push(json!({ "sha": sha, "siblings": [] }).to_string());
    }
    for list in lists {
        *listing.lock().unwrap() = list.clone();
        let (code, out, err) = home.fetch(&server, &["org/t5", "--include", "*"]);
        assert_eq!((code, out.as_str()), (1, ""), "{list}: {err}");
        assert!(err.contains("compt: org/t5: ") && err.contains("is http://127.0.0.1"), "{err}");
    }
    assert!(files_below(home.path()).is_empty(), "{:?}", files_below(home.path()));
}

#[test]
fn a_commit_is_that_commit() {
    let home = Home::new();
    let other = "f".repeat(40);
    let server = Server::start(|_| Reply::new(200, Repo::t5(10).listing().to_string()));
    let (code, _, err) = home.fetch(&server, &["org/t5", "--revision", &other]);
    assert!(code == 1 && err.contains("another commit"), "{err}");
}

#[test]
fn redirects_are_followed_and_the_token_stays_home() {
    let (home, repo) = (Home::new(), Repo::t5(1000));
    let elsewhere = repo.clone();
    let cdn = Server::start(move |request| {
        ranged(elsewhere.content(request.path.trim_start_matches("/cdn/")), request)
    });
    let url = cdn.url.clone();
    let server = Server::start(move |request| {
        if request.header("authorization") != Some("Bearer hf_secret") {
            return Reply::new(401, "").with("X-Error-Message", "Invalid credentials");
        }
        let name = request.path.rsplit('/').next().unwrap();
        match request.path.as_str() {
            // As old names are redirected to new ones.
            path if path.starts_with("/api/models/org/old") => {
                Reply::redirect(path.replace("old", "t5"))
            }
            "/org/old/resolve/0123456789abcdef0123456789abcdef01234567/model.safetensors" => {
                Reply::redirect(format!("{url}/cdn/{name}"))
            }
            path if path.contains("/old/") => Reply::redirect(path.replace("old", "t5")),
            _ => repo.answer(request),
        }
    });
    let run = |token: &str| {
        read(home.compt(&server, &["fetch", "org/old"]).env("HF_TOKEN", token).output().unwrap())
    };
    let (code, _, err) = run("");
    assert!(code == 1 && err.contains("or it is private") && err.contains("HF_TOKEN"), "{err}");
    let (code, _, err) = run("hf_other");
    assert!(code == 1 && err.contains("token is not accepted"), "{err}");
    assert!(err.contains("Invalid credentials") && !err.contains("hf_other"), "{err}");
    let (code, _, err) = run("hf_secret");
    assert_eq!(code, 0, "{err}");
    assert_eq!(cdn.requests().len(), 1);
    assert_eq!(cdn.requests()[0].header("authorization"), None);
    // The token's file does as well.
    fs::remove_dir_all(home.hub()).unwrap();
    fs::write(home.path().join("token"), "hf_secret\n").unwrap();
    assert_eq!(run("").0, 0);
}

#[test]
fn redirects_end() {
    let home = Home::new();
    let server = Server::start(|request| Reply::redirect(format!("{}x", request.path)));
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert!(code == 1 && err.contains("redirects too often"), "{err}");
    assert!(server.requests().len() <= 11);
    let server = Server::start(|_| Reply::redirect("file:///etc/passwd"));
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert!(code == 1 && err.contains("a redirect to 'file:///etc/passwd'"), "{err}");
}

#[test]
fn what_is_not_there_is_told_apart() {
    let home = Home::new();
    for (status, code, said, help) in [
        (404, "RepoNotFound", "there is no model org/t5 at http://127.0.0.1:", "datasets/org/name"),
        (404, "RevisionNotFound", "model org/t5 has no revision 'main'", "/org/t5/tree/main"),
        (403, "GatedRepo", "access is refused (403)", "accept its terms at http://127.0.0.1:"),
        (401, "GatedRepo", "access is refused (401)", "HF_TOKEN"),
        (400, "", "answers 400", ""),
    ] {
        let server = Server::start(move |_| Reply::new(status, "").with("X-Error-Code", code));
        let (exit, _, err) = home.fetch(&server, &["org/t5"]);
        assert!(exit == 1 && err.contains(said) && err.contains(help), "{err}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_busy_server_is_waited_for() {
    let (home, repo) = (Home::new(), Repo::t5(1000));
    let server = Server::start(move |request| match request.before {
        0 if request.path.starts_with("/api") => Reply::new(429, "").with("Retry-After", 1),
        0 => Reply::new(503, ""),
        _ => repo.answer(request),
    });
    let (code, _, err) = home.fetch(&server, &["org/t5", "--include", "config.json"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("org/t5: too many requests (429); retrying in 1.0 s\n"), "{err}");
    assert!(err.contains("server error (503); retrying in 0.5 s\n"), "{err}");
    let server = Server::start(|_| Reply::new(429, "").with("Retry-After", 86400));
    let (code, _, err) = home.fetch(&server, &["org/t5"]);
    assert!(code == 1 && err.contains("asked to wait 86400 s"), "{err}");
}

#[test]
fn offline_no_request_is_made() {
    let (home, server) = (Home::new(), Server::of(Repo::t5(1000)));
    for value in ["1", "true", "YES", "On"] {
        let mut command = home.compt(&server, &["fetch", "org/t5"]);
        let (code, _, err) = read(command.env("HF_HUB_OFFLINE", value).output().unwrap());
        assert!(code == 1 && err.contains("HF_HUB_OFFLINE is set"), "{err}");
        assert!(err.contains("run `compt fetch org/t5` where there is a network"), "{err}");
    }
    assert!(server.requests().is_empty());
    // What is there is given.
    let (_, folder, _) = home.fetch(&server, &["org/t5"]);
    let asked = server.requests().len();
    let mut command = home.compt(&server, &["fetch", "org/t5"]);
    let again = read(command.env("HF_HUB_OFFLINE", "1").output().unwrap());
    assert_eq!(again, (0, folder, String::new()));
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let (home, server) = (Home::new(), Server::of(Repo::t5(10)));
    for arguments in
        [&["../x"][..], &["a/b/c"], &["org/t5@a", "--revision", "b"], &["org/t5@.."], &[]]
    {
        assert_eq!(home.fetch(&server, arguments).0, 2, "{arguments:?}");
    }
    let mut command = home.compt(&server, &["fetch", "org/t5"]);
    let (code, _, err) = read(command.env("HF_ENDPOINT", "nowhere").output().unwrap());
    assert!(code == 2 && err.contains("HF_ENDPOINT: 'nowhere' is no address"), "{err}");
    assert!(server.requests().is_empty());
}

#[test]
fn no_connection_names_the_endpoint() {
    let (home, server) = (Home::new(), Server::of(Repo::t5(10)));
    let mut command = home.compt(&server, &["fetch", "org/t5"]);
    // Nobody listens on port 1.
    command.env("HF_ENDPOINT", "http://127.0.0.1:1/");
    let start = std::time::Instant::now();
    let (code, _, err) = read(command.output().unwrap());
    assert!(code == 1 && err.contains("no connection to 127.0.0.1:1"), "{err}");
    assert!(err.contains("the hub is http://127.0.0.1:1: set HF_ENDPOINT for a mirror"), "{err}");
    assert!(start.elapsed() < Duration::from_secs(60));
}
