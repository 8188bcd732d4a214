//! A tensor in a file.

use crate::{Error, Result};
use std::ops::Range;
use tch::{Kind, Tensor};

/// Names of tensors that were not requested, for a message: the first few, and their number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    pub first: Vec<String>,
    pub count: usize,
}

impl Others {
    const MOST: usize = 4;
    const LONGEST: usize = 100;

    pub fn add(&mut self, name: &str) {
        if self.first.len() < Self::MOST {
            self.first.push(name.chars().take(Self::LONGEST).collect());
        }
        self.count += 1;
    }

    /// `'a', 'b' and 3 more`
    pub fn list(&self) -> String {
        let named: Vec<String> = self.first.iter().map(|name| format!("'{name}'")).collect();
        match self.count - self.first.len() {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

/// The wanted tensors of a file, and the names of the others.
#[derive(Debug, Default)]
pub struct Found {
    pub tensors: Vec<(String, Stored)>,
    pub others: Others,
}

/// All its elements are known to be within the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    kind: Kind,
    shape: Vec<i64>,
    /// The strides along each dimension, in elements; `None` if it is
    /// contiguous.
    strides: Option<Vec<usize>>,
    /// In bytes of the file.
    span: Range<usize>,
}

impl Stored {
    /// A tensor in a `storage`, a range of the file, starting at element `offset`. Errors: it exceeds
    /// the storage.
    pub fn new(
        kind: Kind,
        shape: &[usize],
        strides: Option<&[usize]>,
        storage: Range<usize>,
        offset: usize,
    ) -> Result<Self> {
        let outside = || Error::new("a tensor extends beyond the end of the data");
        let size = kind.elt_size_in_bytes();
        let room = storage.len() / size;
        let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).ok_or_else(outside)?;
        let strides = strides.filter(|strides| !is_row_by_row(shape, strides));
        let reach = match strides {
            _ if count == 0 => Some(0),
            None => Some(count),
            Some(strides) => {
                let mut steps = shape.iter().zip(strides).map(|(&d, &s)| (d - 1).checked_mul(s));
                steps.try_fold(1usize, |reach, step| reach.checked_add(step?))
            }
        };
        let reach = reach.ok_or_else(outside)?;
        let end = offset.checked_add(reach).ok_or_else(outside)?;
        // With zero strides a few bytes could make a tensor of any size.
        if end > room || count > room {
            return Err(outside());
        }
        let start = storage.start + offset * size;
        Ok(Stored {
            kind,
            shape: shape.iter().map(|&d| d as i64).collect(),
            strides: strides.map(<[usize]>::to_vec),
            span: start..start + reach * size,
        })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// Its position in the file, in bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The size of its elements in bytes.
    pub fn bytes(&self) -> usize {
        self.shape.iter().product::<i64>() as usize * self.kind.elt_size_in_bytes()
    }

    /// The number of rows and their width, with all dimensions but the last combined.
    pub fn rows(&self) -> [usize; 2] {
        match self.shape.split_last() {
            Some((&width, outer)) => [outer.iter().product::<i64>() as usize, width as usize],
            None => [1, 1],
        }
    }

    /// Checks that weights can have this dtype. Errors: another dtype.
    pub fn check_kind(&self) -> Result<()> {
        match self.kind {
            Kind::Float | Kind::Half | Kind::BFloat16 | Kind::Double => Ok(()),
            other => Err(Error::new(format!("weights with the dtype {other:?} are not supported"))),
        }
    }

    /// The whole tensor, on the CPU. Errors: the file is truncated.
    pub fn tensor(&self, file: &[u8]) -> Result<Tensor> {
        let count = self.shape.iter().product::<i64>() as usize;
        let mut gathered = Vec::new();
        let bytes = self.read(file, 0..count, &mut gathered);
        Ok(Tensor::f_from_data_size(bytes, &self.shape, self.kind)?)
    }

    /// The bytes of these elements in row-major order; those of a strided tensor are gathered.
    pub fn read<'b>(
        &self,
        file: &'b [u8],
        elements: Range<usize>,
        gathered: &'b mut Vec<u8>,
    ) -> &'b [u8] {
        let size = self.kind.elt_size_in_bytes();
        let own = &file[self.span()];
        let Some(strides) = &self.strides else {
            return &own[elements.start * size..elements.end * size];
        };
        gathered.clear();
        for element in elements {
            let mut rest = element;
            let mut at = 0;
            for (&d, stride) in self.shape.iter().zip(strides).rev() {
                at += rest % d as usize * stride;
                rest /= d as usize;
            }
            gathered.extend_from_slice(&own[at * size..(at + 1) * size]);
        }
        gathered
    }
}

fn is_row_by_row(shape: &[usize], strides: &[usize]) -> bool {
    let mut step = 1;
    for (&d, &stride) in shape.iter().zip(strides).rev() {
        if d != 1 && stride != step {
            return false;
        }
        step = step.saturating_mul(d);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(shape: &[usize], strides: &[usize], room: usize, offset: usize) -> Result<Stored> {
        Stored::new(Kind::Float, shape, Some(strides), 8..8 + 4 * room, offset)
    }

    #[test]
    fn a_transposed_tensor_is_gathered() {
        let file: Vec<u8> = [9f32, 9.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let t = stored(&[3, 2], &[1, 3], 6, 0).unwrap();
        let mut buffer = Vec::new();
        let bytes = t.read(&file, 2..6, &mut buffer);
        let numbers: Vec<f32> =
            bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(numbers, [1.0, 4.0, 2.0, 5.0]);
        let t = stored(&[2, 3], &[3, 1], 6, 0).unwrap();
        assert_eq!(t.read(&file, 0..6, &mut buffer), &file[8..]);
    }

    #[test]
    fn what_reaches_beyond_the_storage_is_refused() {
        for (shape, strides, offset) in [
            (&[2, 3][..], &[3, 1][..], 1),
            (&[2, 3], &[4, 1], 0),
            (&[7], &[0], 0),
            (&[2, usize::MAX], &[1, 1], 0),
            (&[usize::MAX, usize::MAX, 0], &[1, 1, 1], 0),
            (&[2, 2], &[usize::MAX, usize::MAX], 0),
            (&[1], &[1], usize::MAX),
            (&[0], &[1], 7),
        ] {
            assert!(stored(shape, strides, 6, offset).is_err(), "{shape:?} {strides:?}");
        }
        assert!(stored(&[3, 2], &[1, 3], 6, 0).is_ok());
        assert!(stored(&[6], &[0], 6, 5).is_ok());
        assert!(stored(&[], &[], 6, 5).is_ok());
    }
}
