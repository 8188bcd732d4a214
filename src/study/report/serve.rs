//! A page that is served to this machine alone, while runs train.
//!
//! Only what names the token is answered, and only if it was meant for this machine: a page of another site cannot
//! learn the token, and a name that is made to point to 127.0.0.1 (DNS rebinding) is not this machine's. Nothing can be
//! changed through the server.

mod request;

use super::live::{Live, Parts};
use super::page::{Page, Template};
use crate::{Error, Result};
use compt_base::stop::monotonic_ms;
use compt_error::Context;
use request::{Request, read};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

/// The most requests that are answered at once.
const AT_ONCE: usize = 16;
/// The time to read a request, and to send a part of an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most reads of what was sent beyond a request.
const UNREAD: usize = 64;
/// A page that is open asks more often than this.
const WATCHED_MS: i64 = 15_000;

/// What the page shows.
#[derive(Default)]
struct Shown {
    title: String,
    live: Live,
}

struct Shared {
    token: String,
    port: u16,
    template: Template,
    shown: RwLock<Shown>,
    /// When an open page asked last, in milliseconds of the monotonic clock.
    asked: AtomicI64,
    open: AtomicUsize,
}

/// Serves a page at 127.0.0.1 until the process ends.
pub struct Server {
    shared: Arc<Shared>,
}

impl Server {
    /// Listens at a port of 127.0.0.1; 0: any free one. Errors: the port is taken, or the system has no random numbers.
    pub fn start(port: u16, template: Template) -> Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(Error::from)
            .map_err(|e| e.at(format!("127.0.0.1:{port}")).hint("choose another --port"))?;
        let shared = Arc::new(Shared {
            token: token().at("/dev/urandom")?,
            port: listener.local_addr()?.port(),
            template,
            shown: RwLock::default(),
            asked: AtomicI64::new(i64::MIN / 2),
            open: AtomicUsize::new(0),
        });
        let server = Server { shared: shared.clone() };
        thread::Builder::new()
            .name("report".into())
            .spawn(move || listener.incoming().flatten().for_each(|stream| answer(&shared, stream)))
            .at("the page cannot be served")?;
        Ok(server)
    }

    /// Where the page is.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.shared.port, self.shared.token)
    }

    /// Shows something else from now on.
    pub fn publish(&self, title: &str, parts: Parts) {
        let mut shown = self.shared.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.title = title.to_string();
        shown.live.publish(parts);
    }

    /// Tells the reader why the page is not up to date, if it is not, and what else there is to know.
    pub fn tell(&self, problem: Option<&str>, note: Option<&str>) {
        let mut shown = self.shared.shown.write().unwrap_or_else(PoisonError::into_inner);
        let told = serde_json::json!({ "problem": problem, "note": note });
        shown.live.set("follow", told.to_string());
    }

    /// Whether a page is open somewhere.
    pub fn is_watched(&self) -> bool {
        monotonic_ms() - self.shared.asked.load(Ordering::Relaxed) < WATCHED_MS
    }
}

