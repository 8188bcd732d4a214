//! What goes wrong between here and the hub, told to people.

use super::client::{Answer, Trouble};
use super::listing::plain;
use super::name::Name;
use crate::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The request brought no answer.
pub fn of_request(e: ureq::Error, url: &str, endpoint: &str) -> Trouble {
    let host = url.split('/').nth(2).unwrap_or(url);
    let what = match &e {
        ureq::Error::HostNotFound => {
            return Trouble::Unreachable(format!("the host {host} is not found"));
        }
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            return Trouble::Unreachable(format!("no connection to {host}: {e}{}", by_proxy()));
        }
        // So rustls's refusals come.
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => {
            return Trouble::Lasting(untrusted(host, &e.to_string()));
        }
        ureq::Error::Io(e) => format!("no connection to {host}: {e}"),
        ureq::Error::Timeout(_) => format!("{host} does not answer"),
        ureq::Error::ConnectionFailed => format!("no connection to {host}"),
        ureq::Error::ConnectProxyFailed(e) => format!("the proxy refuses {host}: {e}"),
        ureq::Error::Protocol(e) => format!("{host} speaks no HTTP: {e}"),
        ureq::Error::Rustls(e) => return Trouble::Lasting(untrusted(host, &e.to_string())),
        ureq::Error::Tls(e) => return Trouble::Lasting(untrusted(host, e)),
        e => return Trouble::Lasting(no_network(&format!("{host}: {e}"), endpoint)),
    };
    Trouble::Passing { what, after: None }
}

/// Who it is that refuses, where a proxy stands between.
fn by_proxy() -> String {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let proxy = names.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    proxy.map_or(String::new(), |(name, to)| format!(" (through {name}, {to})"))
}

fn untrusted(host: &str, what: &str) -> Error {
    Error::new(format!("no secure connection to {host}: {what}")).hint(
        "where a proxy with certificates of its own stands between, set SSL_CERT_FILE to a file \
         with them",
    )
}

/// The body broke off.
pub fn of_body(e: ureq::Error) -> Trouble {
    let what = match e {
        ureq::Error::Timeout(_) => "nothing came any more".to_string(),
        e => format!("the connection broke: {e}"),
    };
    Trouble::Passing { what, after: None }
}

/// It was tried often enough.
pub fn gave_up(what: &str, asked: Option<Duration>, endpoint: &str) -> Error {
    match asked {
        Some(wait) => Error::new(format!("{what} (asked to wait {} s)", wait.as_secs()))
            .hint(format!("try again later; with HF_TOKEN set, {endpoint} allows more requests")),
        None => no_network(what, endpoint),
    }
}

fn no_network(what: &str, endpoint: &str) -> Error {
    Error::new(what).hint(format!(
        "the hub is looked for at {endpoint}: HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy. \
         Without a network, set HF_HUB_OFFLINE=1 to use only what is there, or give a folder (of rows: data = \
         FOLDER)"
    ))
}

/// The server's answer is no success.
pub fn refused(answer: &Answer, name: &Name, endpoint: &str, token: bool) -> Trouble {
    let status = answer.status;
    if matches!(status, 408 | 425 | 429 | 500..) {
        let after = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
        let what = match status {
            429 => "too many requests (429)".to_string(),
            _ => format!("the server has trouble ({status})"),
        };
        return Trouble::Passing { what, after: after.map(Duration::from_secs) };
    }
    let page = name.page(endpoint);
    let code = answer.header("x-error-code").unwrap_or_default();
    let kind = name.kind;
    let id = &name.id;
    let error = match (status, code) {
        (_, "GatedRepo") | (403, _) => Error::new(format!(
            "{kind} {id}: access is refused ({status})"
        ))
        .hint(format!("accept its terms at {page}, and set HF_TOKEN to a token that may read it")),
        (404, "RevisionNotFound") => {
            Error::new(format!("{kind} {id} has no revision '{}'", name.revision()))
                .hint(format!("its branches and tags are listed at {page}/tree/main"))
        }
        (404, "EntryNotFound") => Error::new(format!("{kind} {id} lists a file it does not have"))
            .hint("the server is broken, or the revision was just removed: try again"),
        (401, _) if token => Error::new(format!("{kind} {id}: the token is not accepted (401)"))
            .hint(format!("is it spelt right ({page}), and is the token of HF_TOKEN still valid?")),
        (401, _) => Error::new(format!("there is no {kind} {id} at {endpoint}, or it is private"))
            .hint("is it spelt right? For a private or gated one set HF_TOKEN"),
        (404, _) => Error::new(format!("there is no {kind} {name} at {endpoint}"))
            .hint("is it spelt right, org/name? A dataset is datasets/org/name"),
        _ => Error::new(format!("{kind} {id}: {endpoint} answers {status}")),
    };
    Trouble::Lasting(match answer.header("x-error-message").filter(|_| status != 404) {
        Some(text) => error.line(text.chars().take(200).map(plain).collect::<String>()),
        None => error,
    })
}

/// The cache cannot be written.
pub fn of_disk(e: io::Error, path: &Path) -> Error {
    let full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let error = Error::from(e).at(path.display());
    match full {
        true => error.hint(
            "free some space, or set HF_HOME to a folder on another disk; what has come is kept",
        ),
        false => error.hint("HF_HOME names another folder"),
    }
}
