//! `compt kernel`: a session in a notebook. The main thread owns Lua; one thread owns the sockets, one reads what is
//! printed, one looks for the parent process.
//! <https://jupyter-client.readthedocs.io/en/stable/messaging.html>

mod ask;
mod capture;
mod connection;
mod control;
mod desk;
mod message;
mod notebook;
mod parent;
mod picture;
mod publisher;
mod sockets;

use super::{abort, errors, run};
use crate::Result;
use capture::Capture;
use compt_base::output;
use compt_cli::kernel::KernelOptions;
use compt_error::Context;
use compt_lua::failure::Failure;
use compt_lua::repl::Repl;
use compt_lua::session::fresh_id;
use compt_study::{interrupt, progress};
use connection::Connection;
use control::Event;
use desk::Desk;
use message::Signer;
use notebook::Notebook;
use publisher::Publisher;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

const NO_INPUT: &str =
    "a notebook has no input to read: write the value into a cell, or read it from a file";

/// Serves a notebook until it is closed.
pub fn kernel(options: KernelOptions) -> ExitCode {
    let session = super::of(options.session);
    let path = options.connection_file.expect("clap asks for it");
    output::outlive_reader();
    let opened = run::check(&session)
        .and_then(|()| Connection::read(&path))
        .and_then(|connection| open(&connection));
    let (publisher, events, sender) = match opened {
        Ok(opened) => opened,
        Err(e) => return errors::refuse(&e),
    };
    let repl = match Repl::new(session) {
        Ok(repl) => repl,
        Err(e) => return errors::failed(&Failure::new(&e)),
    };
    match captured(&publisher, repl, sender) {
        Ok(notebook) => Desk::new(notebook, publisher, events).serve(),
        // What is printed now goes to the notebook, which has not heard of this kernel yet.
        Err(e) => match LOG.get() {
            Some(mut log) => {
                let _ = writeln!(log, "compt: {e}");
                ExitCode::from(errors::FAILED)
            }
            None => errors::refuse(&e),
        },
    }
}

type Opened = (Arc<Publisher>, Receiver<Event>, Sender<Event>);

/// Opens the sockets.
fn open(connection: &Connection) -> Result<Opened> {
    let (events, received) = channel();
    let publisher: Arc<OnceLock<Arc<Publisher>>> = Arc::default();
    let signer = Signer::new(&connection.key, fresh_id());
    let (to_desk, known) = (events.clone(), publisher.clone());
    let read = move |frames| match known.wait().read(frames) {
        Ok(message) => Some(message),
        Err(why) => {
            let _ = LOG.get().map(|mut log| writeln!(log, "compt: a message is left out: {why}"));
            None
        }
    };
    let (on_shell, on_control) = (read.clone(), read);
    let (of_control, to_control) = (publisher.clone(), events.clone());
    let outbox = sockets::open(
        connection,
        Box::new(move |frames| {
            if let Some(request) = on_shell(frames) {
                let _ = to_desk.send(Event::Request(request));
            }
        }),
        Box::new(move |frames| {
            if let Some(request) = on_control(frames) {
                control::answer(request, of_control.wait(), &to_control);
            }
        }),
    )?;
    let publisher = publisher.get_or_init(|| Arc::new(Publisher::new(signer, outbox))).clone();
    Ok((publisher, received, events))
}

/// The standard error that the process began with: the log of whoever started it.
static LOG: OnceLock<File> = OnceLock::new();

/// Makes all outputs those of a notebook.
fn captured(
    publisher: &Arc<Publisher>,
    repl: Repl,
    events: Sender<Event>,
) -> Result<(Repl, Rc<Notebook>)> {
    let to = publisher.clone();
    let (capture, log) = Capture::start(Box::new(move |name, text| {
        to.output("stream", json!({ "name": name, "text": text }));
    }))
    .at("the outputs cannot be read")?;
    abort::say_to(log.as_raw_fd());
    let _ = LOG.set(log);
    parent::watch(events)?;
    interrupt::survive_ctrl_c();
    let capture = Arc::new(capture);
    let notebook = Rc::new(Notebook::new(publisher.clone(), capture.clone()));
    let on_display = notebook.clone();
    repl.in_notebook(move |shown| on_display.display(&shown), NO_INPUT)
        .map_err(|e| crate::Error::new(Failure::new(&e).message))?;
    progress::show_by(picture::maker(publisher.clone(), capture));
    Ok((repl, notebook))
}
