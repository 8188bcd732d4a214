//! A pool of processes of this program that work on one grid in parallel.

use super::jobs::Jobs;
use crate::interrupt::Hold;
use crate::records::claim::Owner;
use crate::{Result, interrupt};
use compt_error::Context;
use std::collections::HashSet;
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// The number of threads per process, for `jobs` processes on `cores` cores.
pub fn threads_each(cores: usize, jobs: usize) -> usize {
    (cores / jobs.max(1)).max(1)
}

/// Running processes.
pub struct Pool {
    /// The arguments of a process.
    arguments: Vec<String>,
    threads: usize,
    jobs: Jobs,
    children: Vec<Worker>,
    /// The PIDs of ended processes.
    past: HashSet<u32>,
}

struct Worker {
    child: Child,
    gpu: Option<String>,
}

impl Pool {
    /// Starts processes of the program with these arguments and number of threads. Errors: as in `add`.
    pub fn start(arguments: Vec<String>, jobs: Jobs, threads: usize) -> Result<Pool> {
        let count = jobs.count;
        let (children, past) = (Vec::new(), HashSet::new());
        let mut pool = Pool { arguments, threads, jobs, children, past };
        (0..count).try_for_each(|_| pool.add())?;
        Ok(pool)
    }

    /// Starts another process. Errors: it cannot be started.
    pub fn add(&mut self) -> Result<()> {
        // On Linux this is the executable as it was started, even if the file was replaced since.
        let mut command = match cfg!(target_os = "linux") {
            true => Command::new("/proc/self/exe"),
            false => Command::new(std::env::current_exe()?),
        };
        command.args(&self.arguments).env("OMP_NUM_THREADS", self.threads.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let others = self.children.iter().filter_map(|worker| worker.gpu.as_deref());
        let gpu = self.jobs.gpu(others).map(str::to_string);
        if let Some(gpu) = &gpu {
            command.env("CUDA_VISIBLE_DEVICES", gpu);
        }
        // SAFETY: prctl is async-signal-safe. It ends the children when this process is killed.
        #[cfg(target_os = "linux")]
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                Ok(())
            });
        }
        let child = command.spawn().at("cannot start a process")?;
        self.children.push(Worker { child, gpu });
        Ok(())
    }

    /// The exit codes of processes that ended since the last call; `None` for a killed one. Errors: a
    /// process cannot be waited for.
    pub fn ended(&mut self) -> Result<Vec<Option<i32>>> {
        let mut ended = Vec::new();
        let mut at_work = Vec::new();
        for mut worker in self.children.drain(..) {
            match worker.child.try_wait().at("a process at work")? {
                Some(status) => {
                    self.past.insert(worker.child.id());
                    ended.push(status.code());
                }
                None => at_work.push(worker),
            }
        }
        self.children = at_work;
        Ok(ended)
    }

    /// Whether a process belongs to the pool.
    pub fn has(&self, owner: &Owner) -> bool {
        let this = Owner::this();
        owner.host == this.host && self.children.iter().any(|worker| worker.child.id() == owner.pid)
    }

    /// Whether a process belonged to the pool and has ended.
    pub fn had(&self, owner: Option<Owner>) -> bool {
        owner
            .is_some_and(|owner| owner.host == Owner::this().host && self.past.contains(&owner.pid))
    }

    pub fn at_work(&self) -> usize {
        self.children.len()
    }

    /// Makes all processes write a checkpoint and end, and waits for them.
    pub fn stop(&mut self) {
        // They finish their steps, which may take long.
        let _hold = Hold::new();
        for Worker { child, .. } in &self.children {
            // SAFETY: a system call; the child has not been waited for, so its PID was not reused.
            unsafe { libc::kill(child.id() as i32, interrupt::signal()) };
        }
        for Worker { child, .. } in &mut self.children {
            let _ = child.wait();
        }
        self.children.clear();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn cores_are_shared_out() {
        assert_eq!(super::threads_each(2, 2), 1);
        assert_eq!(super::threads_each(16, 3), 5);
        assert_eq!(super::threads_each(2, 8), 1);
        assert_eq!(super::threads_each(4, 0), 4);
    }
}
