//! Initial values of prompts.

use super::Material;
use crate::nn::init::uniform;
use crate::options::{Options, Registered, Variant};
use crate::{Error, Result};
use tch::{Device, Kind, Tensor};

/// The number of most frequent tokens of T5's vocabulary from which Lester et al. (2021) sample.
const FREQUENT: i64 = 5000;

#[derive(Debug)]
pub enum Init {
    /// U(-bound, bound); ComPT's bound is 0.5.
    Uniform { bound: f64 },
    /// Embeddings of ids sampled from the first `first` of the vocabulary: without replacement, unless the
    /// prompt is longer (T5X).
    Vocabulary { first: i64 },
    /// Row i is the mean embedding of the tokens `rows[i]`; rows beyond the prompt are dropped.
    Tokens { rows: Vec<Vec<i64>>, rest: Rest },
    /// An existing prompt, `[m, d]`.
    Given(Tensor),
}

/// How the rest of a prompt is filled after its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Rows from the first `first` of the vocabulary (T5X).
    Sample { first: i64 },
    /// The tokens are repeated (PEFT).
    Tile,
}

impl Default for Init {
    fn default() -> Self {
        Init::Uniform { bound: 0.5 }
    }
}

type Make = fn(&Options, &Material) -> Result<Init>;

/// The kinds that plain data can describe.
const KINDS: &[Registered<Make>] = &[
    Registered {
        name: "uniform",
        options: &["bound"],
        make: |o, _| Ok(Init::Uniform { bound: o.get_or("bound", 0.5)? }),
    },
    Registered {
        name: "vocabulary",
        options: &["first"],
        make: |o, _| Ok(Init::Vocabulary { first: o.get_or("first", FREQUENT)? }),
    },
    Registered {
        name: "text",
        options: &["text", "rest", "first"],
        make: |o, material| {
            Ok(Init::text(&pieces(material, &o.need::<String>("text")?)?, Rest::read(o)?))
        },
    },
    Registered {
        name: "labels",
        options: &["labels", "rest", "first"],
        make: |o, material| {
            let words: Vec<String> = o.need("labels")?;
            let rows = words.iter().map(|word| pieces(material, word)).collect::<Result<_>>()?;
            Ok(Init::labels(rows, Rest::read(o)?))
        },
    },
];

/// The ids of a text without the final `</s>`.
fn pieces(material: &Material, text: &str) -> Result<Vec<i64>> {
    let tokenizer = material.tokenizer.ok_or_else(|| {
        Error::new("initialisation from text needs a backbone with a tokenizer").at("init")
    })?;
    let mut ids = tokenizer.encode(text)?;
    ids.pop();
    Ok(ids)
}

impl Rest {
    /// The options `rest`, "sample" by default, and `first`, the number of tokens to sample from.
    fn read(o: &Options) -> Result<Self> {
        let rest: Option<String> = o.get("rest")?;
        let first = o.get_or("first", FREQUENT)?;
        match rest.as_deref() {
            None | Some("sample") => Ok(Rest::Sample { first }),
            Some("tile") => Ok(Rest::Tile),
            Some(name) => Err(Error::unknown("'rest'", name, ["sample", "tile"])),
        }
    }
}

impl Init {
    /// The default kind.
    pub const DEFAULT: &str = "uniform";

    /// - "uniform": `bound` (0.5)
    /// - "vocabulary": `first` (5000)
    /// - "text": `text`; `rest` ("sample") or "tile", `first` (5000)
    /// - "labels": `labels`, a list of words; `rest`, `first`
    ///
    /// # Errors
    ///
    /// An unknown kind or option, an invalid value, a text without a tokenizer;
    /// "given", whose tensor is not plain data.
    pub fn read(variant: &Variant, material: &Material) -> Result<Self> {
        if variant.kind == "given" {
            return Err(Error::new("the tensor of the initial prompts is missing")
                .at("init")
                .hint("set it in the script: init = { kind = \"given\", value = TENSOR }"));
        }
        let (kind, options) = variant.among("init", KINDS)?;
        (kind.make)(&options, material)
    }

    /// One row per token of a text. `ids` without the final `</s>`.
    fn text(ids: &[i64], rest: Rest) -> Self {
        Init::Tokens { rows: ids.iter().map(|id| vec![*id]).collect(), rest }
    }

