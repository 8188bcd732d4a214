//! A tokenizer from a `spiece.model`, converted like T5's in `transformers` and equal to sentencepiece.

use super::declared::{Declared, failed};
use super::spiece::{Kind, Spiece};
use crate::{Error, Result};
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{Precompiled, Sequence as Normalizers, Strip};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer as Inner};

/// The pieces of the file, then the declared number of sentinels: `<extra_id_0>` is the last id.
/// Characters without a piece become bytes if the file has byte pieces (mT5). Errors: the bytes are not
/// a unigram model.
pub fn build(bytes: &[u8], declared: &Declared) -> Result<Inner> {
    let Spiece { pieces, charsmap } = Spiece::parse(bytes)?;
    let of_kind = |kind: &[Kind]| -> Vec<String> {
        let named = pieces.iter().filter(|piece| kind.contains(&piece.kind));
        named.map(|piece| piece.text.clone()).collect()
    };
    let unknown = pieces.iter().position(|piece| piece.kind == Kind::Unknown);
    let by_bytes = pieces.iter().any(|piece| piece.kind == Kind::Byte);
    let sentinels: Vec<String> =
        (0..declared.sentinels()).rev().map(|i| format!("<extra_id_{i}>")).collect();
    let special = [of_kind(&[Kind::Control, Kind::Unknown]), sentinels.clone()].concat();
    let whole = of_kind(&[Kind::UserDefined]);

    let pieces = pieces.into_iter().map(|piece| (piece.text, piece.score));
    let vocabulary = pieces.chain(sentinels.into_iter().map(|text| (text, 0.0))).collect();
    let model = Unigram::from(vocabulary, unknown, by_bytes).map_err(failed)?;
    let metaspace = Metaspace::new('\u{2581}', PrependScheme::Always, true);
    let mut inner = Inner::new(model);
    if !charsmap.is_empty() {
        let charsmap = Precompiled::from(&charsmap)
            .map_err(|e| Error::new(format!("the character map is broken: {e}")))?;
        let steps = vec![charsmap.into(), Strip::new(false, true).into()];
        inner.with_normalizer(Some(Normalizers::new(steps))).map_err(failed)?;
    }
    // Other white space is mapped to a space by the character map, or kept like in sentencepiece.
    let space = SplitPattern::String(" ".to_string());
    let words = Split::new(space, SplitDelimiterBehavior::Removed, false).map_err(failed)?;
    inner
        .with_pre_tokenizer(Some(PreTokenizers::new(vec![words.into(), metaspace.clone().into()])));
    match by_bytes {
        true => {
            let steps = vec![ByteFallback::new().into(), metaspace.into()];
            inner.with_decoder(Some(Decoders::new(steps)));
        }
        false => {
            inner.with_decoder(Some(metaspace));
        }
    }
    let token = |special| move |text| AddedToken::from(text, special).normalized(false);
    inner.add_special_tokens(special.into_iter().map(token(true))).map_err(failed)?;
    inner.add_tokens(whole.into_iter().map(token(false))).map_err(failed)?;
    Ok(inner)
}
