//! Rows of different lengths as a few rectangles.
//!
//! A batch is a list of groups; each is a rectangle of rows padded to its longest
//! row. All groups are concatenated in one tensor `[N, d]`: matrix products and norms
//! run over all N positions at once, attention runs group by group. One group is the usual
//! padded batch; one group per row computes on real tokens only.

use crate::tensor::upload::{Part, Upload, Uploaded, longs};
use crate::{Error, Result};
use std::cell::OnceCell;
use tch::{Device, Tensor};

/// A rectangle of rows inside a packed tensor.
#[derive(Debug)]
pub struct Group {
    /// The number of rows.
    pub rows: i64,
    /// The number of positions per row.
    pub length: i64,
    /// Added to the attention scores of each key, `[rows, 1, 1, length]` float32: 0 for a real
    /// position, -inf for padding; `None` if every position is real.
    pub mask: Option<Tensor>,
}

/// The positions of a batch's rows in a packed tensor.
#[derive(Debug, Default)]
pub struct Layout {
    pub groups: Vec<Group>,
    /// The row of the batch for each packed row.
    pub order: Vec<i64>,
    /// N, the number of positions in all groups, including padding.
    pub tokens: i64,
    /// `order` and its inverse on the device, once they are needed: `[B]` each.
    on_device: OnceCell<[Tensor; 2]>,
}

/// A layout whose values for the device are parts of an [`Upload`].
pub(crate) struct Planned {
    layout: Layout,
    masks: Vec<Option<Part>>,
    order: [Part; 2],
}

impl Planned {
    /// For each packed position its index in the caller's numbering of (row, position), `[N]`.
    pub(crate) fn index(&self, lengths: &[i64], number: impl Fn(i64, i64) -> i64) -> Vec<i64> {
        self.layout.index(lengths, number)
    }

    pub(crate) fn on_device(self, values: &Uploaded) -> Result<Layout> {
        let Planned { mut layout, masks, order } = self;
        for (group, mask) in layout.groups.iter_mut().zip(masks) {
            if let Some(mask) = mask {
                group.mask = Some(values.floats(mask)?.f_view([group.rows, 1, 1, group.length])?);
            }
        }
        layout.on_device = OnceCell::from([values.longs(order[0])?, values.longs(order[1])?]);
        Ok(layout)
    }
}

/// The cost of another group in padded positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupCost(pub f64);

impl GroupCost {
    /// No padding: groups of equal length.
    pub const EXACT: GroupCost = GroupCost(0.0);
    /// One rectangle with padding.
    pub const PADDED: GroupCost = GroupCost(f64::INFINITY);
}

impl Layout {
    /// Groups rows of these lengths so that the total cost of padding and groups is minimal.
    ///
    /// `hidden(row)` lists positions of a row (0-based) that are masked in attention; the others are
    /// real.
    pub(crate) fn plan(
        lengths: &[i64],
        cost: GroupCost,
        hidden: impl Fn(usize) -> Vec<i64>,
        device: Device,
    ) -> Result<Self> {
        let mut upload = Upload::default();
        let planned = Self::planned(lengths, cost, hidden, &mut upload)?;
        planned.on_device(&upload.send(device)?)
    }

    /// Like `plan`, with the values for the device as parts of `upload`.
    pub(crate) fn planned(
        lengths: &[i64],
        cost: GroupCost,
        hidden: impl Fn(usize) -> Vec<i64>,
        upload: &mut Upload,
    ) -> Result<Planned> {
        if let Some(row) = lengths.iter().position(|&n| n < 1) {
            return Err(Error::new(format!("row {} of the batch has no tokens", row + 1)));
        }
        if lengths.is_empty() {
            return Err(Error::new("the batch has no rows"));
        }
        let mut order: Vec<i64> = (0..lengths.len() as i64).collect();
        if cost != GroupCost::PADDED {
            order.sort_by_key(|&row| lengths[row as usize]);
        }
        let sorted: Vec<i64> = order.iter().map(|&row| lengths[row as usize]).collect();
        let (mut groups, mut masks) = (Vec::new(), Vec::new());
        let mut tokens = 0;
        for (from, to) in partition(&sorted, cost) {
            let length = *sorted[from..to].iter().max().expect("no group is empty");
            let rows = (to - from) as i64;
            let mut seen = vec![0f32; (rows * length) as usize];
            for (i, place) in (from..to).enumerate() {
                let row = &mut seen[i * length as usize..(i + 1) * length as usize];
                row[sorted[place] as usize..].fill(f32::NEG_INFINITY);
                for position in hidden(order[place] as usize) {
                    row[position as usize] = f32::NEG_INFINITY;
                }
            }
            masks.push((!seen.iter().all(|&v| v == 0.0)).then(|| upload.floats(&seen)));
            tokens += rows * length;
            groups.push(Group { rows, length, mask: None });
        }
        let layout = Layout { groups, order, tokens, ..Layout::default() };
        let order = [upload.longs(&layout.order), upload.longs(&layout.inverse())];
        Ok(Planned { layout, masks, order })
    }

