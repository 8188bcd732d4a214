//! Requests: redirects followed by hand, so that the token goes to the endpoint alone; every wait
//! ends with Ctrl-C; what may work later is tried again.

use super::failure;
use super::settings::{Settings, Waits};
use crate::{Error, Result, interrupt};
use compt_core::notice;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

const MOST_REDIRECTS: usize = 10;
const CHUNK: usize = 256 << 10;
/// How often a wait looks for Ctrl-C.
const LOOK: Duration = Duration::from_millis(50);
/// So much that came makes the attempts start anew.
const GAIN: u64 = 1 << 20;

pub struct Client {
    agent: Agent,
    pub endpoint: String,
    token: Option<String>,
    pub waits: Waits,
}

/// Why an attempt came to nothing.
pub enum Trouble {
    /// It may work later: what happened, and the wait a server asked for.
    Passing {
        what: String,
        after: Option<Duration>,
    },
    /// There seems to be no way to the server.
    Unreachable(String),
    Lasting(Error),
}

/// What an attempt brings.
pub type Attempt<T> = std::result::Result<T, Trouble>;

impl<E: Into<Error>> From<E> for Trouble {
    fn from(e: E) -> Trouble {
        Trouble::Lasting(e.into())
    }
}

/// A server's answer; its body comes in pieces.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    body: Receiver<Piece>,
}

/// What the thread of a request sends: the head first, then the body, an empty piece at its end.
enum Piece {
    Head(u16, HeaderMap),
    Bytes(Vec<u8>),
    Failed(ureq::Error),
}

