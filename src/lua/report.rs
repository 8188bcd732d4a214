//! `compt.report.page`: the page of the crate `study`, with the scripts in `stdlib/report/page`.

use super::{paths, stdlib};
use crate::Error;
use compt_base::files::atomic::write_atomic;
use compt_base::stop;
use compt_study::records::catalog::Entry;
use compt_study::report::{Page, Template};
use mlua::{Lua, LuaString, Table};

/// Each script uses the ones before it.
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
    let [title, made, body]: [String; 3] =
        [spec.get("title")?, spec.get("made")?, spec.get("body")?];
    let runs: Vec<LuaString> = spec.get("runs")?;
    let runs: Vec<Entry> =
        runs.iter().filter_map(|run| Entry::read(&paths::from_lua(run))).collect();
    let page = Page { title: &title, made: &made, body: &body, runs: &runs };
    let path = paths::from_lua(&spec.get("path")?);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::from(e).at(folder.display()))?;
    }
    let html = page.html(&template);
    // The page is incomplete if a signal arrived.
    stop::check()?;
    Ok(write_atomic(&path, html.as_bytes())?)
}
