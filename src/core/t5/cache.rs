//! The keys and values of earlier positions in a decoder block.

use crate::Result;
use tch::Tensor;

/// The number of positions by which a full cache grows.
const BLOCK: i64 = 16;

/// Keys and values, `[rows, heads, capacity, d_kv]` each, of which the first `used` positions
/// are valid: a new position is written in place, without copying earlier ones.
pub struct Cache {
    keys: Tensor,
    values: Tensor,
    used: i64,
}

impl Cache {
    /// From the first positions, `[rows, heads, new, d_kv]`.
    pub fn new(keys: Tensor, values: Tensor) -> Self {
        let used = keys.size()[2];
        Cache { keys, values, used }
    }

    /// Appends positions, `[rows, heads, new, d_kv]`.
    pub fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<()> {
        let new = keys.size()[2];
        if self.used + new > self.keys.size()[2] {
            self.keys = grown(&self.keys()?, new)?;
            self.values = grown(&self.values()?, new)?;
        }
        self.keys.f_narrow(2, self.used, new)?.f_copy_(keys)?;
        self.values.f_narrow(2, self.used, new)?.f_copy_(values)?;
        self.used += new;
        Ok(())
    }

    /// `[rows, heads, positions, d_kv]`
    pub fn keys(&self) -> Result<Tensor> {
        first(&self.keys, self.used)
    }

    /// `[rows, heads, positions, d_kv]`
    pub fn values(&self) -> Result<Tensor> {
        first(&self.values, self.used)
    }

    /// Row i becomes the former row `rows[i]`; `rows` is `[rows]`.
    pub fn select(&mut self, rows: &Tensor) -> Result<()> {
        let rows = rows.f_to_device(self.keys.device())?;
        self.keys = self.keys()?.f_index_select(0, &rows)?;
        self.values = self.values()?.f_index_select(0, &rows)?;
        Ok(())
    }
}

/// The first `used` positions; all of them without an operation.
fn first(x: &Tensor, used: i64) -> Result<Tensor> {
    match x.size()[2] {
        all if all == used => Ok(x.shallow_clone()),
        _ => Ok(x.f_narrow(2, 0, used)?),
    }
}

/// A copy with space for `new` positions and another block.
fn grown(x: &Tensor, new: i64) -> Result<Tensor> {
    let [rows, heads, used, width] = x.size()[..] else { unreachable!("4 dimensions") };
    let room = x.f_new_empty([rows, heads, used + new + BLOCK, width], (x.kind(), x.device()))?;
    room.f_narrow(2, 0, used)?.f_copy_(x)?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn it_holds_all_positions_in_order() {
        let all = Tensor::arange(2 * 3 * 40 * 4, (Kind::Float, Device::Cpu)).view([2, 3, 40, 4]);
        let part = |from, n| all.narrow(2, from, n);
        let mut cache = Cache::new(part(0, 2), part(0, 2) * 2);
        for from in 2..40 {
            cache.append(&part(from, 1), &(part(from, 1) * 2)).unwrap();
        }
        assert_eq!(cache.keys().unwrap(), all);
        assert_eq!(cache.values().unwrap(), &all * 2);
        cache.select(&Tensor::from_slice(&[1i64])).unwrap();
        assert_eq!(cache.keys().unwrap(), all.narrow(0, 1, 1));
    }
}