    /// One row per class label, the mean of its tokens. Ids without the final `</s>`.
    fn labels(labels: Vec<Vec<i64>>, rest: Rest) -> Self {
        Init::Tokens { rows: labels, rest }
    }

    /// The initial embedding, `[length, dim]`, float32 on the CPU; `vocabulary` is the backbone's
    /// embedding table `[V, dim]`, required if rows are taken from it.
    ///
    /// # Errors
    ///
    /// The vocabulary is missing or empty, token ids are out of range, or a given prompt has another shape.
    pub fn make(&self, length: i64, dim: i64, vocabulary: Option<&Tensor>) -> Result<Tensor> {
        match self {
            Init::Uniform { bound } => uniform(&[length, dim], *bound),
            Init::Vocabulary { first } => sample(table(vocabulary, dim)?, *first, length),
            Init::Tokens { rows, rest } => tokens(rows, *rest, table(vocabulary, dim)?, length),
            Init::Given(value) if value.size() != [length, dim] => Err(Error::new(format!(
                "the given prompt has shape {:?} where [{length}, {dim}] is expected",
                value.size()
            ))),
            // A copy: every prompt is trained separately, and the given tensor does not change.
            Init::Given(value) => on_cpu(&value.f_detach_copy()?),
        }
    }
}

fn on_cpu(value: &Tensor) -> Result<Tensor> {
    Ok(value.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?)
}

fn table(vocabulary: Option<&Tensor>, dim: i64) -> Result<&Tensor> {
    let table = vocabulary.ok_or_else(|| {
        Error::new("this initialisation needs embeddings of a vocabulary, and there are none")
            .hint("set 'backbone', or use the uniform initialisation")
    })?;
    match table.size()[..] {
        [_, width] if width == dim => Ok(table),
        ref shape => Err(Error::new(format!(
            "the vocabulary's embeddings have shape {shape:?} where the prompt has rows of {dim}"
        ))),
    }
}

fn rows_of(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    on_cpu(&table.f_detach()?.f_index_select(0, &ids.f_to_device(table.device())?)?)
}

fn sample(table: &Tensor, first: i64, length: i64) -> Result<Tensor> {
    let first = first.min(table.size()[0]);
    if first < 1 {
        return Err(Error::new("the vocabulary to sample from is empty"));
    }
    let options = (Kind::Int64, Device::Cpu);
    let ids = if length > first {
        Tensor::f_randint(first, [length], options)?
    } else {
        Tensor::f_randperm(first, options)?.f_narrow(0, 0, length)?
    };
    rows_of(table, &ids)
}

