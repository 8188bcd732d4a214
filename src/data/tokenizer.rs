//! T5's tokenizer: text to ids that close with `</s>`, and back.

use super::spiece::{Kind, Spiece};
use crate::error::Context;
use crate::guard::guarded;
use crate::{Error, Result};
use std::path::Path;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{Precompiled, Sequence as Normalizers, Strip};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Encoding, Tokenizer as Inner};

const PAD: &str = "<pad>";
const EOS: &str = "</s>";
/// Sentinels `transformers` adds to a `spiece.model`.
const SENTINELS: usize = 100;
/// Texts tokenized together.
const AT_ONCE: usize = 4096;

/// A T5 tokenizer.
pub struct Tokenizer {
    inner: Inner,
    pad_id: i64,
    eos_id: i64,
}

impl Tokenizer {
    /// Reads `tokenizer.json` of a folder, or its `spiece.model` if only that is there.
    pub fn load(folder: &Path) -> Result<Self> {
        let json = folder.join("tokenizer.json");
        let spiece = folder.join("spiece.model");
        if json.is_file() {
            let bytes = std::fs::read(&json).at(json.display())?;
            Self::from_bytes(&bytes).at(json.display())
        } else if spiece.is_file() {
            let bytes = std::fs::read(&spiece).at(spiece.display())?;
            Self::from_spiece(&bytes).at(spiece.display())
        } else {
            Err(Error::new("no tokenizer in this folder")
                .at(folder.display())
                .hint("it needs a tokenizer.json or a spiece.model"))
        }
    }

