//! Tensors that require gradients, and where they were created, so
//! that a trainer can name those whose gradients are not used.

use super::handle::Slot;
use super::place_in_script;
use crate::Result;
use compt_core::nn::Named;
use mlua::Lua;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tch::Tensor;

/// Leaves with one owner, by name; `None` after the owner is freed.
type Find = Box<dyn Fn() -> Option<Named>>;

struct Owner {
    find: Find,
    place: Rc<str>,
}

#[derive(Default)]
struct Leaves {
    owners: Vec<Owner>,
    /// At this length, freed entries are removed.
    prune_at: usize,
    /// The tensors created during a watch, kept alive until it ends.
    held: Option<Vec<(Rc<str>, Tensor)>>,
}

thread_local! {
    static LEAVES: RefCell<Leaves> = RefCell::default();
}

/// Records a tensor of a script that requires gradients from now on.
pub(super) fn made(lua: &Lua, slot: &Rc<Slot>) {
    let Some(tensor) = slot.live().filter(|tensor| tensor.f_is_leaf().unwrap_or(false)) else {
        return;
    };
    let place: Rc<str> = place_in_script(lua).into();
    LEAVES.with_borrow_mut(|leaves| {
        if let Some(held) = &mut leaves.held {
            held.push((place.clone(), tensor));
        }
    });
    let slot = Rc::downgrade(slot);
    note(place, Box::new(move || Some(vec![(String::new(), slot.upgrade()?.live()?)])));
}

/// Records the parameters of an object: of a bank, a router, a method.
pub fn of_object(lua: &Lua, find: impl Fn() -> Option<Named> + 'static) {
    note(place_in_script(lua).into(), Box::new(find));
}

fn note(place: Rc<str>, find: Find) {
    LEAVES.with_borrow_mut(|leaves| {
        if leaves.owners.len() >= leaves.prune_at {
            leaves.owners.retain(|owner| (owner.find)().is_some());
            leaves.prune_at = (2 * leaves.owners.len()).max(64);
        }
        leaves.owners.push(Owner { find, place });
    });
}

/// Every live leaf, with its name (empty if it has none) and where it was created.
fn all() -> Vec<(Rc<str>, String, Tensor)> {
    LEAVES.with_borrow(|leaves| {
        let known = leaves.owners.iter().flat_map(|owner| {
            let named = (owner.find)().into_iter().flatten();
            named.map(|(name, tensor)| (owner.place.clone(), name, tensor))
        });
        let held = leaves.held.iter().flatten();
        let held = held.map(|(place, t)| (place.clone(), String::new(), t.shallow_clone()));
        known.chain(held).collect()
    })
}

/// Where a parameter was created, if known.
pub fn place_of(tensor: &Tensor) -> Option<Rc<str>> {
    let address = tensor.data_ptr();
    all().into_iter().find(|leaf| leaf.2.data_ptr() == address).map(|leaf| leaf.0)
}

/// Leaves created at one place that received gradients.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub place: Rc<str>,
    /// The name (empty if there is none) and shape of each.
    pub tensors: Vec<(String, Vec<i64>)>,
}

/// Finds the gradients computed since its start.
pub struct Watch {
    /// The gradients at the start, by the address of the tensor.
    before: BTreeMap<usize, Tensor>,
}

impl Watch {
    pub fn start() -> Result<Watch> {
        LEAVES.with_borrow_mut(|leaves| leaves.held = Some(Vec::new()));
        let mut watch = Watch { before: BTreeMap::new() };
        for (_, _, tensor) in all() {
            let gradient = tensor.f_grad()?;
            if gradient.defined() {
                watch.before.insert(tensor.data_ptr() as usize, gradient.f_detach_copy()?);
            }
        }
        Ok(watch)
    }

    /// The tensors that received a gradient since the start, by the place of their creation.
    pub fn found(self) -> Result<Vec<Found>> {
        let mut seen = std::collections::BTreeSet::new();
        let mut found: Vec<Found> = Vec::new();
        for (place, name, tensor) in all() {
            let gradient = tensor.f_grad()?;
            let address = tensor.data_ptr() as usize;
            if !gradient.defined() || !seen.insert(address) {
                continue;
            }
            if let Some(before) = self.before.get(&address)
                && before.f_equal(&gradient)?
            {
                continue;
            }
            let entry = (name, tensor.size());
            match found.iter_mut().find(|found| found.place == place) {
                Some(found) => found.tensors.push(entry),
                None => found.push(Found { place, tensors: vec![entry] }),
            }
        }
        Ok(found)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        LEAVES.with_borrow_mut(|leaves| leaves.held = None);
    }
}
