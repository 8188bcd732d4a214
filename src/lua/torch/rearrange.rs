//! `rearrange`: reshape and permute by a pattern, in the notation of einops (Rogozhnikov 2022,
//! "Einops: Clear and Reliable Tensor Manipulations with Einstein-like Notation").

use super::arg::Number;
use super::op::Outcome;
use crate::{Error, Result};
use mlua::{Table, Value};
use std::collections::BTreeMap;
use tch::Tensor;

/// The axes that make one dimension; none for a dimension of size 1.
type Dimension = Vec<String>;

const ELLIPSIS: &str = "...";

/// `input` by a pattern such as "b (h d) -> b h d"; `sizes` has sizes of axes by name.
pub fn rearrange(input: &Tensor, pattern: &str, sizes: Option<Table>) -> Outcome<Tensor> {
    let whole = |e: Error| e.at(format!("pattern '{pattern}'"));
    let (left, right) = pattern
        .split_once("->")
        .ok_or_else(|| whole(Error::new("has no '->'").hint("for example 'b (h d) -> b h d'")))?;
    let (left, right) = (side(left).map_err(whole)?, side(right).map_err(whole)?);
    let shape = input.size();
    let (left, right) = spread(left, right, shape.len()).map_err(whole)?;
    compare(&left, &right).map_err(whole)?;
    let sizes = given(sizes, &left)?;
    let sizes = measure(&left, &shape, sizes).map_err(whole)?;
    let axes: Vec<&String> = left.iter().flatten().collect();
    let order: Vec<i64> = right
        .iter()
        .flatten()
        .filter_map(|axis| axes.iter().position(|known| *known == axis))
        .map(|at| at as i64)
        .collect();
    let split: Vec<i64> = axes.iter().map(|axis| sizes[*axis]).collect();
    let joined: Vec<i64> =
        right.iter().map(|dimension| dimension.iter().map(|axis| sizes[axis]).product()).collect();
    Ok(input.f_reshape(split)?.f_permute(order)?.f_reshape(joined)?)
}

/// One side of a pattern.
struct Side {
    dimensions: Vec<Dimension>,
    /// The place of an ellipsis outside of brackets.
    spread: Option<usize>,
}

/// Parses one side of a pattern.
fn side(text: &str) -> Result<Side> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut side = Side { dimensions: Vec::new(), spread: None };
    let mut group: Option<Dimension> = None;
    for word in spaced.split_whitespace() {
        match (word, &mut group) {
            ("(", None) => group = Some(Vec::new()),
            ("(", Some(_)) => return Err(Error::new("brackets within brackets")),
            (")", _) => {
                let closed = group.take().ok_or_else(|| Error::new("')' without '('"))?;
                side.dimensions.push(closed);
            }
            ("1", None) => side.dimensions.push(Vec::new()),
            ("1", Some(_)) => {}
            (ELLIPSIS, None) if side.spread.is_some() => {
                return Err(Error::new("'...' twice on one side"));
            }
            (word, group) => {
                check_name(word)?;
                if let Some(group) = group {
                    group.push(word.to_string());
                    continue;
                }
                if word == ELLIPSIS {
                    side.spread = Some(side.dimensions.len());
                }
                side.dimensions.push(vec![word.to_string()]);
            }
        }
    }
    match group {
        Some(_) => Err(Error::new("'(' without ')'")),
        None => Ok(side),
    }
}

fn check_name(word: &str) -> Result<()> {
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !word.ends_with('_');
    if word == ELLIPSIS || is_name {
        return Ok(());
    }
    Err(Error::new(format!("'{word}' is not the name of an axis"))
        .hint("letters, digits and '_'; 1 for a dimension of size 1; ... for any dimensions"))
}

