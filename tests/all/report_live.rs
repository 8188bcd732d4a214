//! `compt report --follow`: the page that is served while runs train, what it refuses, and what it leaves as it was.

use crate::program::{Study, compt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const STUDY: &str = r#"
local compt, small = require "compt", require "small"
for seed = 1, 3 do
  local t = small.trainer { steps = 4, name = "run" .. seed, seed = seed }
  t:run()
  t:evaluate "test"
end
"#;

/// A server with the address that it printed.
struct Server {
    child: Child,
    port: String,
    token: String,
}

impl Server {
    fn start(study: &Study) -> Server {
        let mut command = compt(&["report", "runs", "--follow", "--title", "A < B"]);
        command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.trim().strip_prefix("http://127.0.0.1:").expect(&line);
        let (port, token) = rest.trim_end_matches('/').split_once('/').expect(&line);
        Server { child, port: port.into(), token: token.into() }
    }

    fn open(&self) -> TcpStream {
        TcpStream::connect(format!("127.0.0.1:{}", self.port)).unwrap()
    }

    /// The status and the body of the answer to some bytes.
    fn send(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = self.open();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), body.to_string())
    }

    fn ask(&self, method: &str, target: &str, host: &str) -> (u16, String) {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    }

    fn get(&self, below: &str) -> (u16, String) {
        let host = format!("127.0.0.1:{}", self.port);
        self.ask("GET", &format!("/{}/{below}", self.token), &host)
    }

    /// Waits for what is new since a version, until it is what is expected.
    fn wait_for(&self, version: u64, is_it: impl Fn(&Value) -> bool) -> Value {
        let (until, mut last) = (Instant::now() + Duration::from_secs(120), String::new());
        while Instant::now() < until {
            let (status, body) = self.get(&format!("since?{version}"));
            if status == 200 {
                let news: Value = serde_json::from_str(&body).unwrap();
                if is_it(&news) {
                    return news;
                }
                last = body;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not come; the last news: {last}");
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn version(news: &Value) -> u64 {
    news["version"].as_u64().unwrap()
}

fn ids(news: &Value) -> Vec<&str> {
    news["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect()
}

/// Every file below a folder with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

fn expect_refusals(server: &Server) {
    let host = format!("127.0.0.1:{}", server.port);
    let page = format!("/{}/", server.token);
    let status = |method: &str, target: &str, host: &str| server.ask(method, target, host).0;
    for target in
        ["/", "/index.html", "/since?0", &format!("/{}x/", server.token), "/../etc/passwd"]
    {
        assert_eq!(status("GET", target, &host), 404, "{target}");
    }
    assert_eq!(status("GET", &page, "evil.example"), 403, "a name that points to this machine");
    assert_eq!(status("POST", &page, &host), 405);
    assert_eq!(status("DELETE", &page, &host), 405);
    assert_eq!(server.send(b"nonsense\r\n\r\n").0, 400);
    assert_eq!(server.send(&[&[0xff; 64][..], b"\r\n\r\n"].concat()).0, 400);
    let long = format!("GET {page} HTTP/1.1\r\nHost: {host}\r\nX: {}", "x".repeat(20_000));
    assert_eq!(server.send(long.as_bytes()).0, 431);
    // Those who connect and say nothing keep nobody waiting.
    let _idle: Vec<TcpStream> = (0..3).map(|_| server.open()).collect();
    assert_eq!(
        server.ask("HEAD", &page, &format!("localhost:{}", server.port)),
        (200, String::new())
    );
}

#[test]
fn a_page_follows_runs_that_come_go_and_break() {
    let study = Study::small(STUDY);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert_eq!(code, 0, "{err}");
    let mut server = Server::start(&study);
    let (status, page) = server.get("");
    assert_eq!(status, 200);
    assert!(page.contains("<title>A &lt; B</title>") && page.contains("connect-src 'self'"));
    expect_refusals(&server);

    let all = server.wait_for(0, |_| true);
    assert_eq!(ids(&all), ["run1", "run2", "run3"]);
    assert!(all["body"][1].as_str().unwrap().contains("<table"), "{}", all["body"]);
    assert_eq!(server.get(&format!("since?{}", version(&all))), (304, String::new()));

    // A step more of one run.
    let line = "{\"step\":5,\"loss\":0.125,\"lr\":{}}\n";
    let metrics = study.path("runs/run2/metrics.jsonl");
    fs::OpenOptions::new().append(true).open(metrics).unwrap().write_all(line.as_bytes()).unwrap();
    let more = server.wait_for(version(&all), |news| !ids(news).is_empty());
    assert_eq!((ids(&more), &more["order"]), (vec!["run2"], &Value::Null), "only what is new");
    let curve = &more["runs"][0]["curves"][0];
    assert_eq!((&curve["x"][4], &curve["y"]["loss"][4]), (&5.into(), &0.125.into()));

    // One goes, one comes, one breaks.
    fs::remove_dir_all(study.path("runs/run1")).unwrap();
    let fewer = server.wait_for(version(&more), |news| news["order"].is_array());
    assert_eq!(fewer["order"], serde_json::json!(["run2", "run3"]));
    fs::write(study.path("runs/run3/result.json"), "{ \"steps\"").unwrap();
    let broken = server.wait_for(version(&fewer), |news| news["follow"]["note"].is_string());
    assert!(broken["follow"]["note"].as_str().unwrap().contains("run3"), "{broken}");
    fs::rename(study.path("runs"), study.path("elsewhere")).unwrap();
    let gone = server.wait_for(version(&broken), |news| news["follow"]["problem"].is_string());
    assert!(gone["order"].is_null(), "the page keeps what it had");
    fs::rename(study.path("elsewhere"), study.path("runs")).unwrap();
    let back = server.wait_for(version(&gone), |news| news["follow"].is_object());
    assert_eq!(back["follow"]["problem"], Value::Null);

    let before = contents(study.0.path());
    // SAFETY: a signal to our own child.
    unsafe { libc::kill(server.child.id() as i32, libc::SIGINT) };
    assert_eq!(server.child.wait().unwrap().code(), Some(130));
    assert_eq!(contents(study.0.path()), before, "nothing is written");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let study = Study::new(&[("runs/notes.txt", "")]);
    let (code, _, err) = study.run(&["report", "nowhere", "--follow"]);
    assert!(code == 2 && err.contains("nowhere: no such folder"), "{err}");
    let (code, _, err) = study.run(&["report", "runs", "--follow", "-o", "page.html"]);
    assert!(code == 2 && err.contains("--follow"), "{err}");
    let (code, _, err) = study.run(&["report", "runs", "--port", "8080"]);
    assert!(code == 2 && err.contains("--follow"), "{err}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, _, err) = study.run(&["report", "runs", "--follow", "--port", &port]);
    assert!(code == 2 && err.contains(&port) && err.contains("choose another --port"), "{err}");
}
