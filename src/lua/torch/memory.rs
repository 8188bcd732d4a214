//! Memory statistics of tensors.

use super::op::{Op, Out, Outcome, ops};
use crate::Error;
use compt_core::tensor::ledger;
use mlua::Value;

pub const FUNCTIONS: &[Op] = ops! {
    "stats": () => stats();
    "set_soft_max": (bytes: i64) => set_soft_max(bytes)?;
};

/// { live_tensors, live_bytes, peak_bytes, soft_max, collections }, of tensors in Lua.
fn stats() -> Out {
    let stats = ledger::stats();
    Out::make(move |lua| {
        let table = lua.create_table()?;
        for (name, value) in [
            ("live_tensors", stats.live_tensors),
            ("live_bytes", stats.live_bytes),
            ("peak_bytes", stats.peak_bytes),
            ("soft_max", stats.soft_max),
            ("collections", stats.collections),
        ] {
            table.raw_set(name, value)?;
        }
        Ok(Value::Table(table))
    })
}

/// If live bytes exceed this limit, Lua's garbage is collected. The limit grows by a factor of 1.4 if
/// over 80% remains live afterwards. Resets `peak_bytes`.
fn set_soft_max(bytes: i64) -> Outcome<()> {
    let bytes = usize::try_from(bytes)
        .map_err(|_| Error::new(format!("a soft maximum of {bytes} bytes")))?;
    ledger::set_soft_max(bytes);
    Ok(())
}
