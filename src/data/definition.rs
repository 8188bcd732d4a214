//! A task as it is declared, and how it becomes examples.

use super::sample::{Purpose, draw, few_shot, stream};
use super::split::{Splits, split};
use super::template::missing;
use super::{Example, Form, Per, Row, Rows, Task};
use crate::error::Context;
use crate::metric::Metric;
use crate::{Error, Result};
use serde_json::Value;
use std::path::PathBuf;

/// Training rows held out as validation where the data has none (the paper's number).
const HELD_OUT: usize = 1000;

/// Where the rows of one split come from.
pub enum Source {
    /// Files of one kind, one after the other.
    Files(Vec<PathBuf>),
    Rows(Vec<Row>),
}

/// The sources of a task. A split without one is filled as `split` says.
pub struct Sources {
    pub train: Source,
    pub validation: Option<Source>,
    pub test: Option<Source>,
}

/// A task as declared: how rows become text, which labels there are, where the rows lie.
pub struct Definition {
    pub name: String,
    pub form: Form,
    /// What rows call the labels, where they call them otherwise; in the labels' order.
    pub label_names: Vec<String>,
    pub metrics: Vec<Metric>,
    /// Whether validation rows are halved to make test rows.
    pub small: bool,
    pub sources: Sources,
}

/// What one study draws from its tasks.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Training rows to keep; all of them if `None`.
    pub shots: Option<usize>,
    pub per: Per,
    pub seed: u64,
    /// Rows held out of training where validation is missing; if `None`, 1,000 for files and none
    /// for rows given directly.
    pub validation_size: Option<usize>,
    /// Test rows to keep, drawn at random; all of them if `None`.
    pub max_test: Option<usize>,
}

impl Definition {
    /// Reads the task's rows and draws its splits and shots. Errors name task, file, row and field.
    pub fn build(self, plan: &Plan) -> Result<Task> {
        let name = self.name.clone();
        self.task(plan).at(name)
    }

    fn task(self, plan: &Plan) -> Result<Task> {
        let from_files = matches!(self.sources.train, Source::Files(_));
        let held_out = plan.validation_size.unwrap_or(if from_files { HELD_OUT } else { 0 });
        let rng = |purpose| stream(plan.seed, &self.name, purpose);
        let read = |source: &Source, split: &str| self.examples(source, split);
        let optional = |source: &Option<Source>, split: &str| {
            source.as_ref().map(|source| read(source, split)).transpose()
        };
        let Splits { mut train, validation, mut test } = split(
            read(&self.sources.train, "train")?,
            optional(&self.sources.validation, "validation")?,
            optional(&self.sources.test, "test")?,
            self.small,
            held_out,
            &mut rng(Purpose::Split),
        )?;
        if let Some(shots) = plan.shots {
            train = few_shot(train, shots, plan.per, &self.form.labels, &mut rng(Purpose::Shots))?;
        }
        if let Some(most) = plan.max_test {
            test = draw(test, most, &mut rng(Purpose::MaxTest)).0;
        }
        let Definition { name, form, metrics, .. } = self;
        let labels = form.labels.clone();
        let form = Some(form).filter(Form::is_plain);
        Ok(Task { name, form, labels, metrics, train, validation, test })
    }

    fn examples(&self, source: &Source, split: &str) -> Result<Vec<Example>> {
        let (unit, parts) = match source {
            Source::Files(paths) => {
                ("line", paths.iter().map(|path| Rows::read(path)).collect::<Result<Vec<_>>>()?)
            }
            Source::Rows(rows) if rows.is_empty() => {
                return Err(Error::new(format!("rows.{split} holds no row")));
            }
            Source::Rows(rows) => ("row", vec![Rows::given(format!("rows.{split}"), rows.clone())]),
        };
        let rows = parts.iter().flat_map(|part| part.rows.iter().map(|row| (&part.place, row)));
        rows.enumerate()
            .map(|(index, (place, (number, row)))| {
                self.example(index, row).at(format!("{unit} {number}")).at(place)
            })
            .collect()
    }

