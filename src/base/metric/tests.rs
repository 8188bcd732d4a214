use super::*;
use serde_json::{Map, Value};

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|x| x.as_str().unwrap().to_string()).collect()
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

fn single(labels: &[String]) -> Vec<Vec<String>> {
    labels.iter().map(|label| vec![label.clone()]).collect()
}

fn score(name: &str, predictions: &[String], labels: &[String], words: &[String]) -> f64 {
    let references = single(labels);
    of_references(name, predictions, &references, words)
}

fn of_references(
    name: &str,
    predictions: &[String],
    references: &[Vec<String>],
    words: &[String],
) -> f64 {
    let answers = Answers { predictions, references, words, groups: &[], rows: &[] };
    let scores = Metric::parse(name).unwrap().compute(&answers).unwrap();
    assert_eq!(scores[0].0, name);
    scores[0].1
}

#[track_caller]
fn compare(case: &Value, references: &[Vec<String>]) -> usize {
    let words = match &case["labels"] {
        Value::Null => Vec::new(),
        words => texts(words),
    };
    let predictions = texts(&case["predictions"]);
    for (name, expected) in case["scores"].as_object().unwrap() {
        let got = of_references(name, &predictions, references, &words);
        let expected = expected.as_f64().unwrap();
        let close = (got - expected).abs() < 1e-9;
        assert!(close, "{} {name}: {got} instead of {expected}", case["name"]);
    }
    case["scores"].as_object().unwrap().len()
}

/// Values of scikit-learn and SciPy: tests/golden/metrics.py.
#[test]
fn scores_are_those_of_scikit_learn_and_scipy() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/golden/metrics.json")).unwrap();
    let compared: usize =
        cases.iter().map(|case| compare(case, &single(&texts(&case["targets"])))).sum();
    assert!(compared >= 20, "only {compared} scores in the fixture");
}

fn of_text() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/text_metrics.json")).unwrap()
}

/// Values of SQuAD's script, rouge_score, sacrebleu and scikit-learn: tests/golden/text_metrics.py.
#[test]
fn scores_of_text_are_those_of_the_packages() {
    let golden = of_text();
    let mut compared = 0;
    for case in golden["cases"].as_array().unwrap() {
        let references: Vec<_> = case["references"].as_array().unwrap().iter().map(texts).collect();
        compared += compare(case, &references);
    }
    assert!(compared >= 200, "only {compared} scores in the fixture");
}

#[test]
fn stems_are_those_of_nltk() {
    let golden = of_text();
    for (word, stem) in golden["stems"].as_object().unwrap() {
        assert_eq!(porter::stem(word), stem.as_str().unwrap(), "{word}");
    }
}

#[test]
fn all_scores_compare_texts_alike() {
    let said = list(&["yes", "not same", "yes", "yes"]);
    let plain = list(&["yes", "not same", "not same", "yes"]);
    let odd = list(&["yes ", " not  same", "not\u{a0}same", "ｙｅｓ"]);
    let (plainly, oddly) = (list(&["not same", "yes"]), list(&["not \tsame ", " yes"]));
    for name in ["accuracy", "f1", "macro_f1", "micro_f1", "matthews"] {
        let wanted = score(name, &said, &plain, &plainly);
        assert!(wanted > 50.0 && wanted < 100.0, "{name}");
        assert_eq!(score(name, &said, &odd, &oddly), wanted, "{name}");
        assert_eq!(score(name, &odd, &said, &oddly), score(name, &plain, &said, &plainly));
    }
    let (a, b) = (list(&["1.0", "3.0", "2.0"]), list(&[" 1.0", "３.0", "2.0\u{3000}"]));
    assert!((score("pearson", &a, &b, &[]) - 100.0).abs() < 1e-9);
}

#[test]
fn one_of_the_references_is_enough() {
    let references = [list(&["Paris", "the city of Paris"]), list(&["4", "four"])];
    let said = list(&["city of paris", "four"]);
    assert_eq!(of_references("exact_match", &said, &references, &[]), 100.0);
    assert_eq!(of_references("accuracy", &said, &references, &[]), 50.0);
}

