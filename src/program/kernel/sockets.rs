//! The sockets of a kernel: one thread owns them. Requests on the control socket are answered there, also while the
//! main thread computes.

use super::connection::{Connection, SOCKETS};
use super::message::Frame;
use crate::{Error, Result};
use compt_study::interrupt;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeromq::{
    PubSocket, RepSocket, RouterSendHalf, RouterSocket, Socket, SocketRecv, SocketSend, ZmqError,
    ZmqMessage,
};

/// The sockets that messages are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Shell,
    Control,
    Iopub,
}

enum Order {
    Send(To, Vec<Frame>),
    /// Answered when the messages before it have had time to leave.
    Linger(Sender<()>),
}

/// Writes messages, from any thread.
#[derive(Clone)]
pub struct Outbox(UnboundedSender<Order>);

/// How long the last messages have to leave before the process ends.
const LINGER: Duration = Duration::from_millis(250);

impl Outbox {
    /// Queues a message. It is dropped if its receiver is gone.
    pub fn send(&self, to: To, frames: Vec<Frame>) {
        let _ = self.0.send(Order::Send(to, frames));
    }

    /// Waits until the messages so far have left, for a short time.
    pub fn linger(&self) {
        let (done, left) = channel();
        if self.0.send(Order::Linger(done)).is_ok() {
            let _ = left.recv_timeout(2 * LINGER);
        }
    }
}

/// Called with the frames of each message on a socket.
pub type Receiver = Box<dyn FnMut(Vec<Frame>) + Send>;

/// Binds the sockets of a connection and serves them in a thread of its own.
///
/// # Errors
/// An address is in use or not one of this machine.
pub fn open(connection: &Connection, on_shell: Receiver, on_control: Receiver) -> Result<Outbox> {
    let (orders, received) = unbounded_channel();
    let outbox = Outbox(orders);
    let (ready, is_ready) = channel();
    let endpoints = connection.endpoints.clone();
    let serve = move || {
        interrupt::block_signals();
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => return drop(ready.send(Err(Error::from(e)))),
        };
        runtime.block_on(async {
            match bind(&endpoints).await {
                Ok(sockets) => {
                    let _ = ready.send(Ok(()));
                    sockets.serve(received, on_shell, on_control).await;
                }
                Err(e) => drop(ready.send(Err(e))),
            }
        });
    };
    std::thread::Builder::new().name("sockets".into()).spawn(serve)?;
    is_ready.recv().unwrap_or_else(|_| Err(Error::new("the thread of the sockets ended")))?;
    Ok(outbox)
}

struct Sockets {
    shell: RouterSocket,
    control: RouterSocket,
    iopub: PubSocket,
    stdin: RouterSocket,
    heartbeat: RepSocket,
}

async fn bind(endpoints: &[String; 5]) -> Result<Sockets> {
    let mut sockets = Sockets {
        shell: RouterSocket::new(),
        control: RouterSocket::new(),
        iopub: PubSocket::new(),
        stdin: RouterSocket::new(),
        heartbeat: RepSocket::new(),
    };
    let refused = |i: usize| {
        let endpoint = endpoints[i].clone();
        move |e: ZmqError| {
            let why = match e {
                ZmqError::Network(e) => Error::from(e).to_string(),
                other => other.to_string(),
            };
            let what = format!("the kernel's {} socket cannot be opened: {why}", SOCKETS[i]);
            let hint = "another kernel may use this connection file: start a new one from Jupyter";
            Error::new(what).at(endpoint).hint(hint)
        }
    };
    for i in (0..5).filter(|i| endpoints[*i].starts_with("ipc://")) {
        free(&endpoints[i]).map_err(|e| refused(i)(ZmqError::Network(e)))?;
    }
    sockets.shell.bind(&endpoints[0]).await.map_err(refused(0))?;
    sockets.control.bind(&endpoints[1]).await.map_err(refused(1))?;
    sockets.iopub.bind(&endpoints[2]).await.map_err(refused(2))?;
    sockets.stdin.bind(&endpoints[3]).await.map_err(refused(3))?;
    sockets.heartbeat.bind(&endpoints[4]).await.map_err(refused(4))?;
    Ok(sockets)
}

/// Removes the file of a socket that nobody serves any more.
fn free(endpoint: &str) -> std::io::Result<()> {
    let path = endpoint.trim_start_matches("ipc://");
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(std::io::ErrorKind::AddrInUse.into()),
        Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

impl Sockets {
    async fn serve(
        self,
        mut orders: UnboundedReceiver<Order>,
        on_shell: Receiver,
        on_control: Receiver,
    ) {
        let (mut shell, from_shell) = self.shell.split();
        let (mut control, from_control) = self.control.split();
        let (_stdin, from_stdin) = self.stdin.split();
        let mut iopub = self.iopub;
        tokio::spawn(receive(from_shell, on_shell));
        tokio::spawn(receive(from_control, on_control));
        // Nothing is asked of the user, so that no answer is expected.
        tokio::spawn(receive(from_stdin, Box::new(|_| {})));
        tokio::spawn(beat(self.heartbeat));
        while let Some(order) = orders.recv().await {
            match order {
                Order::Send(To::Iopub, frames) => drop(iopub.send(message(frames)).await),
                Order::Send(To::Shell, frames) => reply(&mut shell, frames).await,
                Order::Send(To::Control, frames) => reply(&mut control, frames).await,
                Order::Linger(done) => {
                    tokio::time::sleep(LINGER).await;
                    let _ = done.send(());
                }
            }
        }
    }
}

fn message(frames: Vec<Frame>) -> ZmqMessage {
    let mut frames = frames.into_iter();
    let mut message = ZmqMessage::from(frames.next().unwrap_or_default());
    frames.for_each(|frame| message.push_back(frame.into()));
    message
}

/// Sends a reply; a receiver that has gone does not get it.
async fn reply(socket: &mut RouterSendHalf, frames: Vec<Frame>) {
    let _ = socket.send(message(frames)).await;
}

async fn receive(mut socket: impl SocketRecv, mut on_message: Receiver) {
    loop {
        match socket.recv().await {
            Ok(message) => {
                on_message(message.into_vec().into_iter().map(|frame| frame.to_vec()).collect())
            }
            // A peer that left; without a pause an error that stays would take a core.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Answers heartbeats by their own contents.
async fn beat(mut socket: RepSocket) {
    loop {
        let answered = match socket.recv().await {
            Ok(message) => socket.send(message).await,
            Err(e) => Err(e),
        };
        if answered.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
