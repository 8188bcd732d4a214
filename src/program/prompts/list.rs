//! `compt prompts list`

use super::named::named;
use crate::{Error, Result};
use comfy_table::Table;
use compt_base::output;
use compt_base::text_table::text_table;
use compt_cli::prompts::PromptsListOptions;
use compt_run::exchange::{Prompt, compare::row_norms};
use serde_json::{Value, json};

/// One line of the table.
struct Line {
    from: String,
    prompt: Prompt,
    norm: f64,
    score: Option<f64>,
}

pub fn list(options: &PromptsListOptions) -> Result<()> {
    let mut lines = Vec::new();
    for path in &options.paths {
        let (prompts, name) = named(path)?;
        let found = match name {
            Some(name) => vec![prompts.get(name)?],
            None => prompts.all()?,
        };
        for prompt in found {
            let [_, norm, _] = row_norms(&prompt)?;
            let score = prompt.note.score(&prompt.name);
            lines.push(Line { from: prompts.place.clone(), prompt, norm, score });
        }
    }
    if options.json {
        let list: Vec<Value> = lines.iter().map(Line::json).collect();
        let text = serde_json::to_string_pretty(&list).map_err(|e| Error::new(e.to_string()))?;
        output::json(text);
    } else {
        output::line(table(&lines, options.paths.len() > 1).trim_fmt());
    }
    Ok(())
}

impl Line {
    fn json(&self) -> Value {
        let p = &self.prompt;
        json!({
            "from": self.from, "name": p.name, "length": p.length(), "d_model": p.d_model(),
            "mean_row_norm": self.norm, "score": self.score, "scores": p.note.scores.get(&p.name),
            "method": p.note.method, "placement": p.note.placement, "backbone": p.note.backbone,
        })
    }
}

fn table(lines: &[Line], several: bool) -> Table {
    let names = ["from", "name", "rows x width", "row norm", "score", "placement", "backbone"];
    let skipped = usize::from(!several);
    let names = names.map(String::from).into_iter().skip(skipped).collect();
    let mut table = text_table(names, 2 - skipped..5 - skipped);
    let known = |text: Option<&str>| text.unwrap_or("?").to_string();
    for line in lines {
        let p = &line.prompt;
        let row = [
            line.from.clone(),
            p.name.clone(),
            format!("{} x {}", p.length(), p.d_model()),
            format!("{:.3}", line.norm),
            line.score.map_or(String::new(), |score| format!("{score:.1}")),
            known(p.note.placement.as_deref()),
            known(p.note.backbone_name()),
        ];
        table.add_row(row.into_iter().skip(skipped));
    }
    table
}
