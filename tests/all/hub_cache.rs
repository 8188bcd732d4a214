//! The cache of models and datasets: several programs at once, Ctrl-C, looking at it, removing from it.

use crate::program::cache::{Home, files_below};
use crate::program::hub_server::{COMMIT, Reply, Repo, Server};
use crate::program::read;
use crate::program::terminal::Terminal;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::{Duration, Instant};

const MODEL: &str = "models--org--t5";

/// The weights come at 1 MB/s or slower.
fn slow(repo: Repo) -> Server {
    Server::start(move |request| match repo.answer(request) {
        reply if request.path.ends_with("safetensors") => {
            reply.slow(20_000, Duration::from_millis(20))
        }
        reply => reply,
    })
}

#[test]
fn programs_at_once_download_each_file_once() {
    let (home, repo) = (Home::new(), Repo::t5(1_000_000));
    let server = slow(repo.clone());
    let start = || {
        let mut command = home.compt(&server, &["fetch", "org/t5"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let programs: Vec<_> = (0..3).map(|_| start()).collect();
    let mut waited = false;
    for program in programs {
        let (code, _, err) = read(program.wait_with_output().unwrap());
        assert_eq!(code, 0, "{err}");
        waited |= err.contains("another process downloads");
    }
    assert!(waited);
    assert_eq!(server.asked("model.safetensors").len(), 1);
    assert!(home.content("model.safetensors") == repo.content("model.safetensors"));
    assert_eq!(files_below(&home.hub().join(MODEL).join("blobs")).len(), 3);
}

#[test]
fn ctrl_c_keeps_what_has_come() {
    let (home, repo) = (Home::new(), Repo::t5(3_000_000));
    let server = slow(repo.clone());
    let mut command = home.compt(&server, &["fetch", "org/t5"]);
    let program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let part = home
        .hub()
        .join(MODEL)
        .join("blobs")
        .join(format!("{}.incomplete", repo.hash("model.safetensors")));
    let start = Instant::now();
    while part.metadata().map_or(0, |found| found.len()) < 200_000 {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: the child is ours and not waited for yet.
    unsafe { libc::kill(program.id() as i32, libc::SIGINT) };
    let (code, out, err) = read(program.wait_with_output().unwrap());
    assert_eq!((code, out.as_str()), (130, ""));
    assert!(err.ends_with("compt: interrupted\n  help: the partial download is kept: the same command resumes it\n"), "{err}");
    let kept = part.metadata().unwrap().len();
    assert!(kept >= 200_000 && !home.hub().join(MODEL).join("snapshots").exists());
    let (_, out, _) = home.run(&server, &["cache"]);
    assert!(out.contains("org/t5: ") && out.contains(" of interrupted downloads"), "{out}");

    assert_eq!(home.fetch(&server, &["org/t5"]).0, 0);
    let asked = server.asked("model.safetensors");
    assert_eq!(asked[1].header("range"), Some(format!("bytes={kept}-").as_str()));
    assert!(home.content("model.safetensors") == repo.content("model.safetensors"));
}

#[test]
fn a_silent_server_does_not_hold_ctrl_c_up() {
    let home = Home::new();
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(600));
        Reply::new(200, "")
    });
    let mut command = home.compt(&server, &["fetch", "org/t5"]);
    let program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    // SAFETY: the child is ours and not waited for yet.
    unsafe { libc::kill(program.id() as i32, libc::SIGINT) };
    assert_eq!(read(program.wait_with_output().unwrap()).0, 130);
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// Two revisions of org/t5 that share all but the configuration, and a dataset.
fn filled() -> (Home, Server) {
    let home = Home::new();
    let (old, mut new) = (Repo::t5(5000), Repo::t5(5000));
    new.revision = "next".to_string();
    new.commit = "f".repeat(40);
    new.files[1].1 = b"{}".to_vec();
    let rows = Repo::new("datasets/org/rows", &[("a.csv", b"a,b", false)]);
    let server = Server::start(move |request| {
        let all = [&old, &new, &rows].map(|repo| repo.answer(request));
        all.into_iter().find(|reply| reply.status != 404).unwrap_or(Reply::new(404, ""))
    });
    let names = ["org/t5", "org/t5@next", "datasets/org/rows"];
    let (code, _, err) = home.fetch(&server, &names);
    assert_eq!(code, 0, "{err}");
    (home, server)
}

#[test]
fn the_cache_is_listed() {
    let (home, server) = filled();
    let (code, out, _) = home.run(&server, &["cache"]);
    assert_eq!(code, 0);
    assert_eq!(home.run(&server, &["cache", "list"]).1, out);
    let total = format!("4.91 KiB in {}", home.hub().display());
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0].join(" "), "kind name revisions files size last used");
    assert_eq!(lines[1].join(" "), "dataset org/rows main 0123456 1 3 B just now");
    assert_eq!(lines[2].join(" "), "model org/t5 main 0123456 4 4.91 KiB just now");
    assert_eq!(lines[3].join(" "), "next fffffff");
    assert!(out.ends_with(&format!("{total}\n")), "{out}");
    let empty = Home::new();
    assert!(empty.run(&server, &["cache"]).1.contains("is empty"));
}

#[test]
fn a_revision_goes_with_the_files_no_other_has() {
    let (home, server) = filled();
    let (code, out, err) = home.run(&server, &["cache", "prune", "org/t5@next"]);
    assert_eq!(code, 2);
    assert!(out.contains("revision fffffff, next") && err.contains("--yes"), "{out}{err}");
    assert_eq!(files_below(&home.hub().join(MODEL).join("blobs")).len(), 4);

    let (code, out, _) = home.run(&server, &["cache", "prune", "org/t5@fffffff", "--yes"]);
    assert_eq!((code, out.lines().last()), (0, Some("removed 2 B")));
    let left = files_below(&home.hub().join(MODEL));
    assert!(left.iter().all(|path| !path.contains("next") && !path.contains("ffffffff")));
    assert_eq!(home.content("config.json"), b"{\"d_model\": 8}\n");
    assert_eq!(files_below(&home.hub().join(MODEL).join("blobs")).len(), 3);
}