fn tokens(rows: &[Vec<i64>], rest: Rest, table: &Tensor, length: i64) -> Result<Tensor> {
    if rows.is_empty() || rows.iter().any(Vec::is_empty) {
        return Err(Error::new("there are no tokens to initialise the prompt with")
            .hint("use a text or labels that are not empty"));
    }
    let size = table.size()[0];
    if let Some(id) = rows.iter().flatten().find(|id| !(0..size).contains(*id)) {
        return Err(Error::new(format!("token id {id} is outside the vocabulary of {size}")));
    }
    let mut found = Vec::with_capacity(length as usize);
    for pieces in rows.iter().take(length as usize) {
        let pieces = rows_of(table, &Tensor::from_slice(pieces))?;
        found.push(pieces.f_mean_dim(0, false, Kind::Float)?);
    }
    let known = found.len();
    match rest {
        Rest::Tile => found.extend(
            (known..length as usize).map(|i| found[i % known].shallow_clone()).collect::<Vec<_>>(),
        ),
        Rest::Sample { first } if (known as i64) < length => {
            found.extend(sample(table, first, length - known as i64)?.f_unbind(0)?)
        }
        Rest::Sample { .. } => {}
    }
    Ok(Tensor::f_stack(&found, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Row i is [i, 10 i].
    fn table() -> Tensor {
        let column = Tensor::arange(8, (Kind::Float, Device::Cpu));
        Tensor::stack(&[&column, &(&column * 10)], 1)
    }

    fn first_column(init: &Init, length: i64) -> Vec<f32> {
        let prompt = init.make(length, 2, Some(&table())).unwrap();
        assert_eq!(prompt.size(), [length, 2]);
        let column: Vec<f32> = prompt.select(1, 0).try_into().unwrap();
        let second: Vec<f32> = prompt.select(1, 1).try_into().unwrap();
        assert!(column.iter().zip(second).all(|(a, b)| (10.0 * a - b).abs() < 1e-5));
        column
    }

    #[test]
    fn plain_data_says_what_prompts_start_from() {
        let material = Material { dim: 2, device: Device::Cpu, vocabulary: None, tokenizer: None };
        let read = |value| {
            let variant = Variant::read(&value, "init", None)?;
            Ok::<_, Error>(format!("{:?}", Init::read(&variant, &material)?))
        };
        assert_eq!(read(json!("uniform")).unwrap(), "Uniform { bound: 0.5 }");
        let first = read(json!({ "kind": "vocabulary", "first": 7 })).unwrap();
        assert_eq!(first, "Vocabulary { first: 7 }");
        let refused = |value| read(value).unwrap_err().to_string();
        let text = refused(json!({ "kind": "uniform", "first": 7 }));
        assert!(text.starts_with("init 'uniform': unknown option 'first'"), "{text}");
        let text = refused(json!({ "kind": "text", "text": "a" }));
        assert!(text.contains("needs a backbone with a tokenizer"), "{text}");
        let text = refused(json!({ "kind": "text" }));
        assert_eq!(text, "init 'text': option 'text' is missing");
        assert!(refused(json!("given")).contains("is missing"));
    }

    #[test]
    fn uniform_values_fill_their_range() {
        let prompt = Init::default().make(200, 50, None).unwrap();
        let (low, high) = (prompt.min().double_value(&[]), prompt.max().double_value(&[]));
        assert!((-0.5..-0.499).contains(&low) && (0.499..=0.5).contains(&high), "{low} {high}");
        assert!(prompt.mean(Kind::Float).double_value(&[]).abs() < 0.01);
        assert!((prompt.std(false).double_value(&[]) - 12f64.powf(-0.5)).abs() < 0.01);
    }

    #[test]
    fn vocabulary_rows_come_once_from_the_first_ones() {
        let mut ids = first_column(&Init::Vocabulary { first: 5 }, 5);
        ids.sort_by(f32::total_cmp);
        assert_eq!(ids, [0.0, 1.0, 2.0, 3.0, 4.0]);
        let many = first_column(&Init::Vocabulary { first: FREQUENT }, 30);
        assert!(many.iter().all(|id| (0.0..8.0).contains(id)));
    }

    #[test]
    fn text_is_cut_tiled_or_followed_by_samples() {
        let text = |rest| Init::text(&[6, 3, 5], rest);
        assert_eq!(first_column(&text(Rest::Tile), 2), [6.0, 3.0]);
        assert_eq!(first_column(&text(Rest::Tile), 7), [6.0, 3.0, 5.0, 6.0, 3.0, 5.0, 6.0]);
        let sampled = first_column(&text(Rest::Sample { first: 2 }), 5);
        assert_eq!(sampled[..3], [6.0, 3.0, 5.0]);
        assert!(sampled[3..].iter().all(|id| *id < 2.0));
    }

    #[test]
    fn a_label_is_the_mean_of_its_pieces() {
        let labels = Init::labels(vec![vec![1, 2, 6], vec![4]], Rest::Tile);
        assert_eq!(first_column(&labels, 3), [3.0, 4.0, 3.0]);
    }

    #[test]
    fn a_given_prompt_is_copied() {
        let value = Tensor::zeros([3, 2], (Kind::Float, Device::Cpu));
        let mut made = Init::Given(value.shallow_clone()).make(3, 2, None).unwrap();
        let _ = made.fill_(1.0);
        assert_eq!(value.sum(Kind::Float).double_value(&[]), 0.0);
    }

    #[test]
    fn what_does_not_fit_is_explained() {
        let text = |e: Error| e.to_string();
        let given = Init::Given(Tensor::zeros([3, 2], (Kind::Float, Device::Cpu)));
        assert!(given.make(3, 2, None).is_ok());
        assert!(text(given.make(4, 2, None).unwrap_err()).contains("[3, 2] where [4, 2]"));
        let outside = Init::text(&[8], Rest::Tile).make(1, 2, Some(&table()));
        assert!(text(outside.unwrap_err()).contains("token id 8 is outside the vocabulary of 8"));
        let none = Init::Vocabulary { first: FREQUENT }.make(1, 2, None);
        assert!(text(none.unwrap_err()).contains("there are none"));
        assert!(Init::text(&[], Rest::Tile).make(1, 2, Some(&table())).is_err());
    }
}
