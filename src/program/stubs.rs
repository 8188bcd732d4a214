//! `compt stubs`: the documentation for editors, and as the reference manual.

use super::errors;
use crate::Result;
use compt_base::files::atomic::write_atomic;
use compt_base::output;
use compt_error::Context;
use compt_lua::doc::{self, Docs};
use std::path::Path;
use std::process::ExitCode;

/// Prints the stubs, or writes them into a folder.
pub fn stubs(folder: Option<&Path>) -> ExitCode {
    let done = match folder {
        Some(folder) => write(folder),
        None => Docs::load().map(|docs| {
            doc::stubs(&docs).iter().for_each(|(_, text)| output::exact(format!("{text}\n")))
        }),
    };
    errors::exit(done)
}

/// Prints the reference manual.
pub fn manual() -> ExitCode {
    errors::exit(Docs::load().map(|docs| output::exact(doc::manual(&docs))))
}

/// Writes the stubs where `require` searches for their modules below `folder`.
pub fn write(folder: &Path) -> Result<()> {
    for (path, text) in doc::stubs(&Docs::load()?) {
        let path = folder.join(path);
        let parent = path.parent().expect("a folder and a file");
        std::fs::create_dir_all(parent).at(parent.display())?;
        write_atomic(&path, text.as_bytes())?;
    }
    Ok(())
}
