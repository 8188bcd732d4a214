//! A knob that is set by hand (`t:set`), checked before it is used.

use crate::{Error, Result};
use compt_core::train::both_choose;
use compt_core::train::control::Setting;
use compt_core::train::knobs::{Each, Knob, Knobs, Value};

/// Checks the full name and the value of a knob; `by_hand` holds the earlier settings by hand. Errors:
/// an unknown knob, or an invalid value.
pub fn check(
    setting: &Setting,
    by_hand: &Knobs,
    name: &str,
    value: Option<Value>,
) -> Result<(&'static Knob, Option<Value>)> {
    let (knob, below) = name.split_once('.').unwrap_or((name, ""));
    let knob = Knob::named(knob)?;
    if knob.each == Each::Task && setting.by_row {
        return Err(both_choose().at(name));
    }
    let tasks: Vec<&str> = setting.tasks.keys().map(String::as_str).collect();
    let groups: Vec<&str> = setting.groups.iter().map(String::as_str).collect();
    let (kind, known) = match knob.each {
        Each::Run => ("", Vec::new()),
        Each::Group => ("group", groups),
        Each::Task => ("task", tasks),
    };
    if knob.each == Each::Run && !below.is_empty() {
        return Err(Error::new(format!("'{}' has no groups or tasks", knob.name)));
    }
    if knob.each != Each::Run && !known.contains(&below) {
        let error = match below {
            "" => Error::new(format!("specify the {kind}: '{}.NAME'", knob.name))
                .hint(format!("known: {}", known.join(", "))),
            _ => Error::unknown(kind, below, known),
        };
        return Err(error.at(name));
    }
    let value = value.map(|value| knob.check(value)).transpose().map_err(|e| e.at(name))?;
    let others = by_hand.task_weights().unwrap_or_default();
    if knob.each == Each::Task
        && value == Some(Value::Number(0.0))
        && !others.iter().any(|(task, weight)| task != below && *weight > 0.0)
    {
        return Err(Error::new("no task would have a weight above 0")
            .at(name)
            .hint("weights set by hand replace those of the control: set other tasks first"));
    }
    Ok((knob, value))
}
