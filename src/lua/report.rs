//! `compt.report.page`: the page of the crate `study`, with the styles and scripts in `stdlib/report/page`.

use super::{paths, stdlib};
use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::stop;
use compt_study::records::catalog::Entry;
use compt_study::report::{Live, Page, Parts, Template, data};
use mlua::{Lua, LuaString, Table};

/// Each script uses the ones before it.
const SCRIPTS: [&str; 8] =
    ["elements", "names", "state", "runs", "curves", "predictions", "live", "page"];
const STYLES: [&str; 4] = ["page", "tables", "parts", "print"];

/// What all pages have in common. Errors: the library folder has no such file.
pub fn template() -> Result<Template> {
    let part = |name: String| -> Result<String> {
        let file = stdlib::file(&format!("report/page/{name}"));
        let file = file.ok_or_else(|| Error::new(format!("no file stdlib/report/page/{name}")))?;
        Ok(String::from_utf8_lossy(&file).into_owned())
    };
    let all = |names: &[&str], ending: &str| -> Result<Vec<String>> {
        names.iter().map(|name| part(format!("{name}.{ending}"))).collect()
    };
    Ok(Template {
        skeleton: part("page.html".into())?,
        styles: all(&STYLES, "css")?,
        scripts: all(&SCRIPTS, "js")?,
    })
}

/// A page as a script describes it: its title, its sections as HTML, and the data of its runs.
pub struct Content {
    pub title: String,
    pub body: Vec<String>,
    pub parts: Parts,
}

/// Reads `{ title, made, body, runs }`: `body` is a list of HTML, `runs` are paths. Errors: an interrupt, by which the
/// data are incomplete.
pub fn content(spec: &Table) -> mlua::Result<Content> {
    let (title, made): (String, String) = (spec.get("title")?, spec.get("made")?);
    let runs: Vec<LuaString> = spec.get("runs")?;
    let runs: Vec<Entry> =
        runs.iter().filter_map(|run| Entry::read(&paths::from_lua(run))).collect();
    let parts = data(&title, &made, &runs);
    stop::check()?;
    Ok(Content { title, body: spec.get("body")?, parts })
}

/// `write_page { path, title, made, body, runs }`.
pub fn write_page(_: &Lua, spec: Table) -> mlua::Result<()> {
    let path = paths::from_lua(&spec.get("path")?);
    let Content { title, body, parts } = content(&spec)?;
    let mut live = Live::default();
    live.publish(parts);
    let page = Page { title: &title, body: &body, live: &live, follows: false };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::from(e).at(folder.display()))?;
    }
    Ok(write_atomic(&path, page.html(&template()?).as_bytes())?)
}
