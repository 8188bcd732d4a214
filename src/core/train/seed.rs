//! Derives seeds.

/// The seed of part `part`; neighbouring seeds and parts give independent values (splitmix64, Steele et al.
/// 2014).
pub fn mix(seed: u64, part: u64) -> u64 {
    let next = |z: u64| {
        let mut z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    // libtorch takes signed seeds.
    next(next(seed) ^ part) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ() {
        let mut all: Vec<u64> = (0..4).flat_map(|s| (0..4).map(move |p| mix(s, p))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 16);
    }
}
