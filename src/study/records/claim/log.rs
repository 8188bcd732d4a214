//! Who works on a cell, as a log: `claims/1`, `claims/2`, and so on.
//!
//! Each file is made once, by one process (O_EXCL), which has read all before it; none is changed or
//! removed later. A network file system may show a file late, or show it empty: then a cell is left
//! for another look. It cannot make one number for two processes, and that alone decides. A file whose
//! maker died before it wrote is passed over after a while; a process that took that long to write does
//! not count on what it wrote.

use super::owner::Owner;
use crate::Result;
use serde::{Deserialize, Serialize};

/// What a file of the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event<Who = Owner> {
    /// Somebody works on the cell.
    Claimed(Who),
    /// Nobody does: it was stopped, or it failed.
    Released,
    /// It is done, for ever.
    Finished,
}

/// What a process sees of a file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<Who = Owner> {
    /// No file, or none that is visible yet.
    Nothing,
    /// It is being written, or what it says is not visible yet.
    Torn,
    /// So long ago that its maker must have died writing.
    TornLongAgo,
    Whole(Event<Who>),
}

/// The files of one cell's log. Each call is one that a process can die after: the simulation of
/// thousands of processes drops the future there.
#[allow(async_fn_in_trait)]
pub trait Files {
    type Who: Clone;
    /// A moment.
    type Time;
    async fn read(&self, number: u32) -> Result<Seen<Self::Who>>;
    /// Tells when it began to; None where it is there already, visible or not.
    async fn create(&self, number: u32) -> Result<Option<Self::Time>>;
    /// False where so long has passed since it was made that others may take its maker for dead.
    async fn write(&self, number: u32, made: Self::Time, event: &Event<Self::Who>) -> Result<bool>;
}

/// What came of an attempt to claim a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<Claim> {
    Mine(Claim),
    /// By a process that is there, or may be.
    Held,
    Finished,
}

/// The last file that can be seen, and its number; [`Seen::Nothing`] and 0 where there is none.
pub async fn last<F: Files>(files: &F) -> Result<(u32, Seen<F::Who>)> {
    let (mut number, mut last) = (0, Seen::Nothing);
    loop {
        match files.read(number + 1).await? {
            Seen::Nothing => return Ok((number, last)),
            seen => (number, last) = (number + 1, seen),
        }
    }
}

/// Claims a cell; gives the number of the claim.
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

/// Ends the claim of this number; false where another process has taken the cell over, or may have,
/// believing that this one was gone.
pub async fn end<F: Files>(files: &F, number: u32, event: Event<F::Who>) -> Result<bool> {
    match files.create(number + 1).await? {
        Some(made) => files.write(number + 1, made, &event).await,
        None => Ok(false),
    }
}
