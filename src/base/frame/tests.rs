use super::*;
use serde_json::json;

fn frame() -> Frame {
    let mut frame = Frame::of(&[("run", Kind::Text), ("score", Kind::Number)]);
    frame.push([("run", Cell::from("a")), ("step", Cell::Whole(1)), ("score", Cell::Number(0.5))]);
    frame.push([("run", Cell::from("b")), ("score", Cell::Number(f64::NAN))]);
    frame.push([("step", Cell::Whole(2)), ("flag", Cell::Flag(true)), ("mixed", Cell::Whole(1))]);
    frame.push([("mixed", Cell::from("x"))]);
    frame
}

#[test]
fn rows_with_other_columns_have_missing_cells() {
    let frame = frame();
    let lines: Vec<String> = frame.csv(false).collect();
    assert_eq!(
        lines,
        ["run,score,step,flag,mixed", "a,0.5,1,,", "b,NaN,,,", ",,2,true,1", ",,,,x"]
    );
    let second = frame.jsonl().nth(1).unwrap();
    assert_eq!(second, r#"{"run":"b","score":null,"step":null,"flag":null,"mixed":null}"#);
    let kinds: Vec<Kind> = frame.columns.iter().map(Column::kind).collect();
    assert_eq!(kinds, [Kind::Text, Kind::Number, Kind::Whole, Kind::Flag, Kind::Text]);
}

#[test]
fn a_column_without_values_keeps_its_type() {
    let mut frame = Frame::of(&[("seed", Kind::Whole), ("shots", Kind::Whole)]);
    frame.push([("shots", Cell::Number(0.5))]);
    let kinds: Vec<Kind> = frame.columns.iter().map(Column::kind).collect();
    assert_eq!(kinds, [Kind::Whole, Kind::Number]);
}

#[test]
fn columns_of_another_table_stand_before_those_of_this_one() {
    let mut runs = Frame::default();
    runs.push([("run", Cell::from("a")), ("step", Cell::from("own"))]);
    runs.push([("run", Cell::from("b"))]);
    let mut steps = Frame::default();
    steps.push([("step", Cell::Whole(1)), ("z", Cell::Whole(1))]);
    steps.push([("step", Cell::Whole(2)), ("b", Cell::Whole(2))]);
    steps.sort_after(1);
    let lines: Vec<String> = steps.beside(&runs, &[1, 0], "setting.").csv(false).collect();
    assert_eq!(lines, ["run,setting.step,step,b,z", "b,,1,,1", "a,own,2,2,"]);
}

#[test]
fn a_number_that_would_lose_digits_is_a_text() {
    assert_eq!(Cell::from(&json!(u64::MAX)), Cell::from("18446744073709551615"));
    assert_eq!(Cell::from(&json!(-3)), Cell::Whole(-3));
    assert_eq!(Cell::from(&json!(3.0)), Cell::Number(3.0));
}

#[test]
fn parquet_is_read_back() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let read = |frame: &Frame| {
        let bytes = frame.bytes(Format::Parquet, false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, bytes).unwrap();
        SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap()
    };
    let rows: Vec<Value> = read(&frame())
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().to_json_value())
        .collect();
    assert_eq!(
        rows[..3],
        [
            json!({ "run": "a", "score": 0.5, "step": 1, "flag": null, "mixed": null }),
            json!({ "run": "b", "score": null, "step": null, "flag": null, "mixed": null }),
            json!({ "run": null, "score": null, "step": 2, "flag": true, "mixed": "1" }),
        ]
    );
    let empty = read(&Frame::of(&[("run", Kind::Text)]));
    assert_eq!(empty.metadata().file_metadata().num_rows(), 0);
}
