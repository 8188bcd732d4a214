//! Builds the examples of a declared task: rows are read, split, sampled and rendered.

use super::class_names::ClassNames;
use super::columns::root;
use super::definition::{DataFile, Definition, Plan, Source};
use super::draws::{self, Drawn};
use super::missing::Count;
use super::overlap;
use super::reader;
use super::row_example::{Taken, bytes_of};
use super::rows::{Columns, Numbered, Rows, Wanted};
use super::sample::{Candidate, Purpose, draw, few_shot, stream};
use super::split::{Splits, split};
use super::{Example, Form, LabelIs, Per, Prefix, Remarks, Split, Task, Template};
use crate::memory::Kept;
use crate::{Error, Result, stop};
use compt_error::Context;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

impl Definition {
    /// Reads the task's rows and samples its splits and shots, or loads them from the cache of
    /// earlier samples. Errors name task, file, row and field.
    pub fn build(self, plan: &Plan) -> Result<Task> {
        let drawn = match draws::key(&self, plan) {
            Some(key) => draws::remembered(&key, || self.draw(plan)),
            None => self.draw(plan),
        };
        let Drawn { splits: Splits { train, validation, test }, remarks } = drawn.at(&self.name)?;
        let Definition { name, form, shared_prefix, metrics, sources, .. } = self;
        let prefix = Prefix {
            is_applied: form.prefix.is_some(),
            text: form.prefix.clone().or(shared_prefix).unwrap_or_else(|| name.clone()),
        };
        let labels = form.labels.clone();
        let form = Some(form);
        let origins = sources.origins();
        Ok(Task { name, form, prefix, labels, metrics, origins, remarks, train, validation, test })
    }

    fn draw(&self, plan: &Plan) -> Result<Drawn> {
        let rng = |purpose| {
            let seed = match purpose {
                Purpose::Shots => plan.seed,
                Purpose::Split | Purpose::MaxTest => plan.split_seed,
            };
            stream(seed, &self.name, purpose)
        };
        // Only a few rows are needed: they are read again after they are chosen.
        let lean = plan.shots.is_some();
        let mut remarks = Remarks::default();
        remarks.notes.extend(overlap::files(&self.sources));
        let mut read = |from| {
            let source = self.sources.of(from);
            source.map(|source| self.candidates(source, from, lean, &mut remarks)).transpose()
        };
        let Splits { mut train, validation, mut test } = split(
            read(Split::Train)?.unwrap_or_default(),
            read(Split::Validation)?,
            read(Split::Test)?,
            self.small,
            self.held_out(plan),
            &mut rng(Purpose::Split),
        )?;
        remarks.shared = overlap::rows(&train, &test);
        remarks.notes.extend(overlap::remark(remarks.shared, test.len()));
        if let Some(shots) = plan.shots {
            if plan.per == Per::Class && self.form.labels.free_text().is_some() {
                return Err(Error::new("shots 'per' class are for label words and numbers")
                    .hint("free text has no classes: use per = \"task\""));
            }
            let classes = self.form.labels.classes();
            train = few_shot(train, shots, plan.per, &classes, &mut rng(Purpose::Shots))?;
        }
        if let Some(most) = plan.max_test {
            test = draw(test, most, &mut rng(Purpose::MaxTest)).0;
        }
        Ok(Drawn { splits: self.with_text(Splits { train, validation, test })?, remarks })
    }

    fn candidates(
        &self,
        source: &Source,
        from: Split,
        lean: bool,
        remarks: &mut Remarks,
    ) -> Result<Vec<Candidate>> {
        let mut count = Count::default();
        let mut candidates = Vec::new();
        let mut kept = Kept::default();
        let notes = Notes::default();
        for taken in self.examples(source, from, &notes)? {
            stop::check()?;
            count.rows += 1;
            match taken? {
                Taken::Other => count.rows -= 1,
                Taken::Example(example) => {
                    let text = if lean { 0 } else { bytes_of(&example) };
                    // The list doubles while it grows, and sampling copies it.
                    let list = 3 * candidates.len() * size_of::<Candidate>();
                    let bytes = size_of::<Candidate>() + text;
                    kept.add(bytes as u64, list as u64)
                        .map_err(|e| e.at(format!("after {} rows", count.rows)))
                        .at(from.name())?;
                    candidates.push(Candidate {
                        from,
                        index: example.index,
                        class: self.form.labels.class_of(&example.target) as u32,
                        hash: overlap::hash(&example),
                        example: (!lean).then(|| Box::new(example)),
                    });
                }
                Taken::Skipped(part) => count.skip(part),
            }
        }
        remarks.notes.extend(notes.take());
        if count.skipped() > 0 {
            let reasons = count.reasons();
            if candidates.is_empty() {
                return Err(Error::new(format!(
                    "every {} row is skipped: {reasons}",
                    from.name()
                ))
                .hint(
                    "does the column have another name? 'columns' maps the fields of a task to the \
                     columns of a file",
                ));
            }
            let (out, all) = (count.skipped(), count.rows);
            remarks
                .notes
                .push(format!("{out} of {all} {} rows are skipped: {reasons}", from.name()));
            remarks.skipped.insert(from.name().to_string(), out);
        }
        Ok(candidates)
    }

