//! Finds the embedding table and the head in a file, under any of their names.
//!
//! `transformers` 5 ties all of them (`tie_weights`): a missing one equals one that exists, and
//! a separate head is one whose values differ from the table's.

use super::{Checkpoint, PIECE};
use crate::t5::config::Family;
use crate::t5::parameters::{HEAD, TABLE};
use crate::{Error, Result};
use tch::{Kind, Tensor};

/// The names of the table in order of precedence; encoder and decoder share it.
pub const TABLES: [&str; 3] = [TABLE, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

impl Checkpoint<'_> {
    /// Stores the table and a separate head under their names, and removes the duplicates.
    pub(super) fn settle_tied(&mut self) -> Result<()> {
        let there = |name: &&&str| self.tensors.contains_key(**name);
        let mut names = TABLES.iter().filter(there);
        // If the table is missing but the head is not, the table is the head.
        let Some(table) = names.next().copied().or(there(&&HEAD).then_some(HEAD)) else {
            return Ok(());
        };
        for other in names {
            if !self.is_same(table, other)? {
                return Err(Error::new(format!("'{other}' differs from '{table}'"))
                    .hint("separate embedding tables of encoder and decoder are not supported"));
            }
        }
        let has_head = table != HEAD && self.tensors.contains_key(HEAD);
        let own_head = has_head && !self.is_same(table, HEAD)?;
        if own_head && self.config.family == Family::Mt5 && self.config.scale_decoder_outputs {
            return Err(Error::new(
                "'lm_head.weight' is not the embedding table, though config.json says that it is \
                 (tie_word_embeddings): transformers 4, which wrote this mT5, and transformers 5 \
                 compute different results",
            )
            .hint(
                "set tie_word_embeddings to false if the head has its own weights, or remove \
                   'lm_head.weight'",
            ));
        }
        let note = match (has_head, self.config.own_head) {
            (false, true) => Some(
                "there is no 'lm_head.weight' though tie_word_embeddings is false: the head is the \
                 embedding table, as in transformers 5",
            ),
            (true, false) if own_head && self.config.tied_by_its_writer => Some(
                "'lm_head.weight' is not the embedding table though tie_word_embeddings is true: it \
                 is the head, as in transformers 5",
            ),
            _ => None,
        };
        self.config.notes.extend(note.map(|note| format!("note: {note}")));
        self.config.own_head = own_head;
        let tensor = self.tensors[table].clone();
        self.tensors.insert(TABLE.to_string(), tensor);
        TABLES[1..].iter().for_each(|name| drop(self.tensors.remove(*name)));
        if !own_head {
            self.tensors.remove(HEAD);
        }
        Ok(())
    }

    /// Whether two tensors have the same shape and values.
    fn is_same(&self, one: &str, other: &str) -> Result<bool> {
        let ((file, a), (other_file, b)) = (self.find(one), self.find(other));
        if a.shape() != b.shape() {
            return Ok(false);
        }
        if self.tensors[one] == self.tensors[other] {
            return Ok(true);
        }
        let count = a.shape().iter().product::<i64>() as usize;
        let (mut gathered, mut other_gathered) = (Vec::new(), Vec::new());
        for start in (0..count).step_by(PIECE) {
            let piece = start..count.min(start + PIECE);
            let size = [piece.len() as i64];
            let bytes = a.read(file, piece.clone(), &mut gathered);
            let other_bytes = b.read(other_file, piece, &mut other_gathered);
            let same = match a.kind() == b.kind() {
                true => bytes == other_bytes,
                false => {
                    let number = |bytes: &[u8], kind| -> Result<Tensor> {
                        Ok(Tensor::f_from_data_size(bytes, &size, kind)?.f_to_kind(Kind::Float)?)
                    };
                    number(bytes, a.kind())?.f_equal(&number(other_bytes, b.kind())?)?
                }
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
