//! ByT5's tokenizer, which has no file: bytes are tokens (Xue et al. 2022; `transformers`'
//! `ByT5Tokenizer`).
//!
//! The ids 0, 1 and 2 are padding, end of sequence and the unknown token, 3 to 258 the UTF-8 bytes, from 259
//! the sentinels `<extra_id_0>`, `<extra_id_1>` ... .

use super::declared::{Declared, EOS, PAD, failed};
use crate::Result;
use std::collections::BTreeMap;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer as Inner};

/// The class whose folders have no tokenizer file.
pub const CLASS: &str = "ByT5Tokenizer";

const UNKNOWN: &str = "<unk>";
const SENTINELS: usize = 125;
/// The id of byte 0.
const FIRST: i64 = 3;
/// The id of the first sentinel.
const END: i64 = FIRST + 256;

/// The tokenizer with these added tokens. Errors: a token cannot be added.
pub fn build(declared: &Declared) -> Result<Inner> {
    let special = [PAD, EOS, UNKNOWN];
    let mut ids: BTreeMap<String, u32> =
        (0u32..).zip(special).map(|(i, t)| (t.into(), i)).collect();
    for byte in 0..=255 {
        ids.insert(letter(byte).to_string(), FIRST as u32 + u32::from(byte));
    }
    // Without merges, every letter that represents a byte is a token.
    let model = BPE::builder()
        .vocab_and_merges(ids.into_iter().collect::<tokenizers::models::bpe::Vocab>(), Vec::new())
        .build()
        .map_err(failed)?;
    let mut inner = Inner::new(model);
    inner.with_pre_tokenizer(Some(ByteLevel::new(false, false, false)));
    let strips =
        |text: &str| AddedToken::from(text, true).lstrip(true).rstrip(true).normalized(false);
    inner.add_special_tokens(special.map(strips)).map_err(failed)?;
    let sentinels = (0..declared.extra_ids.unwrap_or(SENTINELS))
        .map(|i| AddedToken::from(format!("<extra_id_{i}>"), true).normalized(false));
    inner.add_special_tokens(sentinels).map_err(failed)?;
    Ok(inner)
}

/// Decodes ids: bytes, and added tokens that are not special; invalid UTF-8 is
/// left out.
pub fn decode(inner: &Inner, ids: &[i64]) -> String {
    let added = inner.get_added_vocabulary();
    let mut bytes = Vec::new();
    for &id in ids {
        if (FIRST..END).contains(&id) {
            bytes.push((id - FIRST) as u8);
        } else if let Some(token) = u32::try_from(id).ok().and_then(|id| inner.id_to_token(id))
            && !added.is_special_token(&token)
        {
            bytes.extend(token.into_bytes());
        }
    }
    bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()
}

/// The letter for a byte in a byte-level vocabulary (GPT-2's table): the byte's own character if it is
/// printable, else one from U+0100 on.
fn letter(byte: u8) -> char {
    let seen = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match seen(byte) {
        true => char::from(byte),
        false => {
            let before = (0..byte).filter(|&b| !seen(b)).count() as u32;
            char::from_u32(0x100 + before).expect("below the surrogates")
        }
    }
}
