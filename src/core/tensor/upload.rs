//! Values that a step computes on the host, in one transfer to the device.

use crate::Result;
use tch::{Device, Kind, Tensor};

/// Values to transfer together.
#[derive(Debug, Default)]
pub struct Upload {
    /// Numbers of 8 bytes; two float32 share one.
    words: Vec<i64>,
}

/// The place of values in an [`Upload`].
#[derive(Debug, Clone, Copy)]
pub struct Part {
    start: usize,
    count: usize,
}

/// Transferred values.
pub struct Uploaded(Tensor);

impl Upload {
    pub fn longs(&mut self, values: &[i64]) -> Part {
        let start = self.words.len();
        self.words.extend(values);
        Part { start, count: values.len() }
    }

    pub fn floats(&mut self, values: &[f32]) -> Part {
        let start = self.words.len();
        let word = |pair: &[f32]| {
            let mut bytes = [0; 8];
            for (bytes, value) in bytes.chunks_mut(4).zip(pair) {
                bytes.copy_from_slice(&value.to_ne_bytes());
            }
            i64::from_ne_bytes(bytes)
        };
        self.words.extend(values.chunks(2).map(word));
        Part { start, count: values.len() }
    }

    /// Transfers all values. To a GPU this does not wait for its earlier work. Errors: those of libtorch.
    pub fn send(&self, device: Device) -> Result<Uploaded> {
        Ok(Uploaded(to_device(&Tensor::f_from_slice(&self.words)?, device)?))
    }
}

impl Uploaded {
    /// Int64 values, a view `[n]`.
    pub fn longs(&self, part: Part) -> Result<Tensor> {
        Ok(self.0.f_narrow(0, part.start as i64, part.count as i64)?)
    }

    /// Float32 values, a view `[n]`.
    pub fn floats(&self, part: Part) -> Result<Tensor> {
        let words = self.0.f_narrow(0, part.start as i64, part.count.div_ceil(2) as i64)?;
        Ok(words.f_view_dtype(Kind::Float)?.f_narrow(0, 0, part.count as i64)?)
    }
}

/// A tensor of the CPU on a device. To a GPU this does not wait for its earlier work. Errors: those of
/// libtorch.
pub fn to_device(tensor: &Tensor, device: Device) -> Result<Tensor> {
    Ok(match device {
        Device::Cuda(_) => {
            tensor.f_pin_memory(device)?.f_to_device_(device, tensor.kind(), true, false)?
        }
        _ => tensor.f_to_device(device)?,
    })
}

/// Int64 values `[n]` on a device, as in `to_device`.
pub fn longs(values: &[i64], device: Device) -> Result<Tensor> {
    to_device(&Tensor::f_from_slice(values)?, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_holds_its_values() {
        let mut upload = Upload::default();
        let ids = upload.longs(&[3, -100, i64::MAX]);
        let mask = upload.floats(&[0.0, f32::NEG_INFINITY, 1.5]);
        let none = upload.floats(&[]);
        let last = upload.longs(&[7]);
        let sent = upload.send(Device::Cpu).unwrap();
        let longs = |part| Vec::<i64>::try_from(sent.longs(part).unwrap()).unwrap();
        let floats = |part| Vec::<f32>::try_from(sent.floats(part).unwrap()).unwrap();
        assert_eq!(longs(ids), [3, -100, i64::MAX]);
        assert_eq!(floats(mask), [0.0, f32::NEG_INFINITY, 1.5]);
        assert_eq!((floats(none), longs(last)), (vec![], vec![7]));
    }
}
