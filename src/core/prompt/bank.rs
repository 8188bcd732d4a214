//! The prompts of a study: S shared source prompts and one private prompt per task.

use super::{EncoderKind, Init, Material, Prompt};
use crate::nn::{Named, named};
use crate::tensor::upload::longs;
use crate::{Error, Result};
use tch::{Kind, Tensor};

/// The options of a bank.
pub struct BankOptions<'a> {
    /// One private prompt per task, in this order.
    pub tasks: &'a [String],
    /// S, the number of source prompts; 0 for plain prompt tuning.
    pub sources: usize,
    /// m, the number of rows of a source prompt.
    pub length: i64,
    /// The number of rows of a private prompt: m, or S * m if the sources are concatenated.
    pub private_length: i64,
    /// The initialisation of every prompt.
    pub init: Init,
    /// The encoder of every prompt.
    pub encoder: EncoderKind,
    pub material: Material<'a>,
}

/// S source prompts `[m, d]` and T private prompts, trained together.
pub struct PromptBank {
    tasks: Vec<String>,
    sources: Vec<Prompt>,
    privates: Vec<Prompt>,
    /// `[0, m, d]`, used if there is no source prompt.
    no_sources: Tensor,
}

impl PromptBank {
    /// New prompts; the sources are drawn before the privates.
    ///
    /// # Errors
    ///
    /// A length below 1; or as in `Init::make` and in the encoder.
    pub fn new(o: &BankOptions) -> Result<Self> {
        for (name, length) in [("length", o.length), ("private length", o.private_length)] {
            if length < 1 {
                return Err(Error::new(format!(
                    "a prompt's {name} must be at least 1, not {length}"
                )));
            }
        }
        let make = |length| Prompt::new(length, &o.init, o.encoder, &o.material);
        let none = [0, o.length, o.material.dim];
        Ok(PromptBank {
            tasks: o.tasks.to_vec(),
            sources: (0..o.sources).map(|_| make(o.length)).collect::<Result<_>>()?,
            privates: o.tasks.iter().map(|_| make(o.private_length)).collect::<Result<_>>()?,
            no_sources: Tensor::f_zeros(none, (Kind::Float, o.material.device))?,
        })
    }

    /// In the order of their private prompts.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }

    /// S
    pub fn source_count(&self) -> usize {
        self.sources.len()
    }

    /// The i-th source prompt, from 0. Errors: an index out of range.
    pub fn source(&self, i: usize) -> Result<&Prompt> {
        self.sources.get(i).ok_or_else(|| {
            Error::new(format!("no source prompt {i}: the bank has {}", self.sources.len()))
        })
    }

    /// The private prompt of a task. Errors: an unknown task.
    pub fn private(&self, task: &str) -> Result<&Prompt> {
        Ok(&self.privates[self.task_index(task)?])
    }

    /// The index of a task, from 0.
    fn task_index(&self, task: &str) -> Result<usize> {
        self.tasks
            .iter()
            .position(|known| known == task)
            .ok_or_else(|| Error::unknown("task", task, self.tasks.iter().map(String::as_str)))
    }

    /// All source prompts, encoded: `[S, m, d]`
    pub fn encoded_sources(&self) -> Result<Tensor> {
        if self.sources.is_empty() {
            return Ok(self.no_sources.shallow_clone());
        }
        Prompt::encoded_all(&self.sources.iter().collect::<Vec<_>>())
    }

    /// The private prompts of `tasks` (indices from 0), encoded: `[len(tasks), m', d]`. Each
    /// prompt is encoded once even if its task is repeated; prompts of other tasks
    /// receive no gradient.
    pub fn encoded_privates(&self, tasks: &[usize]) -> Result<Tensor> {
        let mut distinct = tasks.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if let Some(&i) = distinct.last().filter(|i| **i >= self.privates.len()) {
            return Err(Error::new(format!("no task {i}: the bank has {}", self.tasks.len())));
        }
        let prompts: Vec<&Prompt> = distinct.iter().map(|i| &self.privates[*i]).collect();
        let stacked = Prompt::encoded_all(&prompts)?;
        if tasks == distinct {
            return Ok(stacked);
        }
        let rows: Vec<i64> =
            tasks.iter().map(|task| distinct.partition_point(|t| t < task) as i64).collect();
        Ok(stacked.f_index_select(0, &longs(&rows, stacked.device())?)?)
    }

    /// `source.0.embedding`, `source.0.encoder.w1` ...
    pub fn source_parameters(&self) -> Named {
        let numbered = self.sources.iter().enumerate();
        numbered.flat_map(|(i, p)| named::under(&format!("source.{i}"), p.named())).collect()
    }

