//! The metrics of a task, and the columns that they read.

use super::metric;
use crate::options::Options;
use compt_base::data::{Labels, Template};
use compt_base::metric::Metric;
use mlua::Lua;

/// The metrics of a task: they fit its labels, and their scores have different names.
pub fn metrics(
    lua: &Lua,
    o: &Options,
    labels: &Labels,
    grouped: bool,
) -> mlua::Result<Vec<Metric>> {
    let given: Option<Vec<String>> = o.get(lua, "metrics")?;
    let Some(names) = given else { return Ok(Metric::usual(labels.labelled())) };
    if names.is_empty() {
        return Err(o.error("'metrics' is empty: a task needs a main metric".to_string()));
    }
    let found = names
        .iter()
        .map(|name| metric::named(lua, name).map_err(|e| o.error_of(crate::failure::error_of(&e))));
    let metrics = found.collect::<mlua::Result<Vec<Metric>>>()?;
    metrics.iter().try_for_each(|m| m.check(labels.labelled())).map_err(|e| o.error_of(e))?;
    let scores: Vec<String> = metrics.iter().flat_map(Metric::scores).collect();
    if let Some(i) = (1..scores.len()).find(|&i| scores[..i].contains(&scores[i])) {
        return Err(o.error(format!("two metrics have a score '{}'", scores[i])));
    }
    match metrics.iter().find(|metric| metric.needs_groups() && !grouped) {
        Some(metric) => Err(o.error(format!(
            "the metric '{}' needs 'group': the column that the rows of a group share",
            metric.name()
        ))),
        None => Ok(metrics),
    }
}

/// The columns that metrics read: for a metric of the user, the fields of the input unless others are listed.
pub fn keep(
    lua: &Lua,
    o: &Options,
    template: &Template,
    metrics: &[Metric],
) -> mlua::Result<Vec<String>> {
    match o.get::<Vec<String>>(lua, "keep")? {
        Some(keep) => Ok(keep),
        None if metrics.iter().any(Metric::is_own) => {
            Ok(template.fields().into_iter().map(String::from).collect())
        }
        None => Ok(Vec::new()),
    }
}
