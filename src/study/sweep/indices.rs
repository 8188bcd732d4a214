//! Indices of runs in a plan, from 1: `3`, `1-8`, `2,5-7`.

use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Sorted and distinct; stored as ranges, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indices(Vec<(usize, usize)>);

impl Indices {
    pub fn of(numbers: impl IntoIterator<Item = usize>) -> Indices {
        Indices::merged(numbers.into_iter().map(|n| (n, n)).collect())
    }

    fn merged(mut ranges: Vec<(usize, usize)>) -> Indices {
        ranges.sort();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Indices(merged)
    }

    pub fn contains(&self, number: usize) -> bool {
        let before = self.0.partition_point(|(_, last)| *last < number);
        self.0.get(before).is_some_and(|(first, _)| *first <= number)
    }

    pub fn last(&self) -> usize {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

impl FromStr for Indices {
    type Err = Error;

    fn from_str(text: &str) -> Result<Indices> {
        let range = |part: &str| {
            let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (1 <= first && first <= last).then_some((first, last))
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Indices::merged).ok_or_else(|| {
            Error::new(format!("expected numbers from 1 such as 3, 1-8 or 2,5-7, got '{text}'"))
        })
    }
}

impl fmt::Display for Indices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let read = |text: &str| text.parse::<Indices>().unwrap();
        assert_eq!(read("7, 2,5-6,1").to_string(), "1-2,5-7");
        assert_eq!(read("3").iter().collect::<Vec<_>>(), [3]);
        assert_eq!(Indices::of([4, 2, 3, 9]).to_string(), "2-4,9");
        let some = read("2-4,9");
        let inside: Vec<usize> = (0..12).filter(|n| some.contains(*n)).collect();
        assert_eq!(inside, [2, 3, 4, 9]);
        assert_eq!(some.last(), 9);
        for text in ["", "0", "4-2", "a", "1-", "-1", "1,,2"] {
            assert!(text.parse::<Indices>().is_err(), "{text}");
        }
    }
}
