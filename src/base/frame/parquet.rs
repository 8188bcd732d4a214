//! A table as a Parquet file: columns that may be null, of booleans, 64-bit integers, doubles or UTF-8 texts.

use super::{Cell, Column, Frame, Kind};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// The rows of a row group, which readers hold in memory at once.
const GROUP: usize = 1 << 20;

pub fn bytes(frame: &Frame) -> Result<Vec<u8>> {
    let kinds: Vec<Kind> = frame.columns.iter().map(Column::kind).collect();
    let fields = frame.columns.iter().zip(&kinds).map(|(column, kind)| field(&column.name, *kind));
    let schema = Type::group_type_builder("schema").with_fields(fields.collect::<Result<_>>()?);
    let by = format!("compt version {}", env!("CARGO_PKG_VERSION"));
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by(by);
    let mut file = SerializedFileWriter::new(
        Vec::new(),
        Arc::new(schema.build()?),
        properties.build().into(),
    )?;
    for start in (0..frame.rows).step_by(GROUP) {
        let end = frame.rows.min(start + GROUP);
        let mut group = file.next_row_group()?;
        for (column, kind) in frame.columns.iter().zip(&kinds) {
            let Some(mut writer) = group.next_column()? else { break };
            write(&mut writer, &column.cells[start..end], *kind)?;
            writer.close()?;
        }
        group.close()?;
    }
    file.into_inner()
}

fn field(name: &str, kind: Kind) -> Result<TypePtr> {
    let (physical, logical) = match kind {
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Whole => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    field.build().map(Arc::new)
}

fn write(writer: &mut SerializedColumnWriter, cells: &[Cell], kind: Kind) -> Result<()> {
    match kind {
        Kind::Flag => typed::<BoolType>(writer, cells, |cell| match cell {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        }),
        Kind::Whole => typed::<Int64Type>(writer, cells, |cell| match cell {
            Cell::Whole(n) => Some(*n),
            _ => None,
        }),
        Kind::Number => typed::<DoubleType>(writer, cells, |cell| match cell {
            Cell::Whole(n) => Some(*n as f64),
            Cell::Number(x) => Some(*x),
            _ => None,
        }),
        Kind::Text => typed::<ByteArrayType>(writer, cells, |cell| {
            cell.text().map(|text| ByteArray::from(text.into_bytes()))
        }),
    }
}

/// Writes the cells for which `value` is not `None`; the others are null.
fn typed<T: DataType>(
    writer: &mut SerializedColumnWriter,
    cells: &[Cell],
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<()> {
    let values: Vec<Option<T::T>> = cells.iter().map(value).collect();
    let levels: Vec<i16> = values.iter().map(|value| value.is_some().into()).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).map(drop)
}
