/// F1 of the class `positive`: 2 TP / (2 TP + FP + FN), 0 where no text is that class.
pub fn f1(predictions: &[String], targets: &[String], positive: &str) -> f64 {
    let count = |texts: &[String]| texts.iter().filter(|text| *text == positive).count();
    let both =
        predictions.iter().zip(targets).filter(|(p, t)| *p == positive && *t == positive).count();
    2.0 * both as f64 / (count(predictions) + count(targets)).max(1) as f64
}
