//! `compt prompts compare`

use super::named::named;
use crate::Result;
use comfy_table::Table;
use compt_base::output;
use compt_base::text_table::text_table;
use compt_cli::prompts::PromptsCompareOptions;
use compt_lua::backbone_named;
use compt_run::exchange::Prompt;
use compt_run::exchange::compare::{cosines, nearest, row_norms};

/// The number of words shown of a vocabulary.
const WORDS: i64 = 6;

pub fn compare(options: &PromptsCompareOptions) -> Result<()> {
    let (mut prompts, mut labels): (Vec<Prompt>, Vec<String>) = Default::default();
    let several = options.prompts.len() > 1;
    for argument in &options.prompts {
        let (found, name) = named(argument)?;
        let chosen = match name {
            Some(name) => vec![found.get(name)?],
            None => found.all()?,
        };
        for prompt in chosen {
            labels.push(match several {
                true => format!("{}:{}", found.place, prompt.name),
                false => prompt.name.clone(),
            });
            prompts.push(prompt);
        }
    }
    let cosines = cosines(&prompts)?;
    let numbers = (1..=prompts.len()).map(|i| i.to_string());
    let names = ["".to_string(), "mean rows".into()].into_iter().chain(numbers);
    let mut grid = text_table(names.collect(), 2..2 + prompts.len());
    for (i, (label, row)) in labels.iter().zip(&cosines).enumerate() {
        let cells = row.iter().map(|cosine| format!("{cosine:.3}"));
        grid.add_row([(i + 1).to_string(), label.clone()].into_iter().chain(cells));
    }
    let names = ["row norms", "smallest", "mean", "largest"].map(String::from);
    let mut norms = text_table(names.to_vec(), 1..4);
    for (label, prompt) in labels.iter().zip(&prompts) {
        let cells = row_norms(prompt)?.map(|norm| format!("{norm:.3}"));
        norms.add_row([label.clone()].into_iter().chain(cells));
    }
    let words = match &options.backbone {
        Some(name) => Some(words(name, &labels, &prompts)?),
        None => None,
    };
    output::line(format!("cosines\n{}\n\n{}", grid.trim_fmt(), norms.trim_fmt()));
    if let Some(words) = words {
        output::line(format!("\n{}", words.trim_fmt()));
    }
    Ok(())
}

fn words(name: &str, labels: &[String], prompts: &[Prompt]) -> Result<Table> {
    let backbone = backbone_named(name, "float32", tch::Device::Cpu, false)?;
    let tokenizer = backbone.need_tokenizer()?;
    let mut table = text_table(vec!["mean row".into(), "nearest words, with cosines".into()], []);
    for (label, prompt) in labels.iter().zip(prompts) {
        let near = nearest(prompt, backbone.model.embedding(), WORDS)?;
        let near = near.into_iter().map(|(id, cosine)| {
            let word = tokenizer.piece(id).unwrap_or_else(|| format!("#{id}"));
            format!("{word} {cosine:.3}")
        });
        table.add_row([label.clone(), near.collect::<Vec<_>>().join("  ")]);
    }
    Ok(table)
}