    /// Concatenates the layouts of batches.
    pub(super) fn join(layouts: Vec<Layout>) -> Layout {
        let mut all = Layout::default();
        for layout in layouts {
            let before = all.order.len() as i64;
            all.order.extend(layout.order.iter().map(|row| row + before));
            all.groups.extend(layout.groups);
            all.tokens += layout.tokens;
        }
        all
    }

    /// The positions `[N]` of a flat `[B * width]` batch in this layout, including padding
    /// (padding uses position 0 of its row, which is masked).
    pub(super) fn gather_from(
        &self,
        lengths: &[i64],
        width: i64,
        device: Device,
    ) -> Result<Tensor> {
        longs(&self.index(lengths, |row, position| row * width + position), device)
    }

    /// For each packed position its index in the caller's numbering of (row, position), `[N]`.
    fn index(&self, lengths: &[i64], number: impl Fn(i64, i64) -> i64) -> Vec<i64> {
        let mut index = Vec::with_capacity(self.tokens as usize);
        let mut place = 0;
        for group in &self.groups {
            for _ in 0..group.rows {
                let row = self.order[place];
                for position in 0..group.length {
                    let real = position < lengths[row as usize];
                    index.push(number(row, if real { position } else { 0 }));
                }
                place += 1;
            }
        }
        index
    }

    /// The same groups, which share their masks.
    pub(crate) fn shallow_clone(&self) -> Layout {
        let group = |g: &Group| {
            let mask = g.mask.as_ref().map(Tensor::shallow_clone);
            Group { rows: g.rows, length: g.length, mask }
        };
        let groups = self.groups.iter().map(group).collect();
        Layout { groups, order: self.order.clone(), tokens: self.tokens, ..Layout::default() }
    }

    /// The size of each group in a packed tensor.
    pub(crate) fn sizes(&self) -> Vec<i64> {
        self.groups.iter().map(|g| g.rows * g.length).collect()
    }

    /// The number of rows of each group.
    pub(crate) fn row_counts(&self) -> Vec<i64> {
        self.groups.iter().map(|g| g.rows).collect()
    }

    /// The length of the longest group.
    pub fn longest(&self) -> i64 {
        self.groups.iter().map(|g| g.length).max().unwrap_or(0)
    }

    /// Batch rows in packed order, `[B]`.
    pub(crate) fn order_tensor(&self, device: Device) -> Result<Tensor> {
        Ok(self.on_device(device)?[0].shallow_clone())
    }

    /// For each row of the batch its packed row, `[B]`: the inverse of `order`.
    pub(crate) fn inverse_order(&self, device: Device) -> Result<Tensor> {
        Ok(self.on_device(device)?[1].shallow_clone())
    }

    fn on_device(&self, device: Device) -> Result<&[Tensor; 2]> {
        if self.on_device.get().is_none() {
            let both = [longs(&self.order, device)?, longs(&self.inverse(), device)?];
            let _ = self.on_device.set(both);
        }
        Ok(self.on_device.get().expect("just set"))
    }

    fn inverse(&self) -> Vec<i64> {
        let mut places = vec![0i64; self.order.len()];
        for (place, &row) in self.order.iter().enumerate() {
            places[row as usize] = place as i64;
        }
        places
    }

    /// Unpacks vectors `[N, d]` to `[B, width, d]` in batch order, with zeros for padding.
    pub fn unpack(&self, packed: &Tensor, width: i64) -> Result<Tensor> {
        let d = *packed.size().last().expect("packed vectors have a width");
        let parts = packed.f_split_with_sizes(&self.sizes()[..], 0)?;
        let rows = parts
            .iter()
            .zip(&self.groups)
            .map(|(part, g)| {
                let rect = part.f_view([g.rows, g.length, d])?;
                let rect = match &g.mask {
                    Some(mask) => {
                        rect.f_masked_fill(&mask.f_isinf()?.f_view([g.rows, g.length, 1])?, 0.0)?
                    }
                    None => rect,
                };
                rect.f_constant_pad_nd([0, 0, 0, width - g.length])
            })
            .collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Tensor::f_cat(&rows, 0)?.f_index_select(0, &self.inverse_order(packed.device())?)?)
    }
}

