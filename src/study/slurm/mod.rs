//! Slurm: the only user of `sbatch`, `squeue`, `scontrol` and `scancel`
//! (<https://slurm.schedmd.com>).

mod command;
mod id;
mod job;
mod queue;
mod script;
mod submit;

pub use id::JobId;
pub use job::Job;
pub use queue::Queue;
pub use script::{Batch, Profile, array, merge, quoted, seconds};
pub(crate) use submit::asked_clusters;
pub use submit::{Script, cancel, max_array_size, release};
