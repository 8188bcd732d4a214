//! What TensorBoard's HParams dashboard reads (`tensorboard/plugins/hparams/plugin_data.proto`, version 0): a session per
//! run with its settings, and its outcome. TensorBoard derives the columns from all runs and their scalars.

use super::message::{Plugin, field, number, varint};
use crate::records::catalog::State;
use serde_json::{Map, Value};

const NAME: &str = "hparams";
const SUCCESS: u64 = 1;
const FAILURE: u64 = 2;

/// `SessionStartInfo { hparams = 1, start_time_secs = 5 }` of the settings that are numbers, strings or booleans.
pub fn started(settings: &Map<String, Value>, began: f64) -> Plugin {
    let mut session = Vec::new();
    for (name, value) in settings {
        let Some(value) = value_of(value) else { continue };
        let mut pair = Vec::new();
        field(1, name.as_bytes(), &mut pair);
        field(2, &value, &mut pair);
        field(1, &pair, &mut session);
    }
    number(5, began, &mut session);
    plugin("_hparams_/session_start_info", 3, &session)
}

/// `SessionEndInfo { status = 1, end_time_secs = 2 }` of a run that has ended.
pub fn ended(state: &State, time: f64) -> Option<Plugin> {
    let status = match state {
        State::Finished => SUCCESS,
        State::Failed => FAILURE,
        _ => return None,
    };
    let mut session = vec![0x08];
    varint(status, &mut session);
    number(2, time, &mut session);
    Some(plugin("_hparams_/session_end_info", 4, &session))
}

/// `HParamsPluginData { session_start_info = 3, session_end_info = 4 }`
fn plugin(tag: &'static str, data: u8, session: &[u8]) -> Plugin {
    let mut content = Vec::new();
    field(data, session, &mut content);
    Plugin { tag, name: NAME, content }
}

/// `google.protobuf.Value { number_value = 2, string_value = 3, bool_value = 4 }`
fn value_of(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match value {
        Value::Number(n) => number(2, n.as_f64()?, &mut out),
        Value::String(text) => field(3, text.as_bytes(), &mut out),
        Value::Bool(on) => out.extend([4 << 3, u8::from(*on)]),
        _ => return None,
    }
    Some(out)
}
