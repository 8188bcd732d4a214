//! Files with bytes changed, cut or added, and what reading them does to the process. COMPT_FUZZ says
//! how many of each format (150; `make figures` takes 10,000), COMPT_FUZZ_SEED where to start.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Beyond twice the file.
const MEMORY: u64 = 64 << 20;

/// What came of a damaged file.
pub enum Read {
    Whole,
    /// With this message.
    Refused(String),
}

pub struct Damage {
    count: u64,
    random: ChaCha8Rng,
}

impl Damage {
    pub fn new() -> Damage {
        limit_memory();
        let random = ChaCha8Rng::seed_from_u64(number("COMPT_FUZZ_SEED", 1));
        Damage { count: number("COMPT_FUZZ", 150), random }
    }

    /// Damages a file again and again and reads what it belongs to: every time it is read, or refused
    /// with a message that names its folder, without a panic and within bounds of memory.
    pub fn endure(&mut self, format: &str, path: &Path, mut read: impl FnMut(u64) -> Read) {
        let whole = fs::read(path).unwrap();
        let (mut loaded, mut most) = (0, 0);
        for i in 0..self.count {
            let bytes = mutated(&mut self.random, &whole);
            fs::write(path, &bytes).unwrap();
            let before = memory(true);
            let result = catch_unwind(AssertUnwindSafe(|| read(i)));
            let growth = memory(false).saturating_sub(before);
            let keep = || {
                let kept = std::env::temp_dir().join("compt-damaged");
                fs::write(&kept, &bytes).unwrap();
                format!("{format}, number {i}, kept as {}", kept.display())
            };
            let Ok(result) = result else { panic!("a panic: {}", keep()) };
            most = most.max(growth);
            assert!(growth < 2 * bytes.len() as u64 + MEMORY, "{growth} bytes: {}", keep());
            match result {
                Read::Whole => loaded += 1,
                Read::Refused(e) => {
                    let named = e.contains(&path.parent().unwrap().display().to_string());
                    let clear = !e.contains("panicked") && !e.contains("frame #") && e.len() < 2000;
                    assert!(named && clear, "{e}: {}", keep());
                }
            }
        }
        fs::write(path, whole).unwrap();
        let (count, most) = (self.count, most / 1024);
        println!(
            "{format}: {count} damaged, {loaded} read, the others refused; {most} KiB at most"
        );
    }
}

pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A few bytes changed, cut, doubled, moved, or made the largest numbers there are.
pub fn mutated(random: &mut ChaCha8Rng, whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..4) {
        if bytes.is_empty() {
            break;
        }
        // Headers and directories stand at the ends, and are small beside the numbers.
        let near = bytes.len().min(1500);
        let at = match random.random_range(0..3) {
            0 => random.random_range(0..bytes.len()),
            1 => random.random_range(0..near),
            _ => bytes.len() - 1 - random.random_range(0..near),
        };
        let end = (at + random.random_range(1..40)).min(bytes.len());
        match random.random_range(0..9) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = random.random_range(0..=bytes.len());
                bytes.splice(to..to, part);
            }
            5 => {
                let width =
                    [1, 2, 4, 8].choose(random).unwrap().min(&(bytes.len() - at)).to_owned();
                let extreme = *[0x00, 0x7f, 0x80, 0xff].choose(random).unwrap();
                bytes[at..at + width].fill(extreme);
            }
            // A digit more, in a number where there is one nearby.
            6 => {
                let digit = bytes[at..].iter().position(u8::is_ascii_digit).map_or(at, |i| at + i);
                let many = random.random_range(1..20);
                bytes.splice(digit..digit, std::iter::repeat_n(b'9', many));
            }
            7 => {
                let odd = b"\"{}[]:,\\-.0eNKJMXUthjqr()cRQbsu\x80\x85\x86\x87\x8a\x8b\x93";
                bytes[at] = *odd.choose(random).unwrap();
            }
            _ => {
                let other = random.random_range(0..bytes.len());
                bytes.swap(at, other);
            }
        }
    }
    bytes
}

/// The memory of the process: now, from where its peak is counted afresh, or that peak.
pub fn memory(afresh: bool) -> u64 {
    if afresh {
        let _ = fs::write("/proc/self/clear_refs", "5");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let key = if afresh { "VmRSS:" } else { "VmHWM:" };
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A size that grew by mistake must fail here, not take the machine's memory.
fn limit_memory() {
    let limit = libc::rlimit { rlim_cur: 8 << 30, rlim_max: 8 << 30 };
    // SAFETY: a valid pointer.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
}
