//! OpenMP in the environment of the runtime. A variable that the user has set is left as it is.

use std::env;

/// How often a thread of GNU OpenMP looks for work before it sleeps. Its default, billions of times, makes a step
/// 5 to 45 times slower if another process uses a core (docs/performance.md).
const SPINS: &str = "600";

/// The variables to set.
pub fn settings() -> Vec<(&'static str, String)> {
    let is_set = |name: &str| env::var_os(name).is_some();
    of(is_set, allowed(), usable())
}

fn of(
    is_set: impl Fn(&str) -> bool,
    allowed: Option<usize>,
    usable: usize,
) -> Vec<(&'static str, String)> {
    let mut settings = Vec::new();
    if !is_set("OMP_WAIT_POLICY") && !is_set("GOMP_SPINCOUNT") {
        settings.push(("GOMP_SPINCOUNT", SPINS.to_string()));
    }
    // OpenMP counts the processors of the affinity mask; a container's quota can be lower.
    if !is_set("OMP_NUM_THREADS") && allowed.is_some_and(|allowed| usable < allowed) {
        settings.push(("OMP_NUM_THREADS", usable.to_string()));
    }
    settings
}

/// The processors of the affinity mask; `None` where there is none.
#[cfg(not(target_os = "linux"))]
fn allowed() -> Option<usize> {
    None
}

/// The processors of the affinity mask.
#[cfg(target_os = "linux")]
fn allowed() -> Option<usize> {
    // SAFETY: a mask of zeros is valid, and its size is given.
    unsafe {
        let mut mask: libc::cpu_set_t = std::mem::zeroed();
        let done = libc::sched_getaffinity(0, size_of_val(&mask), &mut mask);
        (done == 0).then(|| libc::CPU_COUNT(&mask) as usize)
    }
}

/// The processors of the affinity mask and the quota.
fn usable() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_user_are_kept() {
        let spins = ("GOMP_SPINCOUNT", SPINS.to_string());
        let two = ("OMP_NUM_THREADS", "2".to_string());
        assert_eq!(of(|name| name == "OMP_WAIT_POLICY", Some(8), 8), []);
        assert_eq!(of(|name| name == "GOMP_SPINCOUNT", Some(8), 8), []);
        assert_eq!(of(|_| false, Some(8), 2), [spins.clone(), two]);
        assert_eq!(of(|name| name == "OMP_NUM_THREADS", Some(8), 2), [spins]);
    }
}
