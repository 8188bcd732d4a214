//! The head of a request of HTTP/1.1; its body is not read.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The most bytes of a head.
const MOST: usize = 8192;
const BAD: &str = "400 Bad Request";
const LONG: &str = "431 Request Header Fields Too Large";

#[derive(Debug, PartialEq)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub host: String,
}

/// Reads a request within a time; `None`: nothing more is sent, or not in time. The error is the status of the answer.
pub fn read(stream: &mut TcpStream, patience: Duration) -> Option<Result<Request, &'static str>> {
    let (until, mut head, mut part) = (Instant::now() + patience, Vec::new(), [0; 1024]);
    loop {
        let rest = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())?;
        stream.set_read_timeout(Some(rest)).ok()?;
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(count) => head.extend_from_slice(&part[..count]),
        }
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            return Some(parsed(&head[..end]));
        }
        if head.len() > MOST {
            return Some(Err(LONG));
        }
    }
}

fn parsed(head: &[u8]) -> Result<Request, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| BAD)?;
    let mut lines = head.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1" | "HTTP/1.0"] = words[..] else { return Err(BAD) };
    let mut hosts = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(BAD)?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(BAD);
        }
        if name.eq_ignore_ascii_case("host") {
            hosts.push(value.trim());
        }
    }
    let [host] = hosts[..] else { return Err(BAD) };
    Ok(Request { method: method.into(), target: target.into(), host: host.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_strictly() {
        let read = |head: &str| parsed(head.as_bytes());
        let of = |method: &str, target: &str, host: &str| {
            Ok(Request { method: method.into(), target: target.into(), host: host.into() })
        };
        assert_eq!(read("GET /a HTTP/1.1\r\nHOST: b:1\r\nX: y:z"), of("GET", "/a", "b:1"));
        for bad in [
            "",
            "GET /a",
            "GET  /a HTTP/1.1\r\nHost: b",
            "GET /a HTTP/2\r\nHost: b",
            "GET /a HTTP/1.1",
            "GET /a HTTP/1.1\r\nHost: b\r\nhost: c",
            "GET /a HTTP/1.1\r\nHost : b",
            "GET /a HTTP/1.1\r\nHost: b\r\n folded: c",
            "GET /a HTTP/1.1\r\nHost: b\r\nnonsense",
        ] {
            assert_eq!(read(bad), Err(BAD), "{bad:?}");
        }
        assert_eq!(parsed(b"GET /\xff HTTP/1.1\r\nHost: b"), Err(BAD));
    }
}
