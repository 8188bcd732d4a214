//! User-facing errors of requests and of the cache.

use crate::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Why an attempt failed.
pub enum AttemptError {
    /// A temporary error: what happened, and the wait that the server requested.
    Temporary {
        what: String,
        retry_after: Option<Duration>,
    },
    /// No connection to the server is possible.
    Unreachable(String),
    Permanent(Error),
}

pub type Attempt<T> = std::result::Result<T, AttemptError>;

impl<E: Into<Error>> From<E> for AttemptError {
    fn from(e: E) -> AttemptError {
        AttemptError::Permanent(e.into())
    }
}

/// The request received no response.
pub fn of_request(e: ureq::Error, url: &str, endpoint: &str) -> AttemptError {
    let host = url.split('/').nth(2).unwrap_or(url);
    let what = match &e {
        ureq::Error::HostNotFound => {
            return AttemptError::Unreachable(format!("the host {host} is not found"));
        }
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            return AttemptError::Unreachable(format!(
                "no connection to {host}: {e}{}",
                by_proxy()
            ));
        }
        // rustls reports its errors with this kind.
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => {
            return AttemptError::Permanent(untrusted(host, &e.to_string()));
        }
        ureq::Error::Io(e) => format!("no connection to {host}: {e}"),
        ureq::Error::Timeout(_) => format!("{host} does not answer"),
        ureq::Error::ConnectionFailed => format!("no connection to {host}"),
        ureq::Error::ConnectProxyFailed(e) => format!("the proxy refuses {host}: {e}"),
        ureq::Error::Protocol(e) => format!("{host} does not respond with HTTP: {e}"),
        ureq::Error::Rustls(e) => return AttemptError::Permanent(untrusted(host, &e.to_string())),
        ureq::Error::Tls(e) => return AttemptError::Permanent(untrusted(host, e)),
        e => return AttemptError::Permanent(no_network(&format!("{host}: {e}"), endpoint)),
    };
    AttemptError::Temporary { what, retry_after: None }
}

/// The proxy that may be refusing the connection.
fn by_proxy() -> String {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let proxy = names.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    proxy.map_or(String::new(), |(name, to)| format!(" (through {name}, {to})"))
}

fn untrusted(host: &str, what: &str) -> Error {
    Error::new(format!("no secure connection to {host}: {what}"))
        .hint("if a proxy uses other certificates, set SSL_CERT_FILE to a file with them")
}

/// The body ended early.
pub fn of_body(e: ureq::Error) -> AttemptError {
    let what = match e {
        ureq::Error::Timeout(_) => "the server stopped sending data".to_string(),
        e => format!("the connection broke: {e}"),
    };
    AttemptError::Temporary { what, retry_after: None }
}

/// The retries are exhausted, or the server requested too long a wait.
pub fn gave_up(what: &str, asked: Option<Duration>, endpoint: &str) -> Error {
    match asked {
        Some(wait) => Error::new(format!("{what} (asked to wait {} s)", wait.as_secs()))
            .hint(format!("try again later; with HF_TOKEN set, {endpoint} allows more requests")),
        None => no_network(what, endpoint),
    }
}

fn no_network(what: &str, endpoint: &str) -> Error {
    Error::new(what).hint(format!(
        "the hub is {endpoint}: set HF_ENDPOINT for a mirror, HTTPS_PROXY for a proxy. Without a \
         network, set HF_HUB_OFFLINE=1 to use only the cache, or use a folder (for rows: data = \
         FOLDER)"
    ))
}

/// The cache cannot be written.
pub fn of_disk(e: io::Error, path: &Path) -> Error {
    let full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let error = Error::from(e).at(path.display());
    match full {
        true => error.hint(
            "free some space, or set HF_HOME to a folder on another disk; the partial download is kept",
        ),
        false => error.hint("set HF_HOME to another folder"),
    }
}