/// As `mean_group_metric(all_match)` of T5 (t5/evaluation/metrics.py).
#[test]
fn a_group_counts_if_all_of_its_rows_are_right() {
    let (said, labels) = (list(&["1", "0", "1", "1", "0"]), list(&["1", "0", "0", "1", "0"]));
    let groups = list(&["a", "b", "a", "b", "c"]);
    let references = single(&labels);
    let answers = Answers {
        predictions: &said,
        references: &references,
        words: &[],
        groups: &groups,
        rows: &[],
    };
    let metric = Metric::parse("grouped_exact_match").unwrap();
    assert!(metric.needs_groups() && metric.by_row(&answers).is_none());
    let found = metric.compute(&answers).unwrap();
    assert!((found[0].1 - 200.0 / 3.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn no_rows_score_zero() {
    let words = list(&["no", "yes"]);
    for metric in METRICS {
        assert_eq!(score(metric.name, &[], &[], &words), 0.0, "{}", metric.name);
    }
}

#[test]
fn a_metric_fits_words_or_numbers() {
    let fits = |name: &str, labels: Labelled| {
        Metric::parse(name).unwrap().check(labels).map_err(|e| e.to_string())
    };
    let refused = |name: &str, wanted: &str| {
        Err(format!("the metric '{name}' is for labels that are {wanted}"))
    };
    assert_eq!(fits("accuracy", Labelled::Numbers), Ok(()));
    assert_eq!(fits("bleu", Labelled::Text), Ok(()));
    assert_eq!(fits("f1", Labelled::Words(&list(&["no", "yes"]))), Ok(()));
    assert_eq!(fits("f1", Labelled::Numbers), refused("f1", "words"));
    assert_eq!(fits("macro_f1", Labelled::Text), refused("macro_f1", "words"));
    assert_eq!(fits("pearson", Labelled::Words(&list(&["1", "2.5"]))), Ok(()));
    let words = list(&["1", "two"]);
    assert_eq!(fits("spearman", Labelled::Words(&words)), refused("spearman", "numbers"));
    assert_eq!(fits("neg_mse", Labelled::Text), refused("neg_mse", "numbers"));
    let names = |labels: Labelled| format!("{:?}", Metric::usual(labels));
    assert_eq!(names(Labelled::Numbers), "[pearson, spearman]");
    assert_eq!(names(Labelled::Text), "[exact_match, token_f1]");
    assert_eq!(names(Labelled::Words(&words)), "[accuracy]");
}

#[test]
fn an_unknown_metric_brings_the_nearest_one() {
    let text = Metric::parse("mathews").unwrap_err().to_string();
    assert!(text.contains("did you mean 'matthews'?"), "{text}");
}

/// Returns these numbers.
struct Fixed(Vec<String>, Vec<f64>);

impl Own for Fixed {
    fn name(&self) -> &str {
        "mine"
    }

    fn scores(&self) -> &[String] {
        &self.0
    }

    fn place(&self) -> &str {
        "study.lua:3"
    }

    fn compute(&self, answers: &Answers) -> Result<Vec<f64>> {
        assert_eq!(answers.rows.len(), answers.predictions.len());
        Ok(self.1.clone())
    }
}

#[test]
fn a_metric_of_the_user_returns_finite_numbers() {
    let compute = |values: &[f64]| {
        let metric = Metric::own(Rc::new(Fixed(list(&["em", "f1"]), values.to_vec())));
        let (said, references) = (list(&["a"]), single(&list(&["a"])));
        let rows = [Map::new()];
        let answers = Answers {
            predictions: &said,
            references: &references,
            words: &[],
            groups: &[],
            rows: &rows,
        };
        assert!(metric.is_own() && metric.by_row(&answers).is_none());
        metric.compute(&answers).map_err(|e| e.to_string())
    };
    assert_eq!(compute(&[1.0, -2.0]), Ok(vec![("em".into(), 1.0), ("f1".into(), -2.0)]));
    let text = compute(&[1.0, f64::NAN]).unwrap_err();
    assert!(text.starts_with("metric 'mine' (study.lua:3): its score 'f1' is NaN"), "{text}");
}