/// Puts as many axes in the place of the ellipsis as the tensor has left.
fn spread(left: Side, right: Side, ndim: usize) -> Result<(Vec<Dimension>, Vec<Dimension>)> {
    let is_ellipsis = |axis: &String| axis == ELLIPSIS;
    let ellipses = left.dimensions.iter().flatten().filter(|axis| is_ellipsis(axis)).count();
    if ellipses > usize::from(left.spread.is_some()) {
        return Err(Error::new("'...' in brackets on the left"));
    }
    if left.spread.is_none() && right.dimensions.iter().flatten().any(is_ellipsis) {
        return Err(Error::new("'...' on the right only"));
    }
    let named = left.dimensions.len() - ellipses;
    if named > ndim || (left.spread.is_none() && named < ndim) {
        let what = format!("has {named} dimensions on the left, the tensor has {ndim}");
        return Err(Error::new(what));
    }
    let names: Vec<String> = (0..ndim - named).map(|i| format!("{ELLIPSIS}{i}")).collect();
    let filled = |side: Side| -> Vec<Dimension> {
        let mut filled = Vec::new();
        for (i, dimension) in side.dimensions.into_iter().enumerate() {
            if side.spread == Some(i) {
                filled.extend(names.iter().map(|name| vec![name.clone()]));
                continue;
            }
            let axes = dimension.into_iter();
            filled.push(
                axes.flat_map(|axis| if is_ellipsis(&axis) { names.clone() } else { vec![axis] })
                    .collect(),
            );
        }
        filled
    };
    Ok((filled(left), filled(right)))
}

/// Both sides must have the same axes, each once.
fn compare(left: &[Dimension], right: &[Dimension]) -> Result<()> {
    for (side, other, which) in [(left, right, "left"), (right, left, "right")] {
        let axes: Vec<&String> = side.iter().flatten().collect();
        for (i, axis) in axes.iter().enumerate() {
            if axes[..i].contains(axis) {
                return Err(Error::new(format!("'{axis}' is twice on the {which}")));
            }
            if !other.iter().flatten().any(|known| known == *axis) {
                let what = format!("'{axis}' is on the {which} only");
                return Err(Error::new(what).hint("rearrange keeps all elements"));
            }
        }
    }
    Ok(())
}

/// The sizes of axes that are given by name.
fn given(sizes: Option<Table>, left: &[Dimension]) -> Outcome<BTreeMap<String, i64>> {
    let mut known = BTreeMap::new();
    for pair in sizes.iter().flat_map(|table| table.pairs::<Value, Value>()) {
        let (name, size) = pair?;
        let name = name.to_string()?;
        let axes = left.iter().flatten().map(String::as_str);
        if !axes.clone().any(|axis| axis == name) {
            return Err(Error::unknown("axis", &name, axes).into());
        }
        let size = Number::whole(&size).filter(|size| *size >= 0);
        let size =
            size.ok_or_else(|| Error::new(format!("the size of '{name}' must be a whole number")))?;
        known.insert(name, size);
    }
    Ok(known)
}

/// The size of every axis.
fn measure(
    left: &[Dimension],
    shape: &[i64],
    mut sizes: BTreeMap<String, i64>,
) -> Result<BTreeMap<String, i64>> {
    for (i, (dimension, &size)) in left.iter().zip(shape).enumerate() {
        let known: i64 = dimension.iter().filter_map(|axis| sizes.get(axis)).product();
        let open: Vec<&String> =
            dimension.iter().filter(|axis| !sizes.contains_key(*axis)).collect();
        let text = dimension.join(" ");
        match open[..] {
            [] if known == size => {}
            [axis] if known > 0 && size % known == 0 => {
                sizes.insert(axis.clone(), size / known);
            }
            [_, second, ..] => {
                return Err(Error::new(format!("the sizes of '{text}' are not determined"))
                    .hint(format!("give one, for example {{ {second} = 2 }}")));
            }
            _ => {
                let axes = if text.is_empty() { "1".to_string() } else { format!("({text})") };
                let what = format!("dimension {} of size {size} is not {axes}", i + 1);
                return Err(Error::new(what).hint(format!("the known sizes make {known}")));
            }
        }
    }
    Ok(sizes)
}
