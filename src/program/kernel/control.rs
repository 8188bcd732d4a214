//! Requests on the control socket, which are answered while the main thread computes.

use super::message::{Message, PROTOCOL};
use super::publisher::{Publisher, refused};
use super::sockets::To;
use compt_study::interrupt;
use serde_json::{Value, json};
use std::sync::mpsc::Sender;

/// What the main thread receives.
pub enum Event {
    Request(Message),
    /// The process ends; with the request to reply to, and the socket it came from.
    Shutdown(Option<(Message, To)>),
}

/// Answers a request on the control socket.
pub fn answer(request: Message, publisher: &Publisher, events: &Sender<Event>) {
    publisher.status(&request, "busy");
    match request.kind() {
        "shutdown_request" => {
            interrupt::end();
            let _ = events.send(Event::Shutdown(Some((request, To::Control))));
            return;
        }
        "interrupt_request" => {
            interrupt::interrupt();
            publisher.reply(To::Control, &request, json!({ "status": "ok" }));
        }
        "kernel_info_request" => publisher.reply(To::Control, &request, info()),
        "debug_request" => publisher.reply(To::Control, &request, no_debugger(&request)),
        other => {
            let what = format!("compt does not support '{other}' on the control channel");
            publisher.reply(To::Control, &request, refused(&what));
        }
    }
    publisher.status(&request, "idle");
}

/// The content of `kernel_info_reply`.
pub fn info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": "compt",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": {
            "name": "lua",
            "version": "5.4",
            "mimetype": "text/x-lua",
            "file_extension": ".lua",
            "pygments_lexer": "lua",
            "codemirror_mode": "lua",
            "nbconvert_exporter": "script",
        },
        "banner": format!(
            "compt {}: Lua with tensors and prompt tuning of T5. ?name shows documentation, :help lists the commands.",
            env!("CARGO_PKG_VERSION")
        ),
        "help_links": [],
        "debugger": false,
        "supported_features": [],
    })
}

/// A refusal in the Debug Adapter Protocol, which these requests carry.
fn no_debugger(request: &Message) -> Value {
    json!({
        "type": "response",
        "request_seq": request.content["seq"],
        "success": false,
        "command": request.content["command"],
        "message": "compt has no debugger",
    })
}
