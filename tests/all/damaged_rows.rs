//! Files of rows and tokenizers that are damaged or large: each is read, or refused with an error that
//! names it, without a panic and within bounds of memory.

use crate::program::damage::{Damage, Read, memory};
use crate::program::{alone, root};
use compt_base::data::{
    DataFile, Definition, Form, Labels, Layout, Missing, Per, Plan, Source, Sources,
};
use compt_base::data::{Task, Template, Tokenizer, draws};
use compt_base::metric::Metric;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

fn rte(train: &Path, seed: u64) -> compt_error::Result<Task> {
    let file = |path: &Path| DataFile { path: path.into(), origin: path.display().to_string() };
    let words = ["entailment", "not_entailment"].map(String::from);
    let task = Definition {
        name: "rte".into(),
        form: Form {
            template: Template::Fields(["sentence1", "sentence2"].map(String::from).to_vec()),
            prefix: None,
            columns: BTreeMap::new(),
            pad_punctuation: false,
            labels: Labels::Words(words.to_vec()),
        },
        shared_prefix: None,
        label_names: Vec::new(),
        class_names: Vec::new(),
        missing: Missing::Error,
        layout: Layout::default(),
        label_is: None,
        metrics: vec![Metric::parse("accuracy").unwrap()],
        keep: Vec::new(),
        group: None,
        each_target: false,
        filter: BTreeMap::new(),
        small: true,
        sources: Sources {
            train: Source::Files(vec![file(train)]),
            validation: Some(Source::Files(vec![file(
                &root().join("tests/fixtures/rows/rte/dev.jsonl.gz"),
            )])),
            test: None,
        },
    };
    let plan = Plan {
        shots: Some(1),
        per: Per::Task,
        seed,
        split_seed: 0,
        validation_size: None,
        max_test: None,
    };
    task.build(&plan)
}

fn rows_or_refusal(train: &Path) -> Read {
    match rte(train, 1) {
        Ok(_) => Read::Whole,
        Err(e) => Read::Refused(e.to_string()),
    }
}

#[test]
fn damaged_and_large_files_stay_within_bounds() {
    alone(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut damage = Damage::new();
        let fixtures = root().join("tests/fixtures");
        let packed = fixtures.join("rows/rte/train.jsonl.gz");
        let mut lines = Vec::new();
        let unpacked = fs::File::open(&packed).unwrap();
        std::io::copy(&mut flate2::read::GzDecoder::new(unpacked), &mut lines).unwrap();

        let parquet = fixtures.join("parquet/rte/train-00000-of-00002.parquet");
        let files = [
            ("rows.parquet", fs::read(parquet).unwrap()),
            ("rows.jsonl", lines.clone()),
            ("rows.jsonl.gz", fs::read(packed).unwrap()),
        ];
        for (name, whole) in files {
            let path = folder.path().join(name);
            fs::write(&path, whole).unwrap();
            rte(&path, 1).unwrap();
            damage.endure(name, &path, |_| rows_or_refusal(&path));
        }

        fs::copy(
            root().join("tests/golden/tokenizer/tokenizer.json"),
            folder.path().join("tokenizer.json"),
        )
        .unwrap();
        Tokenizer::load(folder.path()).unwrap();
        damage.endure("tokenizer.json", &folder.path().join("tokenizer.json"), |_| {
            let work = |tokenizer: Tokenizer| -> compt_error::Result<()> {
                let text = "The cat sat; on <extra_id_0> \u{4e2d} mats.";
                tokenizer.decode(&tokenizer.encode(text)?)?;
                tokenizer.encode_batch(&[text, ""]).map(|_| ())
            };
            match Tokenizer::load(folder.path()) {
                // What it cannot encode is the text's error, not the file's.
                Ok(tokenizer) => work(tokenizer).map_or(Read::Whole, |()| Read::Whole),
                Err(e) => Read::Refused(e.to_string()),
            }
        });

        large(&folder.path().join("large.jsonl"), &lines);
    });
}

/// A file of many rows, of which a few are drawn, costs what its rows' places cost.
fn large(path: &Path, lines: &[u8]) {
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    let size = 48 << 20;
    for _ in 0..size / lines.len() {
        file.write_all(lines).unwrap();
    }
    file.flush().unwrap();
    drop(file);
    // A file that was changed just now is not kept.
    std::thread::sleep(Duration::from_millis(200));
    let rows = (size / lines.len()) * lines.split(|&byte| byte == b'\n').count();
    let before = memory(true);
    let task = rte(path, 1).unwrap();
    let growth = memory(false).saturating_sub(before);
    println!("{rows} rows, {size} bytes: {} KiB more", growth / 1024);
    assert!(growth < 128 * rows as u64, "{growth}");
    assert_eq!(task.train.len(), 1);
    assert_ne!(rte(path, 2).unwrap().train, task.train);
    assert_eq!(draws::kept().0.len(), 2);

    // An entry with other rows than were written is not used.
    let first = rte(path, 1).unwrap().train;
    for entry in draws::kept().0 {
        let text = fs::read_to_string(&entry).unwrap();
        assert!(text.contains("entailment"));
        fs::write(&entry, text.replace("entailment", "entertainment")).unwrap();
    }
    assert_eq!(rte(path, 1).unwrap().train, first);
    rte(path, 2).unwrap();

    // The draw is kept as long as the file is the same: another content with the same size and time of
    // modification is noticed, in the same file and in another one of this name.
    let entry = draws::kept().0.remove(0);
    let written = fs::metadata(&entry).unwrap().modified().unwrap();
    rte(path, 1).unwrap();
    rte(path, 2).unwrap();
    assert_eq!(fs::metadata(&entry).unwrap().modified().unwrap(), written, "it was read");
    let about = fs::metadata(path).unwrap();
    let other = path.with_extension("other");
    let damage = |path: &Path| {
        fs::write(path, vec![b'x'; about.len() as usize]).unwrap();
        fs::File::open(path).unwrap().set_modified(about.modified().unwrap()).unwrap();
    };
    fs::rename(path, &other).unwrap();
    damage(path);
    assert!(rte(path, 1).is_err());
    fs::rename(&other, path).unwrap();
    damage(path);
    assert!(rte(path, 1).is_err());
}