    /// A tokenizer from the bytes of a `tokenizer.json`. Truncation and padding it may ask for are
    /// left out; a closing `</s>` is added where it asks for none.
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        // The library panics over some of what a damaged file says.
        let parsed = guarded(|| Inner::from_bytes(json).map_err(failed));
        let mut inner = parsed.map_err(|e| Error::new(format!("not a tokenizer.json: {e}")))?;
        inner.with_truncation(None).map_err(failed)?;
        inner.with_padding(None);
        Self::new(inner)
    }

    /// A tokenizer from the bytes of a `spiece.model`, with 100 sentinels after its pieces:
    /// `<extra_id_0>` is the last id.
    pub fn from_spiece(bytes: &[u8]) -> Result<Self> {
        let Spiece { pieces, charsmap } = Spiece::parse(bytes)?;
        if pieces.iter().any(|piece| piece.kind == Kind::Byte) {
            return Err(Error::new("byte pieces are not supported")
                .hint("convert the model to tokenizer.json"));
        }
        let of_kind = |kind: &[Kind]| -> Vec<String> {
            let named = pieces.iter().filter(|piece| kind.contains(&piece.kind));
            named.map(|piece| piece.text.clone()).collect()
        };
        let unknown = pieces.iter().position(|piece| piece.kind == Kind::Unknown);
        let sentinels: Vec<String> =
            (0..SENTINELS).rev().map(|i| format!("<extra_id_{i}>")).collect();
        let special = [of_kind(&[Kind::Control, Kind::Unknown]), sentinels.clone()].concat();
        let whole = of_kind(&[Kind::UserDefined]);

        let pieces = pieces.into_iter().map(|piece| (piece.text, piece.score));
        let vocabulary = pieces.chain(sentinels.into_iter().map(|text| (text, 0.0))).collect();
        let model = Unigram::from(vocabulary, unknown, false).map_err(failed)?;
        let metaspace = Metaspace::new('\u{2581}', PrependScheme::Always, true);
        let mut inner = Inner::new(model);
        if !charsmap.is_empty() {
            let charsmap = Precompiled::from(&charsmap)
                .map_err(|e| Error::new(format!("the character map is broken: {e}")))?;
            let steps = vec![charsmap.into(), Strip::new(false, true).into()];
            inner.with_normalizer(Some(Normalizers::new(steps))).map_err(failed)?;
        }
        inner.with_pre_tokenizer(Some(PreTokenizers::new(vec![
            WhitespaceSplit.into(),
            metaspace.clone().into(),
        ])));
        inner.with_decoder(Some(metaspace));
        let token = |special| move |text| AddedToken::from(text, special).normalized(false);
        inner.add_special_tokens(special.into_iter().map(token(true))).map_err(failed)?;
        inner.add_tokens(whole.into_iter().map(token(false))).map_err(failed)?;
        Self::new(inner)
    }

    fn new(mut inner: Inner) -> Result<Self> {
        let id = |token| {
            let id = inner.token_to_id(token).map(i64::from);
            id.ok_or_else(|| {
                Error::new(format!("the vocabulary has no '{token}', so it is not T5's"))
            })
        };
        let (pad_id, eos_id) = (id(PAD)?, id(EOS)?);
        if inner.get_post_processor().is_none() {
            let closing = TemplateProcessing::builder()
                .try_single(format!("$A {EOS}"))
                .map_err(Error::new)?
                .special_tokens(vec![(EOS, eos_id as u32)])
                .build()
                .map_err(|e| Error::new(e.to_string()))?;
            inner.with_post_processor(Some(closing));
        }
        Ok(Tokenizer { inner, pad_id, eos_id })
    }

    /// The ids of a text, the closing `</s>` included.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        let encoding = guarded(|| self.inner.encode_fast(text, true).map_err(failed))?;
        Ok(wide(&encoding))
    }

    /// The ids of several texts, each with its closing `</s>`, not padded. Uses all cores, unless
    /// `TOKENIZERS_PARALLELISM` says false.
    pub fn encode_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<i64>>> {
        let mut ids = Vec::with_capacity(texts.len());
        // What the library makes of a text is far larger than its ids.
        for texts in texts.chunks(AT_ONCE) {
            let texts = texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
            let encode = || self.inner.encode_batch_fast(texts, true).map_err(failed);
            let encodings = guarded(encode)?;
            ids.extend(encodings.iter().map(wide));
        }
        Ok(ids)
    }

    /// The text of ids, without special tokens. Ids beyond the vocabulary (T5's embedding has 28
    /// unused rows) say nothing; a negative id is an error.
    pub fn decode(&self, ids: &[i64]) -> Result<String> {
        let ids = ids
            .iter()
            .map(|&id| u32::try_from(id).map_err(|_| Error::new(format!("{id} is no token id"))));
        let ids = ids.collect::<Result<Vec<u32>>>()?;
        guarded(|| self.inner.decode(&ids, true).map_err(failed))
    }

    /// Whether decoding passes over this id: padding, `</s>`, sentinels.
    pub fn is_silent(&self, id: i64) -> bool {
        self.decode(&[id]).is_ok_and(|text| text.is_empty())
    }

    /// The id of a token as it is written in the vocabulary (`▁dog`, `<extra_id_0>`).
    pub fn id_of(&self, token: &str) -> Option<i64> {
        self.inner.token_to_id(token).map(i64::from)
    }

    /// A token as it is written in the vocabulary.
    pub fn piece(&self, id: i64) -> Option<String> {
        self.inner.id_to_token(u32::try_from(id).ok()?)
    }

    /// Tokens in all, sentinels included: 32,100 for T5.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    pub fn pad_id(&self) -> i64 {
        self.pad_id
    }

    pub fn eos_id(&self) -> i64 {
        self.eos_id
    }
}

fn wide(encoding: &Encoding) -> Vec<i64> {
    encoding.get_ids().iter().map(|&id| i64::from(id)).collect()
}