impl Client {
    pub fn new(settings: &Settings) -> Result<Client> {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding(AutoHeaderValue::Provided("identity".to_string().into()))
            .user_agent(concat!("compt/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls(settings)?)
            .timeout_connect(Some(settings.waits.silence))
            .timeout_resolve(Some(settings.waits.silence))
            .timeout_per_read(Some(settings.waits.silence));
        Ok(Client {
            agent: config.build().into(),
            endpoint: settings.endpoint.clone(),
            token: settings.token.clone(),
            waits: settings.waits.clone(),
        })
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Asks for an address, from this byte on, and follows redirects.
    pub fn get(&self, url: &str, from: u64) -> Attempt<Answer> {
        let mut url = url.to_string();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.ask(&url, from)?;
            match (answer.status, answer.header("location")) {
                (301 | 302 | 303 | 307 | 308, Some(to)) => url = redirected(&url, to)?,
                _ => return Ok(answer),
            }
        }
        Err(Error::new(format!("{} redirects without end", self.endpoint)).into())
    }

    /// One request, on a thread of its own: the caller may leave it behind.
    fn ask(&self, url: &str, from: u64) -> Attempt<Answer> {
        let mut request = self.agent.get(url);
        if let (Some(token), true) = (&self.token, origin(url) == origin(&self.endpoint)) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let (sender, body) = sync_channel(4);
        thread::spawn(move || {
            // A send fails once nobody wants the answer any more.
            let send = |piece| sender.send(piece).is_ok();
            match request.call() {
                Ok(response) => pass_on(response, send),
                Err(e) => drop(send(Piece::Failed(e))),
            }
        });
        match next(&body)? {
            Piece::Head(status, headers) => Ok(Answer { status, headers, body }),
            Piece::Failed(e) => Err(failure::of_request(e, url, &self.endpoint)),
            Piece::Bytes(_) => unreachable!("the head comes first"),
        }
    }

    /// Makes attempts until one works, or trouble lasts. An attempt tells how many bytes there are
    /// by now.
    pub fn persist<T>(
        &self,
        what: &str,
        mut attempt: impl FnMut(&mut u64) -> Attempt<T>,
    ) -> Result<T> {
        const UNREACHABLE: u32 = 2;
        let (mut failed, mut before) = (0, 0);
        let mut there = 0;
        loop {
            let (trouble, asked, tries) = match attempt(&mut there) {
                Ok(done) => return Ok(done),
                Err(Trouble::Lasting(e)) => return Err(e),
                Err(Trouble::Unreachable(what)) if there == 0 => (what, None, UNREACHABLE),
                Err(Trouble::Unreachable(what)) => (what, None, self.waits.tries),
                Err(Trouble::Passing { what, after }) => (what, after, self.waits.tries),
            };
            if there >= before + GAIN {
                failed = 0;
            }
            before = there;
            failed += 1;
            if failed >= tries.min(self.waits.tries)
                || asked.is_some_and(|wait| wait > self.waits.asked)
            {
                return Err(failure::gave_up(&trouble, asked, &self.endpoint).at(what));
            }
            let usual = (self.waits.first * 2u32.pow(failed - 1)).min(self.waits.longest);
            let wait = asked.unwrap_or(usual);
            notice::say(&format!("{what}: {trouble}; again in {:.1} s", wait.as_secs_f64()));
            pause(wait)?;
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next bytes of the body; none at its end.
    pub fn next(&self) -> Attempt<Option<Vec<u8>>> {
        match next(&self.body)? {
            Piece::Bytes(bytes) if bytes.is_empty() => Ok(None),
            Piece::Bytes(bytes) => Ok(Some(bytes)),
            Piece::Failed(e) => Err(failure::of_body(e)),
            Piece::Head(..) => unreachable!("the head came before"),
        }
    }

    /// The whole body, if it is no longer than this.
    pub fn text(&self, longest: usize) -> Attempt<Vec<u8>> {
        let mut text = Vec::new();
        while let Some(bytes) = self.next()? {
            text.extend(bytes);
            if text.len() > longest {
                return Err(Error::new("the answer is too long").into());
            }
        }
        Ok(text)
    }
}

/// Sends an answer piece by piece, until it ends or nobody wants the rest.
fn pass_on(response: Response<ureq::Body>, send: impl Fn(Piece) -> bool) {
    let (head, body) = response.into_parts();
    let mut reader = body.into_reader();
    let mut wanted = send(Piece::Head(head.status.as_u16(), head.headers));
    while wanted {
        let mut bytes = vec![0; CHUNK];
        match reader.read(&mut bytes) {
            Ok(read) => {
                bytes.truncate(read);
                wanted = send(Piece::Bytes(bytes)) && read > 0;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                send(Piece::Failed(e.into()));
                return;
            }
        }
    }
}

/// The next piece; an error once Ctrl-C was pressed.
fn next(body: &Receiver<Piece>) -> Attempt<Piece> {
    loop {
        check_interrupt()?;
        match body.recv_timeout(LOOK) {
            Ok(piece) => return Ok(piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::new("the request ended without an answer").into());
            }
        }
    }
}

/// Waits, but not beyond Ctrl-C.
pub fn pause(time: Duration) -> Result<()> {
    let start = Instant::now();
    loop {
        check_interrupt()?;
        match time.checked_sub(start.elapsed()) {
            Some(left) if !left.is_zero() => thread::sleep(left.min(LOOK)),
            _ => return Ok(()),
        }
    }
}

pub fn check_interrupt() -> Result<()> {
    match interrupt::requested() {
        true => Err(Error::new("interrupted")
            .hint("what has come is kept: the same command goes on from there")),
        false => Ok(()),
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, uri.host()?.to_lowercase(), port))
}

/// Where a redirect leads.
fn redirected(from: &str, to: &str) -> Result<String> {
    let odd = || Error::new(format!("a redirect to '{}'", to.escape_debug()));
    let uri: Uri = from.parse().map_err(|_| odd())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(odd());
    };
    let url = if to.contains("://") && !to.starts_with('/') {
        to.to_string()
    } else if let Some(rest) = to.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if to.starts_with('/') {
        format!("{scheme}://{authority}{to}")
    } else {
        let folder = uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{to}")
    };
    match origin(&url) {
        Some((to, ..)) if to == "https" || (to == "http" && scheme == "http") => Ok(url),
        _ => Err(odd().hint("only https, or http where the endpoint has it, is followed")),
    }
}

/// Mozilla's certificates, or those of a file.
fn tls(settings: &Settings) -> Result<TlsConfig> {
    let Some(path) = &settings.certificates else {
        return Ok(TlsConfig::default());
    };
    let place = || format!("SSL_CERT_FILE {}", path.display());
    let text = std::fs::read(path).map_err(|e| Error::from(e).at(place()))?;
    let certificates: Vec<_> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Error::new("no certificates in it").at(place()));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}

/// A text as part of an address; slashes stay.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(b as char)
            }
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_where_browsers_go() {
        let from = "http://a:1/x/y?z";
        for (to, url) in [
            ("http://b/c", "http://b/c"),
            ("https://b/c?d=http://e", "https://b/c?d=http://e"),
            ("//b/c", "http://b/c"),
            ("/c?d", "http://a:1/c?d"),
            ("c", "http://a:1/x/c"),
        ] {
            assert_eq!(redirected(from, to).unwrap(), url);
        }
        for (from, to) in
            [("https://a/", "http://a/"), (from, "file:///etc/passwd"), (from, "http://")]
        {
            assert!(redirected(from, to).is_err(), "{to}");
        }
    }

    #[test]
    fn the_token_knows_its_origin() {
        assert_eq!(origin("https://A/x"), origin("https://a:443"));
        for other in ["http://a", "https://a:444", "https://b", "https://a.b"] {
            assert_ne!(origin("https://a"), origin(other));
        }
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(encoded("a b/ä#?%.json"), "a%20b/%C3%A4%23%3F%25.json");
    }
}
