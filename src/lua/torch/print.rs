//! The printed form of a tensor: shape, dtype, device, and a corner of the values.

use crate::Result;
use crate::rich::html;
use compt_core::tensor::{device, dtype};
use tch::{Device, Kind, Tensor};

/// The maximum number of rows and columns shown.
const CORNER: i64 = 6;

/// `tensor[2,3] f32 cpu grad`.
pub fn header(tensor: &Tensor) -> String {
    let shape: Vec<String> = tensor.size().iter().map(i64::to_string).collect();
    let kind = tensor.f_kind().map_or("?", dtype::short);
    let grad = if tensor.requires_grad() { " grad" } else { "" };
    format!("tensor[{}] {kind} {}{grad}", shape.join(","), device::name(tensor.device()))
}

/// The header and at most 6 x 6 values; for more than two dimensions, of the first matrix.
pub fn show(tensor: &Tensor) -> Result<String> {
    let mut header = header(tensor);
    if tensor.size().iter().any(|size| *size > CORNER) || tensor.dim() > 2 {
        header.push_str(&statistics(&tensor.f_detach()?)?);
    }
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

/// The same as a table of numbers, for two and more dimensions.
pub fn html(tensor: &Tensor) -> Result<Option<String>> {
    let mut corner = tensor.f_detach()?;
    if corner.dim() < 2 || corner.numel() == 0 {
        return Ok(None);
    }
    let mut head = header(tensor);
    if tensor.size().iter().any(|size| *size > CORNER) || tensor.dim() > 2 {
        head.push_str(&statistics(&corner)?);
    }
    let matrix = "1,".repeat(corner.dim() - 2);
    while corner.dim() > 2 {
        corner = corner.f_select(0, 0)?;
    }
    let (rows, columns) = (corner.size()[0], corner.size()[1]);
    let corner = corner.f_narrow(0, 0, rows.min(CORNER))?.f_narrow(1, 0, columns.min(CORNER))?;
    let cells = cells(&corner)?;
    let more =
        |cells: &mut Vec<String>| cells.extend((columns > CORNER).then(|| "...".to_string()));
    let numbers = (1..=columns.min(CORNER)).map(|i| format!("[{matrix}:,{i}]"));
    let mut names: Vec<String> = std::iter::once(String::new()).chain(numbers).collect();
    more(&mut names);
    let mut lines = Vec::new();
    for (i, values) in cells.chunks(columns.min(CORNER) as usize).enumerate() {
        let mut line = vec![format!("[{matrix}{}]", i + 1)];
        line.extend_from_slice(values);
        more(&mut line);
        lines.push(line);
    }
    if rows > CORNER {
        lines.push(vec!["...".to_string(); names.len()]);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(Some(html::table(&head, &names, &lines, 1)))
}

/// ` min -1.2 mean 0.03 max 1.1`, and the number of NaNs.
fn statistics(tensor: &Tensor) -> Result<String> {
    let values = tensor.f_reshape([-1])?;
    let kind = values.f_kind()?;
    if values.numel() == 0 || kind == Kind::Bool {
        return Ok(String::new());
    }
    let nan = values.f_isnan()?.f_sum(Kind::Int64)?.f_int64_value(&[])?;
    let finite = values.f_masked_select(&values.f_isfinite()?)?;
    let mut text = String::new();
    if finite.numel() > 0 {
        let number = |t: Tensor| t.f_to_kind(Kind::Double)?.f_double_value(&[]);
        let wide = if finite.f_is_floating_point()? { Kind::Float } else { Kind::Double };
        let (low, high) = (number(finite.f_min()?)?, number(finite.f_max()?)?);
        let mean = number(finite.f_mean(wide)?)?;
        let shown = |x: f64| match kind {
            Kind::Int64 | Kind::Int | Kind::Uint8 => format!("{x}"),
            _ => format!("{x:.4}"),
        };
        text = format!(", min {} mean {mean:.4} max {}", shown(low), shown(high));
    }
    let infinite = values.numel() as i64 - nan - finite.numel() as i64;
    for (count, what) in [(nan, "NaN"), (infinite, "infinite")] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    Ok(text)
}

/// The values in row-major order, all in the same notation.
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
