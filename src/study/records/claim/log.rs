//! The owner of a grid cell, as a log of files: `claims/1`, `claims/2`, and so on.
//!
//! Each file is created once (O_EXCL), by a process that has read all earlier files, and is never changed or
//! removed. A network file system may show a file late, or show it empty; the cell is then skipped until the
//! next scan. It cannot create the same file for two processes, and correctness depends on that alone. A file
//! whose creator died before writing is skipped after a timeout; a process that took longer than the timeout
//! to write does not rely on its entry.

use super::owner::Owner;
use crate::Result;
use serde::{Deserialize, Serialize};

/// The entry in a file of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event<Who = Owner> {
    /// A process is working on the cell.
    Claimed(Who),
    /// The cell is free: its process was stopped or failed.
    Released,
    /// The cell is complete. This is final.
    Finished,
}

/// The state of a log file as a process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<Who = Owner> {
    /// No file is visible.
    Nothing,
    /// The file is being written, or its contents are not visible yet.
    Torn,
    /// The file has been incomplete for so long that its creator must have died.
    TornLongAgo,
    Whole(Event<Who>),
}

/// The files of one cell's log. A process can die after any of these calls; the simulation of thousands of
/// processes drops the future at these points.
#[allow(async_fn_in_trait)]
pub trait Files {
    type Who: Clone;
    /// A point in time.
    type Time;
    async fn read(&self, number: u32) -> Result<Seen<Self::Who>>;
    /// Creates a file. Returns the time at which creation began; `None` if the file exists, visible or not.
    async fn create(&self, number: u32) -> Result<Option<Self::Time>>;
    /// Writes the entry. Returns false if so much time has passed since `made` that others may consider this
    /// process dead.
    async fn write(&self, number: u32, made: Self::Time, event: &Event<Self::Who>) -> Result<bool>;
}

/// The result of an attempt to claim a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<Claim> {
    Mine(Claim),
    /// Held by a process that is or may be alive.
    Held,
    Finished,
}

/// The last visible file and its number; [`Seen::Nothing`] and 0 if there is none.
pub async fn last<F: Files>(files: &F) -> Result<(u32, Seen<F::Who>)> {
    let (mut number, mut last) = (0, Seen::Nothing);
    loop {
        match files.read(number + 1).await? {
            Seen::Nothing => return Ok((number, last)),
            seen => (number, last) = (number + 1, seen),
        }
    }
}

/// Claims a cell. Returns the number of the claim.
pub async fn take<F: Files>(
    files: &F,
    me: &F::Who,
    is_gone: impl Fn(&F::Who) -> bool,
) -> Result<Taken<u32>> {
    let (number, last) = last(files).await?;
    match last {
        Seen::Whole(Event::Finished) => return Ok(Taken::Finished),
        Seen::Whole(Event::Claimed(owner)) if !is_gone(&owner) => return Ok(Taken::Held),
        Seen::Torn => return Ok(Taken::Held),
        _ => {}
    }
    let number = number + 1;
    let Some(made) = files.create(number).await? else { return Ok(Taken::Held) };
    if files.write(number, made, &Event::Claimed(me.clone())).await? {
        return Ok(Taken::Mine(number));
    }
    end(files, number, Event::Released).await?;
    Ok(Taken::Held)
}

/// Ends the claim with this number. Returns false if another process has, or may have, taken the cell over
/// because it considered this process dead.
pub async fn end<F: Files>(files: &F, number: u32, event: Event<F::Who>) -> Result<bool> {
    match files.create(number + 1).await? {
        Some(made) => files.write(number + 1, made, &event).await,
        None => Ok(false),
    }
}