    fn example(&self, index: usize, row: &Row) -> Result<Example> {
        let source = self.form.source(row)?;
        let column = self.form.columns.get("label").map_or("label", String::as_str);
        let label = row.get(column).ok_or_else(|| missing(row, column))?;
        let named = self.label_names.iter().position(|name| label == name);
        let label = &named.map_or(label.clone(), Value::from);
        Ok(Example { index, source, target: self.form.labels.text(label)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Labels, Template};
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn rows(count: usize) -> Source {
        let row = |i| json!({ "sentence": format!("text  {i}"), "label": i % 2 });
        Source::Rows((0..count).map(|i| row(i).as_object().unwrap().clone()).collect())
    }

    fn definition(train: Source) -> Definition {
        Definition {
            name: "mood".into(),
            form: Form {
                template: Template::Fields(vec!["sentence".into()]),
                prefix: Some("mood".into()),
                columns: BTreeMap::new(),
                labels: Labels::Words(vec!["negative".into(), "positive".into()]),
            },
            label_names: vec!["bad".into(), "good".into()],
            metrics: vec![Metric::Accuracy],
            small: false,
            sources: Sources { train, validation: None, test: Some(rows(30)) },
        }
    }

    fn plan() -> Plan {
        Plan { shots: None, per: Per::Task, seed: 1, validation_size: None, max_test: None }
    }

    #[test]
    fn rows_become_sources_and_targets() {
        let task = definition(rows(3)).build(&plan()).unwrap();
        let expected =
            Example { index: 1, source: "mood sentence: text 1".into(), target: "positive".into() };
        assert_eq!(task.train[1], expected);
        assert_eq!((task.train.len(), task.validation.len(), task.test.len()), (3, 0, 30));
    }

    #[test]
    fn rows_may_call_labels_otherwise() {
        let row = |label: &str| json!({ "sentence": "x", "label": label });
        let rows = ["good", "bad", "positive"].map(|l| row(l).as_object().unwrap().clone());
        let task = definition(Source::Rows(rows.to_vec())).build(&plan()).unwrap();
        let targets: Vec<&str> = task.train.iter().map(|e| &e.target[..]).collect();
        assert_eq!(targets, ["positive", "negative", "positive"]);
    }

    #[test]
    fn shots_move_neither_validation_nor_test() {
        let build = |shots, max_test| {
            let plan = Plan { shots, max_test, validation_size: Some(10), ..plan() };
            definition(rows(60)).build(&plan).unwrap()
        };
        let (few, all) = (build(Some(4), Some(7)), build(None, Some(7)));
        assert_eq!((few.train.len(), all.train.len()), (4, 50));
        assert_eq!((&few.validation, &few.test), (&all.validation, &all.test));
        assert_eq!((few.validation.len(), few.test.len()), (10, 7));
    }

    #[test]
    fn errors_name_task_row_and_field() {
        let broken = |row: serde_json::Value| {
            let Source::Rows(mut rows) = rows(2) else { unreachable!() };
            rows.push(row.as_object().unwrap().clone());
            definition(Source::Rows(rows)).build(&plan()).unwrap_err().to_string()
        };
        let text = broken(json!({ "sentences": "x", "label": 0 }));
        assert!(text.starts_with("mood: rows.train: row 3: no field 'sentence'"), "{text}");
        let text = broken(json!({ "sentence": "x" }));
        assert!(text.starts_with("mood: rows.train: row 3: no field 'label'"), "{text}");
        let text = broken(json!({ "sentence": "x", "label": 2 }));
        assert!(text.starts_with("mood: rows.train: row 3: label 2 is outside"), "{text}");
        let text = definition(rows(0)).build(&plan()).unwrap_err().to_string();
        assert!(text.starts_with("mood: rows.train holds no row"), "{text}");
    }
}