    /// `private.rte.embedding`, `private.rte.encoder.w1` ...
    pub fn private_parameters(&self) -> Named {
        let with_tasks = self.tasks.iter().zip(&self.privates);
        with_tasks.flat_map(|(t, p)| named::under(&format!("private.{t}"), p.named())).collect()
    }

    /// All trainable parameters: sources, then privates.
    pub fn parameters(&self) -> Named {
        let mut all = self.source_parameters();
        all.extend(self.private_parameters());
        all
    }

    /// The encoded prompts, which suffice for inference: `source.0`, ...,
    /// `private.rte`, ..., without gradients.
    pub fn materialise(&self) -> Result<Named> {
        let sources = self.sources.iter().enumerate().map(|(i, p)| (format!("source.{i}"), p));
        let privates =
            self.tasks.iter().zip(&self.privates).map(|(t, p)| (format!("private.{t}"), p));
        tch::no_grad(|| {
            sources.chain(privates).map(|(n, p)| Ok((n, p.encoded()?.f_detach_copy()?))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn bank(sources: usize) -> PromptBank {
        encoded_by(EncoderKind::default(), sources)
    }

    fn encoded_by(encoder: EncoderKind, sources: usize) -> PromptBank {
        let tasks = ["rte", "cola", "mrpc"].map(String::from);
        PromptBank::new(&BankOptions {
            tasks: &tasks,
            sources,
            length: 4,
            private_length: 8,
            init: Init::default(),
            encoder,
            material: Material { dim: 6, device: Device::Cpu, vocabulary: None, tokenizer: None },
        })
        .unwrap()
    }

    #[test]
    fn rows_get_the_prompt_of_their_task() {
        let (bank, none) = (bank(2), bank(0));
        assert_eq!(bank.encoded_sources().unwrap().size(), [2, 4, 6]);
        let rows = bank.encoded_privates(&[2, 0, 2]).unwrap();
        assert_eq!(rows.size(), [3, 8, 6]);
        for (row, task) in ["mrpc", "rte", "mrpc"].iter().enumerate() {
            let alone = bank.private(task).unwrap().encoded().unwrap();
            assert!(rows.get(row as i64).allclose(&alone, 1e-6, 1e-7, false));
        }
        assert_eq!(none.encoded_sources().unwrap().size(), [0, 4, 6]);
        assert!(bank.encoded_privates(&[3]).is_err());
    }

    #[test]
    fn prompts_encoded_together_are_those_encoded_alone() {
        for kind in [EncoderKind::None, EncoderKind::default(), EncoderKind::Lstm] {
            let bank = encoded_by(kind, 3);
            let together = bank.encoded_sources().unwrap();
            for i in 0..3 {
                let alone = bank.source(i).unwrap().encoded().unwrap();
                assert!(together.get(i as i64).allclose(&alone, 1e-6, 1e-6, false), "{kind:?} {i}");
            }
        }
    }

    #[test]
    fn only_the_tasks_of_the_batch_get_gradients() {
        let bank = bank(1);
        bank.encoded_privates(&[2, 0, 2]).unwrap().sum(Kind::Float).backward();
        for (name, parameter) in bank.parameters() {
            let present = name.starts_with("private.rte") || name.starts_with("private.mrpc");
            assert_eq!(parameter.grad().defined(), present, "{name}");
        }
    }

    #[test]
    fn values_carry_a_bank_over_and_wrong_ones_change_nothing() {
        let (from, to) = (bank(2), bank(2));
        named::assign(&to.parameters(), &from.parameters()).unwrap();
        for ((name, a), (_, b)) in
            from.materialise().unwrap().iter().zip(&to.materialise().unwrap())
        {
            assert_eq!(a, b, "{name}");
            assert!(!a.requires_grad());
        }
        let text = named::assign(&to.parameters(), &bank(1).parameters()).unwrap_err().to_string();
        assert!(text.contains("source.1.embedding"), "{text}");
        for ((_, a), (_, b)) in from.parameters().iter().zip(&to.parameters()) {
            assert_eq!(a, b);
        }
    }

    #[test]
    fn parameters_are_named_after_their_prompt() {
        let names: Vec<String> = bank(1).parameters().into_iter().map(|p| p.0).collect();
        assert_eq!(names[0], "source.0.embedding");
        assert!(names.contains(&"private.rte.encoder.w1".to_string()), "{names:?}");
        assert_eq!(names.len(), 4 * 5);
        assert!(bank(1).private("rtee").err().unwrap().to_string().contains("'rte'"));
    }
}
