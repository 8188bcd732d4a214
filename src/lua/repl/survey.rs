//! The contents of a session: its globals and its tensors.

use super::show::{self, Look};
use crate::failure::Failure;
use crate::torch::trace::{Census, Share, census};
use compt_core::tensor::ledger;
use compt_study::interrupt;
use mlua::{Lua, Value};
use std::collections::BTreeSet;

/// The names of all globals.
pub fn globals(lua: &Lua) -> mlua::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    lua.globals().for_each(|key: Value, _: Value| {
        if let Some(name) = key.as_string() {
            names.insert(name.to_string_lossy());
        }
        Ok(())
    })?;
    Ok(names)
}

/// The session's own globals, one per line, with their values.
pub fn variables(lua: &Lua, given: &BTreeSet<String>, look: Look) -> mlua::Result<String> {
    let own: Vec<String> = globals(lua)?
        .into_iter()
        .filter(|name| !given.contains(name) && !["compt", "torch"].contains(&name.as_str()))
        .collect();
    let width = own.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for name in own {
        let value: Value = lua.globals().raw_get(name.as_str())?;
        let text = match show::value(&value, Look { colour: false, ..look }) {
            Ok(text) => text,
            Err(error) if interrupt::requested() => return Err(error),
            Err(error) => format!("({})", Failure::new(&error).message),
        };
        let mut first = text.lines().next().unwrap_or_default().to_string();
        if text.contains('\n') && first == "{" {
            first = "{ ... }".to_string();
        }
        let line = format!("{name:width$}  {first}");
        lines.push(line.chars().take(look.width.max(20)).collect::<String>());
    }
    Ok(lines.join("\n"))
}

/// The live tensors and their bytes, by device and by the place of their creation.
pub fn memory(lua: &Lua) -> mlua::Result<String> {
    lua.gc_collect()?;
    lua.gc_collect()?;
    let stats = ledger::stats();
    let Census { devices, places } = census();
    let mut text = format!(
        "{} tensors, {}; at most {} so far",
        stats.live_tensors,
        bytes(stats.live_bytes),
        bytes(stats.peak_bytes)
    );
    let mut table = |title: &str, mut rows: Vec<(&String, &Share)>| {
        rows.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        let width = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0);
        for (i, (name, share)) in rows.iter().take(20).enumerate() {
            let title = if i == 0 { title } else { "" };
            let size = bytes(share.bytes);
            let space = " ".repeat(width - name.chars().count());
            text.push_str(&format!(
                "\n{title:<8}  {name}{space}  {:>6}  {size:>10}",
                share.tensors
            ));
        }
    };
    table("device", devices.iter().collect());
    table("made at", places.iter().collect());
    Ok(text)
}

fn bytes(count: usize) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let power = (0..3).find(|p| count < 1024usize.pow(p + 1)).unwrap_or(3);
    match power {
        0 => format!("{count} B"),
        p => format!("{:.1} {}", count as f64 / 1024f64.powi(p as i32), UNITS[p as usize]),
    }
}