    fn with_text(&self, drawn: Splits<Candidate>) -> Result<Splits<Example>> {
        let Splits { train, validation, test } = drawn;
        let all = train.iter().chain(&validation).chain(&test);
        let mut missing: HashSet<(Split, usize)> =
            all.filter(|row| row.example.is_none()).map(|row| (row.from, row.index)).collect();
        let mut read = HashMap::new();
        for (from, source) in Split::ALL.into_iter().filter_map(|s| Some((s, self.sources.of(s)?)))
        {
            let notes = Notes::default();
            let mut examples = self.examples(source, from, &notes)?;
            while missing.iter().any(|row| row.0 == from) {
                let example = match examples.next().transpose()? {
                    Some(Taken::Example(example)) => example,
                    Some(Taken::Skipped(_) | Taken::Other) => continue,
                    None => return Err(Error::new("the rows changed while they were read")),
                };
                let place = (from, example.index);
                if missing.remove(&place) {
                    read.insert(place, example);
                }
            }
        }
        let mut text = |rows: Vec<Candidate>| -> Vec<Example> {
            let text = |row: Candidate| match row.example {
                Some(example) => Some(*example),
                None => read.remove(&(row.from, row.index)),
            };
            rows.into_iter().filter_map(text).collect()
        };
        Ok(Splits { train: text(train), validation: text(validation), test: text(test) })
    }

    /// The examples of a source, in reading order.
    fn examples<'a>(
        &'a self,
        source: &'a Source,
        split: Split,
        notes: &Notes,
    ) -> Result<Box<dyn Iterator<Item = Result<Taken>> + 'a>> {
        let target = self.form.labels.reader(&self.label_names, self.label_is);
        let taken: Box<dyn Iterator<Item = Result<Taken>>> = match source {
            Source::Files(files) => {
                let notes = notes.clone();
                let rows = files.iter().flat_map(move |file| self.rows_of(file, &notes));
                Box::new(rows.map(move |row| {
                    let FileRow { file, place: (line, row), classes, unit } = row?;
                    let taken = self.example(&row, split, classes.as_deref(), &target);
                    taken.at(format!("{unit} {line}")).at(file.path.display())
                }))
            }
            Source::Rows(rows) if rows.is_empty() => {
                return Err(Error::new(format!("rows.{} is empty", split.name())));
            }
            Source::Rows(rows) => Box::new(rows.iter().enumerate().map(move |(index, row)| {
                let place = format!("rows.{}", split.name());
                let taken = self.example(row, split, None, &target);
                taken.at(format!("row {}", index + 1)).at(place)
            })),
        };
        let each = self.each_target && split == Split::Train;
        let taken = taken.flat_map(move |taken| match taken {
            Ok(Taken::Example(example)) if each => example.for_each_target(),
            other => vec![other],
        });
        Ok(Box::new(taken.enumerate().map(|(index, taken)| {
            let numbered = |taken| match taken {
                Taken::Example(example) => Taken::Example(Example { index, ..example }),
                other => other,
            };
            taken.map(numbered)
        })))
    }

    fn rows_of<'a>(&self, file: &'a DataFile, notes: &Notes) -> FileRows<'a> {
        let failed = |e| -> FileRows<'a> { Box::new(std::iter::once(Err(e))) };
        let (path, notes) = (file.path.display().to_string(), notes.clone());
        let note = move |text| notes.borrow_mut().push(format!("{path}: {text}"));
        let opened = match reader::open(&file.path, &self.wanted(Rc::new(note))) {
            Ok(opened) => opened,
            Err(e) => return failed(e),
        };
        if opened.class_names.is_some() && self.label_is == Some(LabelIs::Index) {
            let what = "'label_is' is \"index\", but the file has class names";
            let error = Error::new(what).hint("remove it: labels are matched by their names");
            return failed(error.at(file.path.display()));
        }
        let known = [self.class_names.as_slice(), self.label_names.as_slice()];
        let named = |names| ClassNames::new(names, &self.form.labels, &known);
        let classes = match opened.class_names.map(named).transpose() {
            Ok(classes) => classes.map(Rc::new),
            Err(e) => return failed(e.at(file.path.display())),
        };
        let (rows, unit): (Rows, _) = (opened.rows, opened.unit);
        Box::new(
            rows.map(move |row| Ok(FileRow { file, place: row?, classes: classes.clone(), unit })),
        )
    }

    fn wanted(&self, note: Rc<dyn Fn(String)>) -> Wanted {
        let Form { template, columns, labels, .. } = &self.form;
        let label = self.label_column();
        let in_rows = if labels.free_text().is_some() { root(label) } else { label };
        let fields = template.fields().into_iter();
        let fields = fields.map(|field| columns.get(field).map_or(field, String::as_str));
        let group = self.group.iter().map(|path| root(path));
        let others = self.keep.iter().chain(self.filter.keys()).map(String::as_str).chain(group);
        let all = fields.chain([in_rows]).chain(others).map(String::from);
        Wanted {
            columns: match template {
                Template::Function(_) => Columns::all(),
                _ => Columns::of(all),
            },
            label: label.to_string(),
            layout: self.layout.clone(),
            note,
        }
    }
}

