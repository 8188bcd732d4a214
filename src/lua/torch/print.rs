//! How a tensor prints: shape, dtype, device, and a corner of the values.

use crate::Result;
use crate::tensor::{device, dtype};
use tch::{Device, Kind, Tensor};

/// Rows and columns shown at most.
const CORNER: i64 = 6;

/// `tensor[2,3] f32 cpu grad`.
pub fn header(tensor: &Tensor) -> String {
    let shape: Vec<String> = tensor.size().iter().map(i64::to_string).collect();
    let kind = tensor.f_kind().map_or("?", dtype::short);
    let grad = if tensor.requires_grad() { " grad" } else { "" };
    format!("tensor[{}] {kind} {}{grad}", shape.join(","), device::name(tensor.device()))
}

/// The header and at most 6 x 6 values; of more than two dimensions the first matrix.
pub fn show(tensor: &Tensor) -> Result<String> {
    let header = header(tensor);
    let tensor = tensor.f_detach()?;
    let mut corner = tensor.shallow_clone();
    let mut matrix = String::new();
    while corner.dim() > 2 && corner.numel() > 0 {
        corner = corner.f_select(0, 0)?;
        matrix.push_str("1,");
    }
    let shape = corner.size();
    for (d, &size) in shape.iter().enumerate() {
        corner = corner.f_narrow(d as i64, 0, size.min(CORNER))?;
    }
    if corner.numel() == 0 {
        return Ok(format!("{header} (no elements)"));
    }
    let cells = cells(&corner)?;
    let row = |cells: &[String], of: i64| {
        let more = if of > CORNER { ", ..." } else { "" };
        format!("[{}{more}]", cells.join(", "))
    };
    if shape.len() < 2 {
        return Ok(match shape.first() {
            None => format!("{header} {}", cells[0]),
            Some(&of) => format!("{header} {}", row(&cells, of)),
        });
    }
    let mut text = header;
    if !matrix.is_empty() {
        text.push_str(&format!("\n [{matrix}:,:] ="));
    }
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>width$}")).collect();
    for cells in cells.chunks(shape[1].min(CORNER) as usize) {
        text.push_str(&format!("\n {}", row(cells, shape[1])));
    }
    if shape[0] > CORNER {
        text.push_str("\n ...");
    }
    Ok(text)
}

/// The values in row-major order, all in one notation.
fn cells(tensor: &Tensor) -> Result<Vec<String>> {
    let flat = tensor.f_to_device(Device::Cpu)?.f_reshape([-1])?;
    let kind = flat.f_kind()?;
    if !flat.f_is_floating_point()? {
        let values = Vec::<i64>::try_from(flat.f_to_kind(Kind::Int64)?)?;
        let show = |v: i64| if kind == Kind::Bool { (v != 0).to_string() } else { v.to_string() };
        return Ok(values.into_iter().map(show).collect());
    }
    let values = Vec::<f64>::try_from(flat.f_to_kind(Kind::Double)?)?;
    let sizes = || values.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x > 0.0);
    let (small, large) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    let scientific = large >= 1e6 || (large > 0.0 && (large < 1e-3 || small < large * 1e-8));
    let show = |x: f64| match x {
        _ if x.is_nan() => "nan".to_string(),
        _ if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.to_string(),
        _ if scientific => format!("{x:.4e}"),
        _ => format!("{x:.4}"),
    };
    Ok(values.into_iter().map(show).collect())
}
