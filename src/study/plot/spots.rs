//! Free places in a plot area: for a box of names, and for texts beside points.

/// The distance of a box from the edges, and of what is drawn from it.
const GAP: f64 = 4.0;
/// The distance of a text from its point.
const BESIDE: f64 = 6.0;

/// The corner of an area where a box of this size covers the fewest of the drawn points.
pub fn emptiest(
    drawn: &[(f64, f64)],
    [(left, top), (right, low)]: [(f64, f64); 2],
    (width, height): (f64, f64),
) -> (f64, f64) {
    let (left, right) = (left + GAP, right - GAP - width);
    let (top, low) = (top + GAP, low - GAP - height);
    let covered = |(x, y): (f64, f64)| {
        let inside = |at: &&(f64, f64)| {
            (x - GAP..=x + width + GAP).contains(&at.0)
                && (y - GAP..=y + height + GAP).contains(&at.1)
        };
        drawn.iter().filter(inside).count()
    };
    let corners = [(right, top), (left, top), (left, low), (right, low)];
    corners.into_iter().min_by_key(|corner| covered(*corner)).unwrap_or((left, top))
}

/// The texts that are placed so far, from left to right within these ends.
pub struct Spots {
    ends: (f64, f64),
    taken: Vec<[f64; 4]>,
}

impl Spots {
    pub fn within(left: f64, right: f64) -> Spots {
        Spots { ends: (left, right), taken: Vec::new() }
    }

    /// The start of the base line of a text of this width and font size beside a point: at its right, its left, above or
    /// below, where it overlaps no other one; else at the side with space.
    pub fn beside(&mut self, (x, y): (f64, f64), (wide, size): (f64, f64)) -> (f64, f64) {
        let middle = y + size * 0.36;
        let spots = [
            (x + BESIDE, middle),
            (x - BESIDE - wide, middle),
            (x - wide / 2.0, y - BESIDE - 2.0),
            (x - wide / 2.0, y + 4.0 + size),
        ];
        let space = |(left, base): (f64, f64)| [left, base - size, left + wide, base];
        let free = |spot: &&(f64, f64)| {
            let [left, top, right, low] = space(**spot);
            let apart = |other: &[f64; 4]| {
                right < other[0] || other[2] < left || low < other[1] || other[3] < top
            };
            left >= self.ends.0 && right <= self.ends.1 && self.taken.iter().all(apart)
        };
        let usual = usize::from(spots[0].0 + wide > self.ends.1);
        let spot = *spots.iter().find(free).unwrap_or(&spots[usual]);
        self.taken.push(space(spot));
        spot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_where_least_is_drawn() {
        let rising: Vec<(f64, f64)> =
            (0..=10).map(|i| (f64::from(i) * 10.0, 100.0 - f64::from(i) * 10.0)).collect();
        let corner = emptiest(&rising, [(0.0, 0.0), (100.0, 100.0)], (20.0, 20.0));
        assert_eq!(corner, (4.0, 4.0));
    }

    #[test]
    fn texts_are_beside_each_other() {
        let mut spots = Spots::within(0.0, 100.0);
        // The same point four times: at the right, at the left, above, below.
        let found = [(); 4].map(|()| spots.beside((50.0, 50.0), (20.0, 10.0)));
        for (at, expected) in
            found.into_iter().zip([(56.0, 53.6), (24.0, 53.6), (40.0, 42.0), (40.0, 64.0)])
        {
            let close = (at.0 - expected.0).abs() < 1e-9 && (at.1 - expected.1).abs() < 1e-9;
            assert!(close, "{at:?} is not {expected:?}");
        }
        assert_eq!(Spots::within(0.0, 100.0).beside((95.0, 50.0), (20.0, 10.0)).0, 69.0);
    }
}