fn failed(error: tokenizers::Error) -> Error {
    Error::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::path::PathBuf;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizer")
    }

    /// A folder with nothing but one file in it.
    fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder
    }

    fn from_spiece_alone(model: &Path) -> Tokenizer {
        let folder = folder_with("spiece.model", &std::fs::read(model).unwrap());
        Tokenizer::load(folder.path()).unwrap()
    }

    fn golden(file: &Path) -> Vec<(String, Vec<i64>, Option<String>)> {
        let row = |line: &str| {
            let row: Value = serde_json::from_str(line).unwrap();
            let ids = row["ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap());
            let decoded = row["decoded"].as_str().map(String::from);
            (row["text"].as_str().unwrap().to_string(), ids.collect(), decoded)
        };
        std::fs::read_to_string(file).unwrap().lines().map(row).collect()
    }

    fn compare(tokenizer: &Tokenizer, file: &Path) -> usize {
        let rows = golden(file);
        for (text, ids, decoded) in &rows {
            assert_eq!(&tokenizer.encode(text).unwrap(), ids, "{text:?}");
            if let Some(decoded) = decoded {
                assert_eq!(&tokenizer.decode(ids).unwrap(), decoded, "{text:?}");
            }
        }
        rows.len()
    }

    /// Ids and text by the sentencepiece library: tests/golden/tokenizer.py.
    #[test]
    fn both_files_say_what_sentencepiece_says() {
        let golden = fixture().join("golden.jsonl");
        for tokenizer in [
            Tokenizer::load(&fixture()).unwrap(),
            from_spiece_alone(&fixture().join("spiece.model")),
        ] {
            assert_eq!(compare(&tokenizer, &golden), 25);
            let last = tokenizer.vocab_size() as i64 - 1;
            assert_eq!(tokenizer.id_of("<extra_id_0>"), Some(last));
            assert_eq!(tokenizer.id_of("<extra_id_99>"), Some(last - 99));
            let ids = tokenizer.encode("the<extra_id_0> dog").unwrap();
            assert_eq!(ids[2], last, "{ids:?}");
            assert_eq!(tokenizer.decode(&ids).unwrap(), "the dog");
            assert_eq!(tokenizer.decode(&[0, 7, 1, last, last + 28, 0]).unwrap(), "the");
            assert_eq!((tokenizer.pad_id(), tokenizer.eos_id()), (0, 1));
        }
    }

    #[test]
    fn all_of_t5s_golden_ids_match() {
        let shared = std::env::var_os("COMPT_SHARED")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
        let t5 = shared.join("data/t5_tokenizer");
        if !t5.is_dir() {
            eprintln!("skipped: no T5 tokenizer in {} (set COMPT_SHARED)", t5.display());
            return;
        }
        let packed = std::fs::File::open(t5.join("tokenizer.json.gz")).unwrap();
        let mut json = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut json).unwrap();
        let folder = folder_with("tokenizer.json", &json);
        for tokenizer in
            [Tokenizer::load(folder.path()).unwrap(), from_spiece_alone(&t5.join("spiece.model"))]
        {
            assert_eq!(compare(&tokenizer, &t5.join("golden_ids.jsonl")), 309);
            assert_eq!(compare(&tokenizer, &t5.join("golden_sentinel_ids.jsonl")), 3);
            assert_eq!(tokenizer.vocab_size(), 32_100);
            assert_eq!(tokenizer.id_of("<extra_id_0>"), Some(32_099));
        }
    }

    #[test]
    fn a_file_without_its_own_template_closes_too() {
        let json = std::fs::read(fixture().join("tokenizer.json")).unwrap();
        let mut json: Value = serde_json::from_slice(&json).unwrap();
        json["post_processor"] = Value::Null;
        json["truncation"] = serde_json::json!({
            "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0
        });
        let tokenizer = Tokenizer::from_bytes(json.to_string().as_bytes()).unwrap();
        assert_eq!(compare(&tokenizer, &fixture().join("golden.jsonl")), 25);
    }

    #[test]
    fn errors_name_the_file() {
        let error = |folder: &Path| Tokenizer::load(folder).err().unwrap().to_string();
        assert!(error(Path::new("/nowhere")).contains("/nowhere: no tokenizer in this folder"));
        let text = error(folder_with("tokenizer.json", b"{}").path());
        assert!(text.contains("tokenizer.json: not a tokenizer.json"), "{text}");
        let text = error(folder_with("spiece.model", &[0x0a, 9, 1]).path());
        assert!(text.contains("spiece.model: not a SentencePiece model"), "{text}");
        let tokenizer = Tokenizer::load(&fixture()).unwrap();
        assert!(tokenizer.decode(&[-100]).unwrap_err().to_string().contains("-100 is no token id"));
    }
}
