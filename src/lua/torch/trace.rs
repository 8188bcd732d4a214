//! The places where a session's live tensors were created, for `:mem`.

use super::handle::Slot;
use super::place;
use compt_core::tensor::{device, ledger};
use mlua::Lua;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::{Rc, Weak};

/// The live tensors of one device or one place of creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    pub tensors: usize,
    /// A storage counts once, at the place of its first tensor.
    pub bytes: usize,
}

/// Live tensors, by device and by place of creation.
#[derive(Debug, Default)]
pub struct Census {
    pub devices: BTreeMap<String, Share>,
    pub places: BTreeMap<String, Share>,
}

#[derive(Default)]
struct Trace {
    on: bool,
    made: Vec<(Weak<Slot>, Rc<str>)>,
    places: HashSet<Rc<str>>,
    /// At this length of `made`, freed entries are removed.
    prune_at: usize,
}

thread_local! {
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Starts to record where tensors are created, at the cost of reading the call stack for each.
pub fn start() {
    TRACE.with_borrow_mut(|trace| trace.on = true);
}

/// Records a tensor that is passed to Lua.
pub(super) fn made(lua: &Lua, slot: &Rc<Slot>) {
    TRACE.with_borrow_mut(|trace| {
        if trace.on {
            trace.add(slot, place(lua));
        }
    });
}

impl Trace {
    fn add(&mut self, slot: &Rc<Slot>, place: String) {
        let place: Rc<str> = match self.places.get(place.as_str()) {
            Some(known) => known.clone(),
            None => place.into(),
        };
        self.places.insert(place.clone());
        if self.made.len() >= self.prune_at {
            self.made.retain(|(slot, _)| slot.strong_count() > 0);
            let used: HashSet<Rc<str>> = self.made.iter().map(|(_, place)| place.clone()).collect();
            self.places = used;
            self.prune_at = (2 * self.made.len()).max(1024);
        }
        self.made.push((Rc::downgrade(slot), place));
    }
}

/// The live tensors that were created since `start`.
pub fn census() -> Census {
    let mut census = Census::default();
    let mut storages = HashSet::new();
    TRACE.with_borrow(|trace| {
        for (slot, place) in &trace.made {
            let Some(tensor) = slot.upgrade().and_then(|slot| slot.live()) else { continue };
            let memory = ledger::memory_of(tensor.data_ptr() as usize);
            let bytes = memory.filter(|(first, _)| storages.insert(*first)).map_or(0, |m| m.1);
            let device = census.devices.entry(device::name(tensor.device())).or_default();
            let place = census.places.entry(place.to_string()).or_default();
            for share in [device, place] {
                share.tensors += 1;
                share.bytes += bytes;
            }
        }
    });
    census
}
