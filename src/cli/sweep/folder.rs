//! The folder of a plan.

use crate::{Error, Result};
use compt_study::sweep::{Head, Indices, Plan};
use std::path::{Path, PathBuf};

/// Reads a plan and changes to the folder it was created in, to which its paths are relative. Also returns
/// the plan's absolute path.
/// Errors: the file is not a plan, or its folder does not exist.
pub fn enter(path: &Path, which: Option<&Indices>) -> Result<(Plan, PathBuf)> {
    // One name for a file, however it was spelt.
    let path = std::fs::canonicalize(path).map_err(|e| {
        Error::from(e).at(path.display()).hint("compt sweep plan FILE.lua makes a plan")
    })?;
    if path.is_dir() {
        return Err(Error::new("this is a folder, not a plan")
            .at(path.display())
            .hint(format!("give the plan in it: {}", path.join("plan.jsonl").display())));
    }
    if path.extension().is_some_and(|e| e == "lua") {
        return Err(Error::new("this is a script, not a plan")
            .at(path.display())
            .hint("compt sweep plan FILE.lua writes its plan and prints the path"));
    }
    let mut plan = Plan::read(&path, which)?;
    let folder = plan.head.launch.folder.clone();
    // Displayed paths are relative to the user's folder.
    if std::env::current_dir().is_ok_and(|here| here != folder) {
        plan.cells.iter_mut().for_each(|cell| cell.folder = folder.join(&cell.folder));
    }
    go_to(&plan.head, &path)?;
    Ok((plan, path))
}

/// Changes to the folder in which a plan was created.
pub fn go_to(head: &Head, path: &Path) -> Result<()> {
    let folder = &head.launch.folder;
    std::env::set_current_dir(folder).map_err(|e| {
        Error::from(e)
            .at(format!("{}: the folder it was made in, {}", path.display(), folder.display()))
            .hint("make the plan on the machine, or in the shared folder, where it is run")
    })
}