#[test]
fn what_is_named_goes_and_nothing_else() {
    let (home, server) = filled();
    let (code, _, err) = home.run(&server, &["cache", "prune", "org/t6", "--yes"]);
    assert!(code == 2 && err.contains("did you mean 'org/t5'?"), "{err}");
    let (code, _, err) = home.run(&server, &["cache", "prune", "org/t5@mian", "--yes"]);
    assert!(code == 2 && err.contains("did you mean 'main'?"), "{err}");
    let (code, _, err) = home.run(&server, &["cache", "prune", "--yes"]);
    assert!(code == 2 && err.contains("nothing to remove was named"), "{err}");
    assert_eq!(home.run(&server, &["cache", "prune", "org/t5", "--yes"]).0, 0);
    assert!(!home.hub().join(MODEL).exists());
    assert!(home.snapshot("datasets--org--rows", COMMIT).join("a.csv").is_file());
    // All revisions of it are all of it.
    let all = ["cache", "prune", "datasets/org/rows@main", "--yes"];
    assert_eq!(home.run(&server, &all).0, 0);
    assert!(!home.hub().join("datasets--org--rows").exists());
}

#[test]
fn leftovers_go_alone() {
    let (home, server) = filled();
    let model = home.hub().join(MODEL);
    fs::write(model.join("blobs/abc.incomplete"), "part").unwrap();
    fs::write(model.join("blobs/unused"), "of no revision").unwrap();
    let (code, out, _) = home.run(&server, &["cache", "prune", "--incomplete", "--yes"]);
    assert_eq!((code, out.as_str()), (0, "org/t5: 2 files that no revision uses\nremoved 18 B\n"));
    assert_eq!(files_below(&model.join("blobs")).len(), 4);
    let (_, out, _) = home.run(&server, &["cache", "prune", "--incomplete", "--yes"]);
    assert_eq!(out, "nothing to remove\n");
}

#[test]
fn links_out_of_the_cache_are_not_followed() {
    let (home, server) = filled();
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    fs::create_dir_all(precious.join("f".repeat(40))).unwrap();
    fs::write(precious.join("f".repeat(40)).join("config.json"), "mine").unwrap();
    fs::create_dir_all(precious.join(COMMIT)).unwrap();
    let snapshots = home.hub().join(MODEL).join("snapshots");
    fs::remove_dir_all(&snapshots).unwrap();
    symlink(&precious, &snapshots).unwrap();
    let (code, _, err) = home.run(&server, &["cache", "prune", "org/t5@next", "--yes"]);
    assert!(code == 1 && err.contains("outside the cache"), "{err}");
    // A link itself may go.
    assert_eq!(home.run(&server, &["cache", "prune", "org/t5", "--yes"]).0, 0);
    assert!(precious.join("f".repeat(40)).join("config.json").is_file());
    // A model's folder that lies elsewhere: the link goes, the folder stays.
    fs::write(outside.path().join("x"), "mine").unwrap();
    symlink(outside.path(), home.hub().join(MODEL)).unwrap();
    let (code, _, err) = home.run(&server, &["cache", "prune", "org/t5", "--yes"]);
    assert!(outside.path().join("x").is_file() && precious.is_dir(), "{code} {err}");
}

#[test]
fn what_another_program_downloads_does_not_go() {
    let (home, server) = filled();
    let locks = home.hub().join(".locks").join(MODEL);
    let lock = fs::File::open(locks.join(&files_below(&locks)[0])).unwrap();
    lock.lock().unwrap();
    let (code, _, err) = home.run(&server, &["cache", "prune", "org/t5", "--yes"]);
    assert!(code == 1 && err.contains("another process is downloading it"), "{err}");
    assert_eq!(home.content("config.json"), b"{\"d_model\": 8}\n");
}

#[test]
fn on_a_terminal_it_asks_and_shows_a_bar() {
    let (home, server) = filled();
    let mut command = home.compt(&server, &["cache", "prune", "org/t5"]);
    let mut terminal = Terminal::start(&mut command, 100);
    terminal.wait_for("[y/N]");
    terminal.press("n\n");
    terminal.wait_for("nothing was removed");
    let mut terminal = Terminal::start(&mut command, 100);
    terminal.wait_for("[y/N]");
    terminal.press("y\n");
    terminal.wait_for("removed 4.91 KiB");

    let server = slow(Repo::t5(2_000_000));
    let mut terminal = Terminal::start(&mut home.compt(&server, &["fetch", "org/t5"]), 100);
    terminal.wait_for("MiB/1.91 MiB");
    terminal.wait_for("left");
    terminal.wait_for(COMMIT);
    assert!(terminal.end().success());
}

#[test]
fn the_doctor_tells_of_the_hub_and_not_the_token() {
    let (home, server) = (Home::new(), Server::start(|_| Reply::new(500, "")));
    let mut command = home.compt(&server, &["doctor"]);
    command.env("HF_TOKEN", "hf_secret").env("HF_HUB_OFFLINE", "1");
    let (code, out, _) = read(command.output().unwrap());
    assert_eq!(code, 0);
    let hub = format!("hub         {}, offline (HF_HUB_OFFLINE), with a token\n", server.url);
    assert!(out.contains(&hub) && !out.contains("secret"), "{out}");
    assert!(
        out.contains(&format!("cache       {} (not there yet)", home.hub().display())),
        "{out}"
    );
    assert!(server.requests().is_empty());
}