/// Notes on files, printed after they were read.
type Notes = Rc<RefCell<Vec<String>>>;

/// A row of a file, its line, and the names of its label numbers.
struct FileRow<'a> {
    file: &'a DataFile,
    place: Numbered,
    classes: Option<Rc<ClassNames>>,
    unit: &'static str,
}

type FileRows<'a> = Box<dyn Iterator<Item = Result<FileRow<'a>>> + 'a>;

#[cfg(test)]
mod tests {
    use super::super::{Labels, Layout, Missing, Sources};
    use super::*;
    use crate::metric::Metric;
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
                pad_punctuation: false,
                labels: Labels::Words(vec!["negative".into(), "positive".into()]),
            },
            shared_prefix: None,
            label_names: vec!["bad".into(), "good".into()],
            class_names: Vec::new(),
            missing: Missing::Error,
            layout: Layout::default(),
            label_is: None,
            metrics: vec![Metric::parse("accuracy").unwrap()],
            keep: Vec::new(),
            group: None,
            each_target: false,
            filter: BTreeMap::new(),
            small: false,
            sources: Sources { train, validation: None, test: Some(rows(30)) },
        }
    }

    fn plan() -> Plan {
        Plan { seed: 1, ..Plan::whole() }
    }

    #[test]
    fn rows_become_sources_and_targets() {
        let task = definition(rows(3)).build(&plan()).unwrap();
        let (source, target) = ("mood sentence: text 1".into(), "positive".into());
        let expected = Example { index: 1, source, target, ..Example::default() };
        assert_eq!(task.train[1], expected);
        assert_eq!((task.train.len(), task.validation.len(), task.test.len()), (3, 0, 30));
    }

    #[test]
    fn a_prefix_is_put_before_every_source_once() {
        let build = |prefix: Option<&str>| {
            let mut shared = definition(rows(3));
            shared.form.prefix = None;
            shared.shared_prefix = prefix.map(String::from);
            shared.build(&plan()).unwrap()
        };
        let plain = build(Some("feeling"));
        assert_eq!(plain.train[1].source, "sentence: text 1");
        let task = plain.prefixed().prefixed();
        assert_eq!(task.train[1].source, "feeling sentence: text 1");
        assert_eq!(task.test[1].source, "feeling sentence: text 1");
        assert_eq!(task.form.unwrap().prefix.as_deref(), Some("feeling"));
        assert_eq!(build(None).prefixed().train[0].source, "mood sentence: text 0");
        let always = definition(rows(3)).build(&plan()).unwrap();
        assert_eq!(always.prefixed().train, always.train);
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
    fn the_seed_of_the_shots_moves_neither_validation_nor_test() {
        let build = |seed, split_seed| {
            let (shots, max_test) = (Some(4), Some(7));
            let plan =
                Plan { seed, split_seed, shots, max_test, validation_size: Some(10), ..plan() };
            definition(rows(60)).build(&plan).unwrap()
        };
        let (one, two, other) = (build(1, 0), build(2, 0), build(1, 1));
        assert_ne!(one.train, two.train);
        assert_eq!((&one.validation, &one.test), (&two.validation, &two.test));
        assert_ne!(one.validation, other.validation);
        assert_ne!(one.test, other.test);
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
        assert!(text.starts_with("mood: rows.train is empty"), "{text}");
    }
}