/// Partitions ascending lengths into runs with the minimal padded area plus `cost` per run: the shortest
/// path over cut points, O(rows^2).
fn partition(sorted: &[i64], cost: GroupCost) -> Vec<(usize, usize)> {
    let n = sorted.len();
    if cost == GroupCost::PADDED {
        return vec![(0, n)];
    }
    let mut best = vec![f64::INFINITY; n + 1];
    let mut cut = vec![0; n + 1];
    best[0] = 0.0;
    for to in 1..=n {
        for from in 0..to {
            let area = ((to - from) as i64 * sorted[to - 1]) as f64;
            let total = best[from] + area + cost.0;
            // Of equal costs the larger group.
            if total < best[to] {
                best[to] = total;
                cut[to] = from;
            }
        }
    }
    let mut runs = Vec::new();
    let mut to = n;
    while to > 0 {
        runs.push((cut[to], to));
        to = cut[to];
    }
    runs.reverse();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    fn none(_: usize) -> Vec<i64> {
        Vec::new()
    }

    #[test]
    fn an_exact_plan_has_no_padding_and_joins_equal_lengths() {
        let lengths = [5, 3, 5, 9];
        let plan = Layout::plan(&lengths, GroupCost::EXACT, none, Device::Cpu).unwrap();
        assert_eq!(plan.tokens, 22);
        assert_eq!(plan.order, [1, 0, 2, 3]);
        assert_eq!(plan.row_counts(), [1, 2, 1]);
        assert!(plan.groups.iter().all(|g| g.mask.is_none()));
    }

    #[test]
    fn a_padded_plan_is_one_rectangle_in_batch_order() {
        let plan = Layout::plan(&[5, 3], GroupCost::PADDED, none, Device::Cpu).unwrap();
        assert_eq!((plan.tokens, plan.order.clone()), (10, vec![0, 1]));
        let mask = plan.groups[0].mask.as_ref().unwrap();
        assert_eq!(mask.double_value(&[1, 0, 0, 2]), 0.0);
        assert_eq!(mask.double_value(&[1, 0, 0, 3]), f64::NEG_INFINITY);
    }

    #[test]
    fn the_plan_weighs_padding_against_groups() {
        let plan = |cost| partition(&[3, 4, 20, 21], GroupCost(cost));
        assert_eq!(plan(5.0), [(0, 2), (2, 4)]);
        assert_eq!(plan(0.5), [(0, 1), (1, 2), (2, 3), (3, 4)]);
        assert_eq!(plan(100.0), [(0, 4)]);
    }

    #[test]
    fn unpacking_undoes_packing() {
        let lengths = [2, 4, 3];
        let width = 4;
        let flat = Tensor::arange(12, (Kind::Float, Device::Cpu)).view([12, 1]);
        for cost in [GroupCost::EXACT, GroupCost(2.0), GroupCost::PADDED] {
            let plan = Layout::plan(&lengths, cost, none, Device::Cpu).unwrap();
            let index = plan.gather_from(&lengths, width, Device::Cpu).unwrap();
            let back = plan.unpack(&flat.index_select(0, &index), width).unwrap();
            let expected = [0., 1., 0., 0., 4., 5., 6., 7., 8., 9., 10., 0.];
            let got: Vec<f32> = back.flatten(0, -1).try_into().unwrap();
            assert_eq!(got, expected, "{cost:?}");
        }
    }

    #[test]
    fn joined_plans_number_their_rows_on() {
        let plan =
            |lengths: &[i64]| Layout::plan(lengths, GroupCost::EXACT, none, Device::Cpu).unwrap();
        let all = Layout::join(vec![plan(&[5, 3]), plan(&[7, 7, 2])]);
        assert_eq!(all.order, [1, 0, 4, 2, 3]);
        assert_eq!(all.sizes(), [3, 5, 2, 14]);
        assert_eq!(all.tokens, 24);
    }

    #[test]
    fn hidden_positions_are_masked_in_place() {
        let hide = |row: usize| if row == 0 { vec![1] } else { Vec::new() };
        let plan = Layout::plan(&[3, 3], GroupCost::EXACT, hide, Device::Cpu).unwrap();
        let mask: Vec<f32> =
            plan.groups[0].mask.as_ref().unwrap().flatten(0, -1).try_into().unwrap();
        assert_eq!(mask, [0.0, f32::NEG_INFINITY, 0.0, 0.0, 0.0, 0.0]);
    }
}
