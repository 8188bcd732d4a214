//! A sparkline in a line of text.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values, from `▁` (minimum) to `█` (maximum), over `width` characters; a space for missing
/// values. Each character shows the mean of its values.
pub fn spark(values: &[Option<f64>], width: usize) -> String {
    let present = || values.iter().flatten();
    let low = present().copied().fold(f64::INFINITY, f64::min);
    let high = present().copied().fold(f64::NEG_INFINITY, f64::max);
    let block = |mean: f64| match high > low {
        // Halving avoids overflow of the difference of two large numbers.
        true => ((mean / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) * 7.0).round() as usize,
        false => BLOCKS.len() / 2 - 1,
    };
    (0..if values.is_empty() { 0 } else { width })
        .map(|i| {
            let start = i * values.len() / width;
            let end = ((i + 1) * values.len() / width).max(start + 1);
            let column: Vec<f64> = values[start..end].iter().flatten().copied().collect();
            match column.len() {
                0 => ' ',
                count => {
                    let mean = column.iter().map(|x| x / count as f64).sum::<f64>();
                    BLOCKS[block(mean).min(BLOCKS.len() - 1)]
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], width: usize) -> String {
        spark(&values.iter().map(|x| Some(*x)).collect::<Vec<_>>(), width)
    }

    #[test]
    fn a_ramp_climbs_all_blocks() {
        let ramp: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(of(&ramp, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(of(&[0.0, 1.0], 4), "▁▁██");
        assert_eq!(of(&[0.0, 2.0, 7.0, 7.0], 2), "▂█");
    }

    #[test]
    fn level_lines_gaps_and_nothing() {
        assert_eq!(of(&[3.0; 5], 3), "▄▄▄");
        assert_eq!(spark(&[Some(1.0), None, Some(2.0)], 3), "▁ █");
        assert_eq!(spark(&[None], 2), "  ");
        assert_eq!(spark(&[], 5), "");
        assert_eq!(of(&[-f64::MAX, f64::MAX], 2), "▁█");
    }
}
