//! What a kernel publishes: to whom it replies, and what belongs to the request that it answers.

use super::message::{Message, Signer};
use super::sockets::{Outbox, To};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

/// Sends messages, from any thread.
pub struct Publisher {
    signer: Signer,
    outbox: Outbox,
    cause: Mutex<Cause>,
}

/// The request that outputs belong to.
#[derive(Default)]
struct Cause {
    header: Value,
    /// Whether its outputs are not shown.
    silent: bool,
}

impl Publisher {
    pub fn new(signer: Signer, outbox: Outbox) -> Publisher {
        Publisher { signer, outbox, cause: Mutex::default() }
    }

    fn cause(&self) -> MutexGuard<'_, Cause> {
        self.cause.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Makes what follows belong to a request. Outputs after its end belong to it, too.
    pub fn begin(&self, request: &Message, silent: bool) {
        *self.cause() = Cause { header: request.header.clone(), silent };
    }

    /// Publishes an output of the current request, unless it is silent.
    pub fn output(&self, kind: &str, content: Value) {
        let cause = self.cause();
        if !cause.silent {
            self.publish(&cause.header, kind, content);
        }
    }

    /// Publishes whether the kernel works on a request.
    pub fn status(&self, request: &Message, state: &str) {
        self.publish(&request.header, "status", json!({ "execution_state": state }));
    }

    pub fn publish(&self, parent: &Value, kind: &str, content: Value) {
        let frames =
            self.signer.write(&[kind.as_bytes().to_vec()], kind, parent, json!({}), content);
        self.outbox.send(To::Iopub, frames);
    }

    /// Answers a request on the socket it came from.
    pub fn reply(&self, to: To, request: &Message, content: Value) {
        let kind = match request.kind().strip_suffix("_request") {
            Some(kind) => format!("{kind}_reply"),
            None => return,
        };
        let frames = self.signer.write(&request.to, &kind, &request.header, json!({}), content);
        self.outbox.send(to, frames);
    }

    /// Reads a message's frames.
    pub fn read(&self, frames: Vec<Vec<u8>>) -> Result<Message, String> {
        self.signer.read(frames)
    }

    /// Waits until the messages so far have left.
    pub fn linger(&self) {
        self.outbox.linger();
    }
}

/// The content of a reply to a request that is not supported.
pub fn refused(what: &str) -> Value {
    json!({ "status": "error", "ename": "Unsupported", "evalue": what, "traceback": [what] })
}
