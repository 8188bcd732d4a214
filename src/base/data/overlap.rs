//! Test rows that are also training rows.

use super::sample::Candidate;
use super::{Example, Source, Sources, Split};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// A remark on each file that is used for more than one split.
pub fn files(sources: &Sources) -> Vec<String> {
    let mut given: BTreeMap<PathBuf, (&str, Vec<&str>)> = BTreeMap::new();
    for split in Split::ALL {
        let Some(Source::Files(files)) = sources.of(split) else { continue };
        for file in files {
            let path = std::fs::canonicalize(&file.path).unwrap_or(file.path.clone());
            let (_, splits) = given.entry(path).or_insert((&file.origin, Vec::new()));
            if !splits.contains(&split.name()) {
                splits.push(split.name());
            }
        }
    }
    let several = given.into_values().filter(|(_, splits)| splits.len() > 1);
    several.map(|(file, splits)| format!("{file} is used as {}", splits.join(" and as "))).collect()
}

/// A hash of source and target.
pub fn hash(example: &Example) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&example.source, &example.target).hash(&mut hasher);
    hasher.finish()
}

/// The number of test rows that equal a training row in text and label, before shots are sampled.
pub fn rows(train: &[Candidate], test: &[Candidate]) -> usize {
    let reported: HashSet<u64> = test.iter().map(|row| row.hash).collect();
    let trained = train.iter().map(|row| row.hash).filter(|hash| reported.contains(hash));
    let shared: HashSet<u64> = trained.collect();
    test.iter().filter(|row| shared.contains(&row.hash)).count()
}

pub fn remark(shared: usize, test: usize) -> Option<String> {
    let remark =
        || format!("{shared} of {test} test rows are also training rows (the same text and label)");
    (shared > 0).then(remark)
}
