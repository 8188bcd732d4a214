//! Requests to the Hub. Redirects are followed here, so that the token is sent to the endpoint only;
//! Ctrl-C ends every wait; temporary errors are retried.

use super::failure::{self, Attempt, AttemptError};
use super::settings::HubSettings;
use crate::{Error, Result, interrupt};
use compt_base::notice;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use ureq::config::AutoHeaderValue;
use ureq::http::{self, HeaderMap, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

const MOST_REDIRECTS: usize = 10;
const CHUNK: usize = 256 << 10;
/// How often a wait checks for Ctrl-C.
const POLL: Duration = Duration::from_millis(50);
/// An attempt that receives this many bytes resets the retry count.
const GAIN: u64 = 1 << 20;
/// The number of attempts if no connection is possible.
const UNREACHABLE_TRIES: u32 = 2;

pub struct Client {
    agent: Agent,
    pub settings: HubSettings,
}

/// A response, whose body is received in pieces.
pub struct Response {
    pub status: u16,
    headers: HeaderMap,
    body: Receiver<Piece>,
}

/// The messages of a request's thread: the head, then the body, with an empty piece at its end.
enum Piece {
    Head(u16, HeaderMap),
    Bytes(Vec<u8>),
    Failed(ureq::Error),
}

impl Client {
    /// Errors: the file of certificates cannot be read, or holds none.
    pub fn new(settings: &HubSettings) -> Result<Client> {
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
        Ok(Client { agent: config.build().into(), settings: settings.clone() })
    }

    /// Requests an address from byte `from` on, and follows redirects.
    pub fn get(&self, url: &str, from: u64) -> Attempt<Response> {
        let mut url = url.to_string();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(&url, from)?;
            match (response.status, response.header("location")) {
                (301 | 302 | 303 | 307 | 308, Some(to)) => url = redirected(&url, to)?,
                _ => return Ok(response),
            }
        }
        Err(Error::new(format!("{} redirects too often", self.settings.endpoint)).into())
    }

    /// One request, on a thread that is abandoned after Ctrl-C.
    fn send(&self, url: &str, from: u64) -> Attempt<Response> {
        let mut request = self.agent.get(url);
        if let (Some(token), true) =
            (&self.settings.token, origin(url) == origin(&self.settings.endpoint))
        {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let (sender, body) = sync_channel(4);
        thread::spawn(move || {
            // A send fails after the receiver was dropped.
            let send = |piece| sender.send(piece).is_ok();
            match request.call() {
                Ok(response) => forward(response, send),
                Err(e) => drop(send(Piece::Failed(e))),
            }
        });
        match next(&body)? {
            Piece::Head(status, headers) => Ok(Response { status, headers, body }),
            Piece::Failed(e) => Err(failure::of_request(e, url, &self.settings.endpoint)),
            Piece::Bytes(_) => unreachable!("the head comes first"),
        }
    }

    /// Retries until an attempt succeeds or fails permanently. An attempt sets the number of received bytes.
    pub fn retry<T>(
        &self,
        place: &str,
        mut attempt: impl FnMut(&mut u64) -> Attempt<T>,
    ) -> Result<T> {
        let waits = &self.settings.waits;
        let (mut failed, mut before, mut there) = (0, 0, 0);
        loop {
            let (what, asked, tries) = match attempt(&mut there) {
                Ok(done) => return Ok(done),
                Err(AttemptError::Permanent(e)) => return Err(e),
                Err(AttemptError::Unreachable(what)) if there == 0 => {
                    (what, None, UNREACHABLE_TRIES.min(waits.tries))
                }
                Err(AttemptError::Unreachable(what)) => (what, None, waits.tries),
                Err(AttemptError::Temporary { what, retry_after }) => {
                    (what, retry_after, waits.tries)
                }
            };
            failed = if there >= before + GAIN { 1 } else { failed + 1 };
            before = there;
            if failed >= tries || asked.is_some_and(|wait| wait > waits.asked) {
                return Err(failure::gave_up(&what, asked, &self.settings.endpoint).at(place));
            }
            let usual = (waits.first * 2u32.pow(failed - 1)).min(waits.longest);
            let wait = asked.unwrap_or(usual);
            notice::say(&format!("{place}: {what}; retrying in {:.1} s", wait.as_secs_f64()));
            pause(wait)?;
        }
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The byte of a file of this size at which the body begins; `None` if it is not part of the file.
    pub fn start(&self, size: u64) -> Option<u64> {
        match self.status {
            200 => Some(0),
            206 => self.header("content-range").and_then(|range| start_of(range, size)),
            _ => None,
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub fn next(&self) -> Attempt<Option<Vec<u8>>> {
        match next(&self.body)? {
            Piece::Bytes(bytes) if bytes.is_empty() => Ok(None),
            Piece::Bytes(bytes) => Ok(Some(bytes)),
            Piece::Failed(e) => Err(failure::of_body(e)),
            Piece::Head(..) => unreachable!("the head came before"),
        }
    }

    /// The whole body; an error if it is longer than `longest`.
    pub fn text(&self, longest: usize) -> Attempt<Vec<u8>> {
        let mut text = Vec::new();
        while let Some(bytes) = self.next()? {
            text.extend(bytes);
            if text.len() > longest {
                return Err(Error::new("the response is too long").into());
            }
        }
        Ok(text)
    }
}

/// The start of `bytes 5-9/10`, if it fits a file of this size.
fn start_of(range: &str, size: u64) -> Option<u64> {
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = span.split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let fits = start <= end && end < size && (total == "*" || total.parse() == Ok(size));
    fits.then_some(start)
}

/// Sends a response piece by piece, until it ends or the receiver was dropped.
fn forward(response: http::Response<Body>, send: impl Fn(Piece) -> bool) {
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

/// The next piece; an error after Ctrl-C.
fn next(body: &Receiver<Piece>) -> Attempt<Piece> {
    loop {
        check_interrupt()?;
        match body.recv_timeout(POLL) {
            Ok(piece) => return Ok(piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::new("the request ended without a response").into());
            }
        }
    }
}

/// Waits; an error after Ctrl-C.
pub fn pause(time: Duration) -> Result<()> {
    let start = Instant::now();
    loop {
        check_interrupt()?;
        match time.checked_sub(start.elapsed()) {
            Some(left) if !left.is_zero() => thread::sleep(left.min(POLL)),
            _ => return Ok(()),
        }
    }
}

/// An error after Ctrl-C.
pub fn check_interrupt() -> Result<()> {
    match interrupt::requested() {
        true => Err(Error::new("interrupted")
            .hint("the partial download is kept: the same command resumes it")),
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

/// The target of a redirect.
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
        _ => {
            Err(odd()
                .hint("only redirects to https are followed, or to http if the endpoint uses it"))
        }
    }
}

/// Mozilla's certificates, or those of a file.
fn tls(settings: &HubSettings) -> Result<TlsConfig> {
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

/// A text encoded as part of a URL; slashes are kept.
pub fn encoded(text: &str) -> String {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    utf8_percent_encode(text, ENCODED).to_string()
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
    fn ranges_that_do_not_fit_are_none() {
        assert_eq!(start_of("bytes 5-9/10", 10), Some(5));
        assert_eq!(start_of("bytes 0-9/*", 10), Some(0));
        for range in ["", "bytes 5-10/10", "bytes 5-9/11", "bytes 9-5/10", "bytes */10", "5-9/10"] {
            assert_eq!(start_of(range, 10), None, "{range}");
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
