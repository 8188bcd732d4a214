//! The face of a session in a notebook.

use super::capture::Capture;
use super::publisher::Publisher;
use crate::repl::prompt::{Face, interrupted};
use compt_lua::failure::{Failure, Place};
use compt_lua::repl::show::Shown;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The error of a cell.
#[derive(Debug, Clone)]
pub struct Wrong {
    name: &'static str,
    value: String,
    lines: Vec<String>,
}

impl Wrong {
    /// The content of a message `error`, and a part of the reply.
    pub fn content(&self) -> Map<String, Value> {
        let content = json!({ "ename": self.name, "evalue": self.value, "traceback": self.lines });
        content.as_object().cloned().unwrap_or_default()
    }
}

pub struct Notebook {
    publisher: Arc<Publisher>,
    capture: Arc<Capture>,
    /// The number of the cell.
    pub count: Cell<u64>,
    wrong: RefCell<Option<Wrong>>,
}

impl Notebook {
    pub fn new(publisher: Arc<Publisher>, capture: Arc<Capture>) -> Notebook {
        Notebook { publisher, capture, count: Cell::new(0), wrong: RefCell::default() }
    }

    /// The first error since the last call.
    pub fn take_wrong(&self) -> Option<Wrong> {
        self.wrong.take()
    }

    /// Publishes what was printed so far.
    pub fn flush(&self) {
        self.capture.flush();
    }

    /// Publishes an output after what was printed before it.
    fn publish(&self, kind: &str, content: Value) {
        self.capture.flush();
        self.publisher.output(kind, content);
    }

    pub fn display(&self, shown: &Shown) {
        let content = json!({ "data": bundle(shown), "metadata": {}, "transient": {} });
        self.publish("display_data", content);
    }

    fn tell(&self, wrong: Wrong) {
        self.publish("error", wrong.content().into());
        self.wrong.borrow_mut().get_or_insert(wrong);
    }
}

/// The data of a value by MIME type.
pub fn bundle(shown: &Shown) -> Value {
    let mut data = shown.forms.clone();
    data.insert("text/plain".into(), shown.text.as_str().into());
    data.into()
}

const RED: &str = "\x1b[31m";
const RESET: &str = "\x1b[0m";

/// A text in red, line by line.
fn red(text: &str) -> Vec<String> {
    text.lines().map(|line| format!("{RED}{line}{RESET}")).collect()
}

impl Face for Notebook {
    fn values(&self, shown: &Shown) {
        let count = self.count.get();
        let content = json!({ "execution_count": count, "data": bundle(shown), "metadata": {} });
        self.publish("execute_result", content);
    }

    fn complain(&self, text: &str) {
        let value = text.lines().next().unwrap_or_default().to_string();
        self.tell(Wrong { name: "Error", value, lines: red(text) });
    }

    fn failed(&self, failure: &Failure) {
        let place = failure.place.as_ref().map_or(String::new(), |place| format!("{place}: "));
        let head = format!("{place}{}", failure.message);
        let text = failure.to_string();
        let mut lines = red(&head);
        let rest = text.strip_prefix(&head).unwrap_or(&text);
        lines.extend(rest.lines().filter(|line| !line.is_empty()).map(String::from));
        self.tell(Wrong { name: "Error", value: head, lines });
    }

    fn interrupted(&self, place: Option<&Place>) {
        let value = interrupted(place);
        self.tell(Wrong { name: "Interrupted", lines: red(&value), value });
    }
}
