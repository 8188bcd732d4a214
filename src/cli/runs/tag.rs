//! `compt runs tag WORD RUN...`

use super::choose::one;
use crate::{Error, Result};
use clap::Args;
use compt_base::output;
use std::path::PathBuf;

#[derive(Args)]
pub struct RunsTagOptions {
    /// Tag to add
    #[arg(value_name = "TAG")]
    tag: String,

    /// Folders of runs
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,

    /// Remove the tag
    #[arg(long)]
    remove: bool,
}

pub fn tag(options: &RunsTagOptions) -> Result<()> {
    if options.tag.is_empty() || options.tag.contains([',', '/']) {
        return Err(Error::new("a tag is a word without commas and slashes"));
    }
    let runs = options.runs.iter().map(|run| one(run)).collect::<Result<Vec<_>>>()?;
    if let Some((entry, why)) = runs.iter().find_map(|run| Some((run, run.damage()?))) {
        return Err(Error::new(format!("its record is damaged: {why}")).at(entry.path.display()));
    }
    for entry in runs {
        let mut tags = entry.tags.clone();
        tags.retain(|tag| *tag != options.tag);
        if !options.remove {
            tags.push(options.tag.clone());
        }
        entry.tag(&tags)?;
        output::row(format!("{}  {}", entry.path.display(), tags.join(",")));
    }
    Ok(())
}
