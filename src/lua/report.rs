//! The library's `report.page`: the page of `src/report` with the parts in `stdlib/report/page`.

use super::stdlib;
use crate::Error;
use compt_core::files::atomic::write_atomic;
use compt_study::records::catalog::Entry;
use compt_study::report::{Template, data, page};
use mlua::{Lua, Table};
use std::path::Path;

/// In the order in which they build on each other.
const SCRIPTS: [&str; 5] = ["elements", "runs", "curves", "predictions", "page"];

/// `write_page { path, title, made, body, runs }`: `body` is HTML, `runs` are paths.
pub fn write_page(_: &Lua, spec: Table) -> mlua::Result<()> {
    let part = |name: &str| -> mlua::Result<String> {
        let file = stdlib::file(&format!("report/page/{name}"));
        let file = file.ok_or_else(|| Error::new(format!("no file stdlib/report/page/{name}")))?;
        Ok(String::from_utf8_lossy(&file).into_owned())
    };
    let scripts = SCRIPTS.iter().map(|name| part(&format!("{name}.js")));
    let template = Template {
        skeleton: part("page.html")?,
        style: part("page.css")?,
        scripts: scripts.collect::<mlua::Result<_>>()?,
    };
    let title: String = spec.get("title")?;
    let made: String = spec.get("made")?;
    let body: String = spec.get("body")?;
    let runs: Vec<String> = spec.get("runs")?;
    let entries: Vec<Entry> = runs.iter().filter_map(|run| Entry::read(Path::new(run))).collect();
    let text = page(&template, &title, &body, &data(&title, &made, &entries));
    let path: String = spec.get("path")?;
    let path = Path::new(&path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::from(e).at(folder.display()))?;
    }
    Ok(write_atomic(path, text.as_bytes())?)
}
