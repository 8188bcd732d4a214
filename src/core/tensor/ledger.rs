//! Counts the bytes of live tensors.
//!
//! Lua's collector sees a tensor as a few bytes. Therefore every handle registers its
//! memory here, until it is dropped. Handles of the same storage count its
//! bytes once. Above a soft maximum the owner of the handles collects its garbage; the
//! policy is that of torch7.

use std::cell::RefCell;
use std::collections::BTreeMap;
use tch::Tensor;

/// The size of a handle besides its elements (measured: 0.9 KB for 4 elements held by Lua).
const OVERHEAD: usize = 1024;
const DEFAULT_SOFT_MAX: usize = 300_000_000;

/// The counts of this thread; sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    pub live_tensors: usize,
    pub live_bytes: usize,
    pub peak_bytes: usize,
    pub soft_max: usize,
    /// How many times the soft maximum triggered a collection.
    pub collections: usize,
}

/// A storage, or the part of it that handles use.
struct Span {
    end: usize,
    handles: usize,
}

struct Ledger {
    /// Disjoint spans of memory, by their start address.
    spans: BTreeMap<usize, Span>,
    stats: Stats,
}

thread_local! {
    static LEDGER: RefCell<Ledger> = const { RefCell::new(Ledger::new()) };
}

/// A handle's entry in the ledger; dropping it removes the entry.
#[derive(Debug)]
pub struct Tracked {
    address: usize,
}

impl Tracked {
    /// Counts a tensor until the entry is dropped.
    pub fn new(tensor: &Tensor) -> Tracked {
        let address = tensor.data_ptr() as usize;
        LEDGER.with_borrow_mut(|ledger| ledger.enter(address, extent(tensor)));
        Tracked { address }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // At the end of the thread the ledger may be dropped before the last handle.
        let _ = LEDGER.try_with(|ledger| ledger.borrow_mut().leave(self.address));
    }
}

/// The counts of this thread.
pub fn stats() -> Stats {
    LEDGER.with_borrow(|ledger| ledger.stats)
}

/// The live memory that contains the address of a tensor's elements: its start and its bytes.
pub fn memory_of(address: usize) -> Option<(usize, usize)> {
    LEDGER.with_borrow(|ledger| {
        let (&first, span) = ledger.spans.range(..=address).next_back()?;
        (address < span.end).then(|| (first, span.end - first))
    })
}

/// Sets the soft maximum, and resets the peak to the live bytes.
pub fn set_soft_max(bytes: usize) {
    LEDGER.with_borrow_mut(|ledger| {
        ledger.stats.soft_max = bytes;
        ledger.stats.peak_bytes = ledger.stats.live_bytes;
    });
}

/// Runs `collect` if the live bytes exceed the soft maximum. If over 80% of it remains afterwards,
/// the maximum grows by a factor of 1.4. Errors: those of `collect`.
pub fn relieve<E>(collect: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let before = stats();
    if before.live_bytes <= before.soft_max {
        return Ok(());
    }
    collect()?;
    LEDGER.with_borrow_mut(|ledger| {
        let stats = &mut ledger.stats;
        stats.collections += 1;
        if stats.live_bytes > stats.soft_max / 5 * 4 {
            stats.soft_max = stats.soft_max / 5 * 7;
        }
    });
    Ok(())
}

/// The bytes from a tensor's first element to its last.
fn extent(tensor: &Tensor) -> usize {
    let shape = tensor.size();
    let elements = if shape.contains(&0) {
        0
    } else if tensor.is_contiguous() {
        shape.iter().product::<i64>()
    } else {
        1 + shape.iter().zip(tensor.stride()).map(|(n, stride)| (n - 1) * stride).sum::<i64>()
    };
    elements as usize * tensor.f_kind().map_or(0, |kind| kind.elt_size_in_bytes())
}

impl Ledger {
    const fn new() -> Self {
        let stats = Stats {
            live_tensors: 0,
            live_bytes: 0,
            peak_bytes: 0,
            soft_max: DEFAULT_SOFT_MAX,
            collections: 0,
        };
        Ledger { spans: BTreeMap::new(), stats }
    }

