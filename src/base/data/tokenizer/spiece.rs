//! Reads SentencePiece's `spiece.model`, as far as T5 uses it: a unigram vocabulary and a character map.
//!
//! The file is a Protocol Buffers message `ModelProto` (sentencepiece_model.proto): pieces in field
//! 1, the trainer's settings in 2, the normaliser's in 3.

use crate::{Error, Result};

/// A piece of the vocabulary; its index in the file is its id.
pub struct Piece {
    pub text: String,
    /// The logarithm of its probability.
    pub score: f64,
    pub kind: Kind,
}

/// `SentencePiece.Type`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

pub struct Spiece {
    pub pieces: Vec<Piece>,
    /// The compiled character map of the normaliser; empty if there is none.
    pub charsmap: Vec<u8>,
}

impl Spiece {
    /// Parses a `spiece.model`; a model other than unigram is an error.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut spiece = Spiece { pieces: Vec::new(), charsmap: Vec::new() };
        let mut message = Message(bytes);
        while let Some((field, value)) = message.next()? {
            match (field, value) {
                (1, Field::Bytes(piece)) => spiece.pieces.push(parse_piece(piece)?),
                (2, Field::Bytes(trainer)) => check_trainer(trainer)?,
                (3, Field::Bytes(normalizer)) => {
                    let mut message = Message(normalizer);
                    while let Some((field, value)) = message.next()? {
                        match (field, value) {
                            (2, Field::Bytes(charsmap)) => spiece.charsmap = charsmap.to_vec(),
                            (3, Field::Varint(0)) => return Err(unusual("add_dummy_prefix")),
                            (4, Field::Varint(0)) => {
                                return Err(unusual("remove_extra_whitespaces"));
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if spiece.pieces.is_empty() { Err(malformed("it has no pieces")) } else { Ok(spiece) }
    }
}

/// `SentencePiece`: text in field 1, score in 2, type in 3 (normal where absent).
fn parse_piece(bytes: &[u8]) -> Result<Piece> {
    let mut piece = Piece { text: String::new(), score: 0.0, kind: Kind::Normal };
    let mut message = Message(bytes);
    while let Some((field, value)) = message.next()? {
        match (field, value) {
            (1, Field::Bytes(text)) => {
                let text =
                    std::str::from_utf8(text).map_err(|_| malformed("a piece is not UTF-8"))?;
                piece.text = text.to_string();
            }
            (2, Field::Fixed32(bits)) => piece.score = f64::from(f32::from_bits(bits)),
            (3, Field::Varint(kind)) => {
                piece.kind = match kind {
                    1 => Kind::Normal,
                    2 => Kind::Unknown,
                    3 => Kind::Control,
                    4 => Kind::UserDefined,
                    5 => Kind::Unused,
                    6 => Kind::Byte,
                    _ => return Err(malformed("a piece has an unknown type")),
                }
            }
            _ => {}
        }
    }
    Ok(piece)
}

/// `TrainerSpec`: model type in field 3, where 1 (the default) is unigram; the position of the white-space
/// mark in 24.
fn check_trainer(bytes: &[u8]) -> Result<()> {
    let mut message = Message(bytes);
    while let Some((field, value)) = message.next()? {
        match (field, value) {
            (3, Field::Varint(kind)) if kind != 1 => {
                return Err(Error::new("this is not a unigram model")
                    .hint("T5's tokenizers are unigram; convert others to tokenizer.json"));
            }
            (24, Field::Varint(1)) => {
                return Err(Error::new("its pieces end with white space, which is not supported"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The error for a normaliser setting (fields 3 and 4, true by default) that T5's files do not change.
fn unusual(setting: &str) -> Error {
    Error::new(format!("its {setting} is off, which is not supported for this file")).hint(
        "save the tokenizer with AutoTokenizer's save_pretrained, which writes tokenizer.json",
    )
}

enum Field<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
    Fixed64,
}

/// The rest of a Protocol Buffers message.
struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    /// The next field's number and value; `None` at the end.
    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed64)?,
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?;
                Field::Fixed32(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            _ => return Err(malformed("a field has an unknown type")),
        };
        Ok(Some((key >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(malformed("a number is too long"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| malformed("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }
}

fn malformed(why: &str) -> Error {
    Error::new(format!("not a SentencePiece model: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &[u8] = include_bytes!("../../../../tests/golden/tokenizer/spiece.model");

    #[test]
    fn pieces_come_with_scores_and_types() {
        let spiece = Spiece::parse(MODEL).unwrap();
        let kinds: Vec<_> = spiece.pieces[..4].iter().map(|p| (p.text.as_str(), p.kind)).collect();
        let expected = [
            ("<pad>", Kind::Control),
            ("</s>", Kind::Control),
            ("<unk>", Kind::Unknown),
            ("\u{2581}", Kind::Normal),
        ];
        assert_eq!(kinds, expected);
        assert!(spiece.pieces[3].score < 0.0);
        assert!(!spiece.charsmap.is_empty());
    }

    #[test]
    fn broken_files_are_refused() {
        for length in [1, 100, MODEL.len() - 1] {
            let text = Spiece::parse(&MODEL[..length]).err().unwrap().to_string();
            assert!(text.contains("ends too early"), "{length}: {text}");
        }
        assert!(Spiece::parse(b"").is_err());
        assert!(Spiece::parse(b"{ \"version\": 1 }").is_err());
        let bpe = [0x12, 2, 0x18, 2];
        let text = Spiece::parse(&bpe).err().unwrap().to_string();
        assert!(text.contains("not a unigram model"), "{text}");
    }
}