/// 128 bits of the system's random numbers.
fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Answers in a thread of its own, unless too many are at work.
fn answer(shared: &Arc<Shared>, mut stream: TcpStream) {
    let _ = stream.set_write_timeout(Some(PATIENCE));
    if shared.open.fetch_add(1, Ordering::SeqCst) >= AT_ONCE {
        let _ = Answer::refusal("503 Service Unavailable").send(&mut stream, false);
        shared.open.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    let own = shared.clone();
    let serve = move || {
        if let Some(request) = read(&mut stream, PATIENCE) {
            let (answer, head) = match &request {
                Ok(request) => (own.answer(request), request.method == "HEAD"),
                Err(status) => (Answer::refusal(status), false),
            };
            let _ = answer.send(&mut stream, head);
        }
        own.open.fetch_sub(1, Ordering::SeqCst);
    };
    if thread::Builder::new().name("request".into()).spawn(serve).is_err() {
        shared.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Answer {
        if !is_ours(&request.host) {
            return Answer::refusal("403 Forbidden");
        }
        let below = request.target.strip_prefix('/').and_then(|path| path.split_once('/'));
        let Some((_, below)) = below.filter(|(token, _)| same(token, &self.token)) else {
            return Answer::refusal("404 Not Found");
        };
        if !["GET", "HEAD"].contains(&request.method.as_str()) {
            return Answer::refusal("405 Method Not Allowed");
        }
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let since = below.strip_prefix("since?").map(str::parse);
        if below.is_empty() || since.is_some() {
            self.asked.store(monotonic_ms(), Ordering::Relaxed);
        }
        match since {
            None if below.is_empty() => {
                let page =
                    Page { title: &shown.title, body: &[], live: &shown.live, follows: true };
                Answer::of("text/html", page.html(&self.template))
            }
            Some(Ok(version)) => match shown.live.since(version) {
                Some(news) => Answer::of("application/json", news),
                None => Answer { status: "304 Not Modified", kind: None, body: String::new() },
            },
            _ => Answer::refusal("404 Not Found"),
        }
    }
}

/// Whether a request was meant for this machine; a port may be another one where it is forwarded.
fn is_ours(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    ["127.0.0.1", "localhost"].contains(&name) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && differences == 0
}

struct Answer {
    status: &'static str,
    kind: Option<&'static str>,
    body: String,
}

impl Answer {
    fn of(kind: &'static str, body: String) -> Answer {
        Answer { status: "200 OK", kind: Some(kind), body }
    }

    fn refusal(status: &'static str) -> Answer {
        Answer { status, kind: Some("text/plain"), body: format!("{status}\n") }
    }

    fn send(&self, stream: &mut TcpStream, head: bool) -> io::Result<()> {
        let mut text = format!("HTTP/1.1 {}\r\n", self.status);
        if let Some(kind) = self.kind {
            text += &format!("Content-Type: {kind}; charset=utf-8\r\n");
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        if self.status.starts_with("405") {
            text += "Allow: GET, HEAD\r\n";
        }
        text += "Cache-Control: no-store\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\
                 Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n\
                 Cross-Origin-Resource-Policy: same-origin\r\n\r\n";
        stream.write_all(text.as_bytes())?;
        if !head {
            stream.write_all(self.body.as_bytes())?;
        }
        stream.flush()?;
        // What the other side has sent beyond the request would reset the connection before it has read the answer.
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        let (mut rest, mut part) = (UNREAD, [0; 1024]);
        while rest > 0 && stream.read(&mut part)? > 0 {
            rest -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Shared {
        let mut live = Live::default();
        live.publish(Parts { rest: vec![("head".into(), "1".into())], runs: Vec::new() });
        Shared {
            token: "secret".into(),
            port: 80,
            template: Template { skeleton: "{{data}}".into(), styles: vec![], scripts: vec![] },
            shown: RwLock::new(Shown { title: "a".into(), live }),
            asked: AtomicI64::new(0),
            open: AtomicUsize::new(0),
        }
    }

    #[test]
    fn only_the_page_and_what_is_new_is_answered() {
        let shared = shared();
        let status = |method: &str, target: &str, host: &str| {
            let request =
                Request { method: method.into(), target: target.into(), host: host.into() };
            shared.answer(&request).status[..3].parse::<u16>().unwrap()
        };
        let get = |target: &str| status("GET", target, "127.0.0.1:80");
        assert_eq!(
            (get("/secret/"), get("/secret/since?0"), get("/secret/since?1")),
            (200, 200, 304)
        );
        assert_eq!(status("HEAD", "/secret/", "localhost:8080"), 200, "a port that is forwarded");
        for target in
            ["/", "", "/secret", "/secre/", "/secret2/", "//", "/secret/x", "/secret/since?x", "*"]
        {
            assert_eq!(get(target), 404, "{target}");
        }
        for host in
            ["evil.example:80", "", ":80", "127.0.0.1.evil.example", "127.0.0.1:80.evil.example"]
        {
            assert_eq!(status("GET", "/secret/", host), 403, "{host}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
            assert_eq!(status(method, "/secret/", "127.0.0.1:80"), 405, "{method}");
        }
    }

    #[test]
    fn tokens_are_long_and_not_the_same() {
        let (a, b) = (token().unwrap(), token().unwrap());
        assert!(a.len() == 32 && a != b && !same(&a, &b) && same(&a, &a.clone()));
        assert!(!same("", "a") && !same("ab", "a"));
    }
}
