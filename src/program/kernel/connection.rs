//! The connection file of a kernel: where its sockets are, and the key of its messages.
//! <https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files>

use crate::{Error, Result};
use compt_base::files::json::read_json;
use serde_json::Value;
use std::path::Path;

/// The sockets of a kernel, in the order of [`Connection::endpoints`].
pub const SOCKETS: [&str; 5] = ["shell", "control", "iopub", "stdin", "hb"];
const SCHEME: &str = "hmac-sha256";

/// What a connection file says.
#[derive(Debug, PartialEq, Eq)]
pub struct Connection {
    /// An endpoint of ZeroMQ for each of [`SOCKETS`].
    pub endpoints: [String; 5],
    /// Empty: messages are not signed.
    pub key: String,
}

impl Connection {
    /// Reads a connection file.
    ///
    /// # Errors
    /// There is no such file; it is not JSON; a key is missing or has a wrong value; a transport or a signature
    /// scheme is not supported.
    pub fn read(path: &Path) -> Result<Connection> {
        let hint = "Jupyter writes this file and passes its path; `compt kernel install` makes compt known to Jupyter";
        let file = read_json(path).map_err(|e| e.hint(hint))?;
        Connection::of(&file).map_err(|e| e.at(path.display()).hint(hint))
    }

    fn of(file: &Value) -> Result<Connection> {
        if !file.is_object() {
            return Err(Error::new("it is no connection file: it has no keys"));
        }
        let key = text(file, "key")?;
        let scheme =
            file.get("signature_scheme").map_or(Ok(SCHEME), |_| text(file, "signature_scheme"))?;
        if scheme != SCHEME && !key.is_empty() {
            return Err(Error::new(format!(
                "'signature_scheme' is '{scheme}': only '{SCHEME}' is supported"
            )));
        }
        let (transport, ip) = (text(file, "transport")?, text(file, "ip")?);
        if ip.is_empty() {
            return Err(Error::new("'ip' is empty"));
        }
        let mut ports = Vec::new();
        for name in SOCKETS {
            let key = format!("{name}_port");
            let port = match file.get(&key) {
                None => return Err(Error::new(format!("'{key}' is missing"))),
                Some(port) => port.as_u64().filter(|port| (1..=65535).contains(port)),
            };
            let wrong = || {
                Error::new(format!(
                    "'{key}' must be a whole number from 1 to 65535, not {}",
                    file[&key]
                ))
            };
            let port = port.ok_or_else(wrong)?;
            if let Some(i) = ports.iter().position(|other| *other == port) {
                return Err(Error::new(format!(
                    "'{}_port' and '{key}' are both {port}",
                    SOCKETS[i]
                )));
            }
            ports.push(port);
        }
        let endpoint = |i: usize| match transport {
            "tcp" if ip.contains(':') => format!("tcp://[{ip}]:{}", ports[i]),
            "tcp" => format!("tcp://{ip}:{}", ports[i]),
            _ => format!("ipc://{ip}-{}", ports[i]),
        };
        if !["tcp", "ipc"].contains(&transport) {
            return Err(Error::new(format!(
                "'transport' is '{transport}': only 'tcp' and 'ipc' are supported"
            )));
        }
        Ok(Connection { endpoints: std::array::from_fn(endpoint), key: key.to_string() })
    }
}

fn text<'f>(file: &'f Value, key: &str) -> Result<&'f str> {
    match file.get(key) {
        None => Err(Error::new(format!("'{key}' is missing"))),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(Error::new(format!("'{key}' must be a string, not {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file() -> Value {
        json!({
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5, "ip": "127.0.0.1",
            "key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "compt"
        })
    }

    #[test]
    fn a_file_has_five_sockets() {
        let found = Connection::of(&file()).unwrap();
        assert_eq!(found.endpoints[..2], ["tcp://127.0.0.1:1", "tcp://127.0.0.1:4"]);
        let ipc = Connection::of(&{
            let mut file = file();
            (file["transport"], file["ip"]) = (json!("ipc"), json!("/run/user/1/kernel"));
            file
        });
        assert_eq!(ipc.unwrap().endpoints[4], "ipc:///run/user/1/kernel-5");
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_key() {
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut file = file();
            change(&mut file);
            Connection::of(&file).unwrap_err().to_string()
        };
        let set = |key: &'static str, value: Value| refused(&move |file| file[key] = value.clone());
        assert!(set("transport", json!("udp")).contains("only 'tcp' and 'ipc'"));
        assert!(set("signature_scheme", json!("hmac-md5")).contains("'hmac-md5'"));
        assert!(set("key", json!(7)).contains("'key' must be a string, not 7"));
        assert!(set("hb_port", json!(0)).contains("from 1 to 65535, not 0"));
        assert!(set("hb_port", json!(1)).contains("'shell_port' and 'hb_port' are both 1"));
        assert!(refused(&|file| *file = json!([])).contains("no connection file"));
        let missing = refused(&|file| drop(file.as_object_mut().unwrap().remove("stdin_port")));
        assert!(missing.contains("'stdin_port' is missing"), "{missing}");
    }
}
