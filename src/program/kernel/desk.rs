//! The main thread of a kernel: answers the requests of the shell socket, one after the other.

use super::ask;
use super::control::{Event, info};
use super::message::Message;
use super::notebook::Notebook;
use super::publisher::{Publisher, refused};
use super::sockets::To;
use crate::repl::history::History;
use crate::repl::prompt::{Answer, Prompt};
use compt_lua::repl::show::Look;
use compt_lua::repl::{Repl, Reply};
use compt_study::interrupt;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

pub struct Desk {
    prompt: Prompt,
    notebook: Rc<Notebook>,
    publisher: Arc<Publisher>,
    events: Receiver<Event>,
    /// Requests that came while another one was answered.
    waiting: VecDeque<Event>,
    /// The inputs of earlier sessions, and those of this one.
    earlier: Vec<String>,
    saved: History,
    inputs: Vec<String>,
}

const LOOK: Look = Look { rich: true, ..Look::PLAIN };

impl Desk {
    pub fn new(
        (repl, notebook): (Repl, Rc<Notebook>),
        publisher: Arc<Publisher>,
        events: Receiver<Event>,
    ) -> Desk {
        let saved = History::open(History::path());
        Desk {
            prompt: Prompt::of_cells(repl, LOOK, notebook.clone()),
            notebook,
            publisher,
            events,
            waiting: VecDeque::new(),
            earlier: saved.entries().to_vec(),
            saved,
            inputs: Vec::new(),
        }
    }

    /// Answers requests until the notebook is closed or a signal ends the process.
    pub fn serve(mut self) -> ExitCode {
        self.publisher.publish(&Value::Null, "status", json!({ "execution_state": "starting" }));
        loop {
            let next = self.waiting.pop_front();
            match next.or_else(|| interrupt::idle(|| self.events.recv()).ok()) {
                Some(Event::Request(request)) => self.answer(&request),
                Some(Event::Shutdown(request)) => return self.end(request),
                None => return ExitCode::SUCCESS,
            }
            if interrupt::leaving() {
                self.take_waiting();
                let mut asked = self.waiting.into_iter();
                let asked = asked.find_map(|event| match event {
                    Event::Shutdown(request) => Some(request),
                    Event::Request(_) => None,
                });
                self.waiting = VecDeque::new();
                return match asked {
                    Some(request) => self.end(request),
                    None => ExitCode::from(interrupt::exit_code()),
                };
            }
        }
    }

    fn take_waiting(&mut self) {
        self.waiting.extend(self.events.try_iter());
    }

    /// Replies that the kernel ends.
    fn end(&self, request: Option<(Message, To)>) -> ExitCode {
        if let Some((request, to)) = request {
            let content = json!({ "status": "ok", "restart": request.content["restart"] == true });
            self.publisher.publish(&request.header, "shutdown_reply", content.clone());
            self.publisher.reply(to, &request, content);
            self.publisher.status(&request, "idle");
        }
        self.publisher.linger();
        ExitCode::SUCCESS
    }

    fn answer(&mut self, request: &Message) {
        self.publisher.status(request, "busy");
        let content = match request.kind() {
            "execute_request" => Some(self.execute(request)),
            "kernel_info_request" => Some(info()),
            "complete_request" => Some(ask::complete(&self.prompt, &request.content)),
            "inspect_request" => Some(ask::inspect(&self.prompt, &request.content)),
            "is_complete_request" => Some(ask::is_complete(&self.prompt, &request.content)),
            "history_request" => Some(ask::history(&self.earlier, &self.inputs, &request.content)),
            "comm_info_request" => Some(json!({ "status": "ok", "comms": {} })),
            "shutdown_request" => {
                self.waiting.push_front(Event::Shutdown(Some((request.clone(), To::Shell))));
                return;
            }
            "interrupt_request" => Some(json!({ "status": "ok" })),
            // There is nobody to talk to: the other side is told so.
            "comm_open" => {
                let content = json!({ "comm_id": request.content["comm_id"], "data": {} });
                self.publisher.publish(&request.header, "comm_close", content);
                None
            }
            other => Some(refused(&format!("compt does not support '{other}'"))),
        };
        if let Some(content) = content {
            let failed = request.kind() == "execute_request" && content["status"] == "error";
            let stops = failed && request.content["stop_on_error"] != false;
            // What is sent after the reply has seen the error.
            self.take_waiting();
            self.publisher.reply(To::Shell, request, content);
            self.publisher.status(request, "idle");
            if stops {
                self.abort_waiting();
            }
            return;
        }
        self.publisher.status(request, "idle");
    }

    fn execute(&mut self, request: &Message) -> Value {
        let wanted = &request.content;
        let code = wanted["code"].as_str().unwrap_or_default();
        let silent = wanted["silent"] == true;
        let is_blank = code.trim().is_empty();
        if !silent && wanted["store_history"] != false && !is_blank {
            self.notebook.count.set(self.notebook.count.get() + 1);
            if self.inputs.last().is_none_or(|last| last != code) {
                self.saved.add(code);
            }
            self.inputs.push(code.to_string());
        }
        let count = self.notebook.count.get();
        self.publisher.begin(request, silent);
        self.publisher.output("execute_input", json!({ "code": code, "execution_count": count }));
        self.prompt.repl.count_from(count as usize);
        // An interrupt before the cell was meant for an earlier one.
        interrupt::clear();
        let answer = if is_blank { Answer::Done } else { self.prompt.answer(code) };
        match answer {
            Answer::More => self.prompt.unfinished(code),
            Answer::Quit => {
                let _ = self
                    .prompt
                    .complain(":quit ends the prompt; the menu of the notebook ends its kernel");
            }
            _ => {}
        }
        self.notebook.flush();
        let mut content = Map::from_iter([("execution_count".to_string(), count.into())]);
        match self.notebook.take_wrong() {
            Some(wrong) => {
                content.insert("status".into(), "error".into());
                content.extend(wrong.content());
            }
            None => {
                content.insert("status".into(), "ok".into());
                content.insert("payload".into(), json!([]));
                content.insert("user_expressions".into(), self.user_expressions(wanted));
            }
        }
        content.into()
    }

    /// The values of the expressions that a request names.
    fn user_expressions(&self, wanted: &Value) -> Value {
        let expressions = wanted["user_expressions"].as_object().into_iter().flatten();
        let value = |expression: &Value| {
            let code = expression.as_str().unwrap_or_default();
            match self.prompt.repl.look_at(code, self.prompt.look) {
                Reply::Done(shown) => {
                    json!({ "status": "ok", "data": super::notebook::bundle(&shown), "metadata": {} })
                }
                Reply::Failed(failure) => {
                    let text = failure.to_string();
                    json!({ "status": "error", "ename": "Error", "evalue": failure.message, "traceback": [text] })
                }
                _ => refused("interrupted"),
            }
        };
        let found = expressions.map(|(name, expression)| (name.clone(), value(expression)));
        Value::Object(found.collect())
    }

    /// After an error: the cells that wait already are not executed.
    fn abort_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for event in waiting {
            match event {
                Event::Request(request) if request.kind() == "execute_request" => {
                    self.publisher.status(&request, "busy");
                    let content = json!({ "status": "aborted", "execution_count": self.notebook.count.get() });
                    self.publisher.reply(To::Shell, &request, content);
                    self.publisher.status(&request, "idle");
                }
                other => self.waiting.push_back(other),
            }
        }
    }
}
