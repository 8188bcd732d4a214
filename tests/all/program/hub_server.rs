//! A hub on the loopback, well-behaved unless a test wants otherwise; what it was asked is kept.

use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[derive(Debug, Clone)]
pub struct Request {
    /// With its query.
    pub path: String,
    pub headers: HashMap<String, String>,
    /// How often this path was asked for before.
    pub before: usize,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection breaks after so many bytes of the body.
    pub cut: Option<usize>,
    /// Bytes at a time, with a pause after each.
    pub pace: Option<(usize, Duration)>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: Vec::new(), body: body.into(), cut: None, pace: None }
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Reply {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    pub fn redirect(to: impl ToString) -> Reply {
        Reply::new(302, "").with("Location", to)
    }

    pub fn cut(mut self, after: usize) -> Reply {
        self.cut = Some(after);
        self
    }

    pub fn slow(mut self, bytes: usize, pause: Duration) -> Reply {
        self.pace = Some((bytes, pause));
        self
    }
}

pub struct Server {
    pub url: String,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (log.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Server { url, log }
    }

    pub fn of(repo: Repo) -> Server {
        Server::start(move |request| repo.answer(request))
    }

    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// Requests with this in their path.
    pub fn asked(&self, part: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.path.contains(part)).collect()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let Some(request) = read(&stream, log) else { return };
    let reply = answer(&request);
    let _ = write(stream, reply);
}

fn read(stream: &TcpStream, log: &Mutex<Vec<Request>>) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_string();
    let mut headers = HashMap::new();
    while let Some(line) = lines.next()?.ok().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_string());
        if headers.len() > 100 {
            return None;
        }
    }
    let mut log = log.lock().unwrap();
    let before = log.iter().filter(|request| request.path == path).count();
    let request = Request { path, headers, before };
    log.push(request.clone());
    Some(request)
}

fn write(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", reply.body.len()));
    stream.write_all(head.as_bytes())?;
    let body = &reply.body[..reply.cut.unwrap_or(reply.body.len())];
    let (bytes, pause) = reply.pace.unwrap_or((body.len().max(1), Duration::ZERO));
    for piece in body.chunks(bytes) {
        stream.write_all(piece)?;
        stream.flush()?;
        thread::sleep(pause);
    }
    Ok(())
}

/// A model or dataset, as a hub has it.
#[derive(Clone)]
pub struct Repo {
    /// `models/org/name` or `datasets/org/name`.
    pub api: String,
    pub revision: String,
    pub commit: String,
    /// Name, content, and whether it is a large file.
    pub files: Vec<(String, Vec<u8>, bool)>,
}

impl Repo {
    pub fn new(api: &str, files: &[(&str, &[u8], bool)]) -> Repo {
        let own = |(name, content, large): &(&str, &[u8], bool)| {
            (name.to_string(), content.to_vec(), *large)
        };
        Repo {
            api: api.to_string(),
            revision: "main".to_string(),
            commit: COMMIT.to_string(),
            files: files.iter().map(own).collect(),
        }
    }

    /// `org/t5`, a model with a configuration, weights of this size and a tokenizer.
    pub fn t5(size: usize) -> Repo {
        let weights: Vec<u8> = (0..size).map(|i| (i * 7 % 251) as u8).collect();
        Repo::new(
            "models/org/t5",
            &[
                (".gitattributes", b"x", false),
                ("config.json", b"{\"d_model\": 8}\n", false),
                ("model.safetensors", &weights, true),
                ("spiece.model", b"pieces", true),
                ("tf_model.h5", b"not wanted", true),
            ],
        )
    }

    pub fn content(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|file| file.0 == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.as_slice()
    }

    pub fn hash(&self, name: &str) -> String {
        let (_, content, large) = self.files.iter().find(|file| file.0 == name).unwrap();
        if *large { sha256(content) } else { git(content) }
    }

    pub fn listing(&self) -> Value {
        let file = |(name, content, large): &(String, Vec<u8>, bool)| match large {
            true => json!({ "rfilename": name, "size": content.len(), "blobId": git(b"pointer"),
                "lfs": { "sha256": sha256(content), "size": content.len(), "pointerSize": 7 } }),
            false => json!({ "rfilename": name, "size": content.len(), "blobId": git(content) }),
        };
        json!({ "id": "org/x", "sha": self.commit,
            "siblings": self.files.iter().map(file).collect::<Vec<Value>>() })
    }

    pub fn answer(&self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap();
        for revision in [&self.revision.replace('/', "%2F"), &self.commit] {
            if path == format!("/api/{}/revision/{revision}", self.api) {
                assert!(request.path.ends_with("?blobs=true"), "{}", request.path);
                return Reply::new(200, self.listing().to_string());
            }
        }
        let place = self.api.strip_prefix("models/").unwrap_or(&self.api);
        let name = path.strip_prefix(&format!("/{place}/resolve/{}/", self.commit));
        let Some(file) = self.files.iter().find(|file| Some(file.0.as_str()) == name) else {
            return Reply::new(404, "").with("X-Error-Code", "RepoNotFound");
        };
        ranged(&file.1, request).with("ETag", format!("\"{}\"", self.hash(&file.0)))
    }
}

/// A content from where the request wants it.
pub fn ranged(content: &[u8], request: &Request) -> Reply {
    let Some(range) = request.header("range") else {
        return Reply::new(200, content);
    };
    let start: usize = range.strip_prefix("bytes=").unwrap().trim_end_matches('-').parse().unwrap();
    let size = content.len();
    if start >= size {
        return Reply::new(416, "").with("Content-Range", format!("bytes */{size}"));
    }
    let span = format!("bytes {start}-{}/{size}", size - 1);
    Reply::new(206, &content[start..]).with("Content-Range", span)
}

pub fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

pub fn git(content: &[u8]) -> String {
    let mut hasher = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
    hasher.update(content);
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
