//! Messages of Jupyter's protocol 5.4: their frames on a socket, and their signatures.
//! <https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol>

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub const PROTOCOL: &str = "5.4";
const DELIMITER: &[u8] = b"<IDS|MSG>";

pub type Frame = Vec<u8>;

/// A received message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The frames that say to whom the reply goes.
    pub to: Vec<Frame>,
    pub header: Value,
    pub content: Value,
}

impl Message {
    pub fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }
}

/// Signs and numbers the messages of a kernel.
pub struct Signer {
    key: Vec<u8>,
    session: String,
    sent: AtomicU64,
}

impl Signer {
    /// `session` names this process in the messages.
    pub fn new(key: &str, session: String) -> Signer {
        Signer { key: key.as_bytes().to_vec(), session, sent: AtomicU64::new(0) }
    }

    fn mac(&self, parts: &[Frame]) -> Hmac<Sha256> {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("a key of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac
    }

    /// Reads the frames of a message.
    /// Errors: frames are missing, the signature is wrong, or a part is not JSON.
    pub fn read(&self, mut frames: Vec<Frame>) -> Result<Message, String> {
        let at = frames.iter().position(|frame| frame == DELIMITER).ok_or("it has no delimiter")?;
        let rest = frames.split_off(at);
        let [_, signature, parts @ ..] = &rest[..] else {
            return Err("it has no signature".into());
        };
        let parts = parts.get(..4).ok_or("it has fewer than four parts")?;
        if !self.key.is_empty() {
            let wrong = || "its signature is wrong: the key is another one".to_string();
            let signature = bytes(signature).ok_or_else(wrong)?;
            self.mac(parts).verify_slice(&signature).map_err(|_| wrong())?;
        }
        let json = |i: usize| {
            serde_json::from_slice::<Value>(&parts[i]).map_err(|e| format!("it is not JSON: {e}"))
        };
        let message = Message { to: frames, header: json(0)?, content: json(3)? };
        match message.kind() {
            "" => Err("it has no type".into()),
            _ => Ok(message),
        }
    }

    /// The frames of a message: `to` are those of its receiver or its topic, `parent` the header of its cause.
    pub fn write(
        &self,
        to: &[Frame],
        kind: &str,
        parent: &Value,
        metadata: Value,
        content: Value,
    ) -> Vec<Frame> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let header = json!({
            "msg_id": format!("{}_{number}", self.session),
            "session": self.session,
            "username": "compt",
            "date": now(),
            "msg_type": kind,
            "version": PROTOCOL,
        });
        let parent = if parent.is_null() { json!({}) } else { parent.clone() };
        let parts = [header, parent, metadata, content].map(|part| part.to_string().into_bytes());
        let signature = match self.key.is_empty() {
            true => Vec::new(),
            false => hex(&self.mac(&parts).finalize().into_bytes()).into_bytes(),
        };
        let mut frames = to.to_vec();
        frames.extend([DELIMITER.to_vec(), signature]);
        frames.extend(parts);
        frames
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(hex)
        .ok()
        .filter(|digits| digits.is_ascii() && digits.len() % 2 == 0)?;
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).ok()).collect()
}

/// The time as `2026-01-31T12:00:00.000000Z`.
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = now.as_secs() as libc::time_t;
    // SAFETY: zeros are a valid tm, which the call fills in.
    let t = unsafe {
        let mut t: libc::tm = std::mem::zeroed();
        libc::gmtime_r(&seconds, &mut t);
        t
    };
    let (year, month) = (t.tm_year + 1900, t.tm_mon + 1);
    let (day, hour, minute, second) = (t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z",
        now.subsec_micros()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(key: &str) -> Signer {
        Signer::new(key, "s".into())
    }

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_hmac_sha256() {
        let mac = signer("Jefe").mac(&[b"what do ya want ".to_vec(), b"for nothing?".to_vec()]);
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&mac.finalize().into_bytes()), wanted);
    }

    #[test]
    fn a_message_comes_back_and_another_key_refuses_it() {
        let parent = json!({ "msg_id": "p" });
        let frames =
            signer("a").write(&[b"x".to_vec()], "t", &parent, json!({}), json!({ "n": 1 }));
        let read = signer("a").read(frames.clone()).unwrap();
        assert_eq!(
            (read.kind(), &read.content, &read.to),
            ("t", &json!({ "n": 1 }), &vec![b"x".to_vec()])
        );
        assert_eq!(serde_json::from_slice::<Value>(&frames[4]).unwrap(), parent);
        assert!(signer("b").read(frames.clone()).unwrap_err().contains("signature"));
        assert!(signer("").read(frames[..5].to_vec()).unwrap_err().contains("four parts"));
        assert!(signer("a").read(vec![b"x".to_vec()]).unwrap_err().contains("delimiter"));
        let mut odd = frames;
        odd[2] = "é".into();
        assert!(signer("a").read(odd).unwrap_err().contains("signature"));
    }
}