    fn enter(&mut self, address: usize, bytes: usize) {
        self.stats.live_tensors += 1;
        self.stats.live_bytes += OVERHEAD;
        if bytes > 0 {
            self.cover(address, address + bytes);
        }
        self.stats.peak_bytes = self.stats.peak_bytes.max(self.stats.live_bytes);
    }

    /// Adds a handle on `start..end`. Memory of live tensors overlaps only within one storage,
    /// so overlapping spans become one.
    fn cover(&mut self, mut start: usize, mut end: usize) {
        let mut handles = 1;
        while let Some((&first, span)) = self.spans.range_mut(..end).next_back() {
            if span.end <= start {
                break;
            }
            if first <= start && end <= span.end {
                span.handles += handles;
                return;
            }
            handles += span.handles;
            self.stats.live_bytes -= span.end - first;
            start = start.min(first);
            end = end.max(span.end);
            self.spans.remove(&first);
        }
        self.stats.live_bytes += end - start;
        self.spans.insert(start, Span { end, handles });
    }

    fn leave(&mut self, address: usize) {
        self.stats.live_tensors -= 1;
        self.stats.live_bytes -= OVERHEAD;
        let Some((&first, span)) = self.spans.range_mut(..=address).next_back() else { return };
        if span.end <= address {
            return;
        }
        span.handles -= 1;
        if span.handles == 0 {
            self.stats.live_bytes -= span.end - first;
            self.spans.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn zeros(n: i64) -> Tensor {
        Tensor::f_zeros([n], (Kind::Float, Device::Cpu)).unwrap()
    }

    fn live() -> usize {
        let stats = stats();
        stats.live_bytes - stats.live_tensors * OVERHEAD
    }

    #[test]
    fn views_count_once_and_the_storage_goes_with_its_last_handle() {
        let base = zeros(1000);
        let view = base.f_narrow(0, 10, 20).unwrap();
        let whole = Tracked::new(&base);
        let part = Tracked::new(&view);
        assert_eq!(live(), 4000);
        drop(whole);
        assert_eq!(live(), 4000);
        drop(part);
        assert_eq!(live(), 0);
    }

    #[test]
    fn parts_seen_before_their_whole_are_merged_into_it() {
        let base = zeros(1000);
        let parts = [
            Tracked::new(&base.f_narrow(0, 0, 10).unwrap()),
            Tracked::new(&base.f_get(500).unwrap()),
        ];
        assert_eq!(live(), 44);
        let whole = Tracked::new(&base);
        assert_eq!(live(), 4000);
        drop(whole);
        drop(parts);
        assert_eq!(live(), 0);
    }

    #[test]
    fn expanded_transposed_and_empty_tensors_have_their_true_extent() {
        let column = zeros(8).f_reshape([8, 1]).unwrap();
        let entry = Tracked::new(&column.f_expand([8, 1000], false).unwrap());
        assert_eq!(live(), 32);
        drop(entry);
        let square = zeros(16).f_reshape([4, 4]).unwrap().f_tr().unwrap();
        let entry = Tracked::new(&square);
        assert_eq!(live(), 64);
        drop(entry);
        let entry = Tracked::new(&zeros(0));
        assert_eq!(live(), 0);
        drop(entry);
        assert_eq!(stats().live_tensors, 0);
    }

    #[test]
    fn past_the_soft_maximum_it_collects_and_grows_if_much_remains() {
        set_soft_max(1000);
        let collect = || Ok::<(), ()>(());
        relieve(collect).unwrap();
        assert_eq!(stats().collections, 0);
        let entry = Tracked::new(&zeros(1000));
        relieve(collect).unwrap();
        assert_eq!((stats().collections, stats().soft_max), (1, 1400));
        relieve(|| {
            drop(entry);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!((stats().collections, stats().soft_max), (2, 1400));
    }
}
