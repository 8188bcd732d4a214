//! T5's tokenizers: texts to ids that end with `</s>`, and back.

mod bytes;
mod declared;
mod spiece;
mod unigram;

use crate::files::{bounded, intact};
use crate::guard::guarded;
use crate::{Error, Result};
use compt_error::Context;
use declared::{Declared, EOS, PAD, failed};
use std::path::Path;
use tokenizers::processors::sequence::Sequence as PostProcessors;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{Encoding, Tokenizer as Inner};

/// The number of texts tokenized in one batch.
const AT_ONCE: usize = 4096;

/// A T5 tokenizer: of SentencePiece pieces, or of bytes.
pub struct Tokenizer {
    inner: Inner,
    of_bytes: bool,
    pad_id: i64,
    eos_id: i64,
}

impl Tokenizer {
    /// The tokenizer of a folder; an error if it has none.
    pub fn load(folder: &Path) -> Result<Self> {
        Self::find(folder)?.ok_or_else(|| {
            Error::new("no tokenizer in this folder")
                .at(folder.display())
                .hint("it needs a tokenizer.json or a spiece.model")
        })
    }

    /// The tokenizer of a folder: `tokenizer.json`, or `spiece.model` if that is missing, or bytes for a
    /// ByT5 folder, with the tokens that `tokenizer_config.json` and
    /// `added_tokens.json` add. `None` if there are none of these files. Errors: an invalid file, which
    /// is named.
    pub fn find(folder: &Path) -> Result<Option<Self>> {
        intact::exists(folder)?;
        let mut declared = Declared::read(folder)?;
        let (json, spiece) = (folder.join("tokenizer.json"), folder.join("spiece.model"));
        let read = |path: &Path| -> Result<Vec<u8>> {
            let bytes = bounded::read(path, bounded::VOCABULARY)?;
            intact::check(&bytes).at(path.display())?;
            Ok(bytes)
        };
        if intact::is_there(&json)? {
            let inner = parse(&read(&json)?).at(json.display())?;
            return Self::new(inner, &declared).map(Some).at(json.display());
        }
        declared.lists_are_added = true;
        if intact::is_there(&spiece)? {
            let inner = unigram::build(&read(&spiece)?, &declared).at(spiece.display())?;
            return Self::new(inner, &declared).map(Some).at(spiece.display());
        }
        if declared.class(folder)?.as_deref() == Some(bytes::CLASS) {
            let built = Self::new(bytes::build(&declared)?, &declared).at(folder.display())?;
            return Ok(Some(Tokenizer { of_bytes: true, ..built }));
        }
        match ["vocab.json", "merges.txt"].map(|name| intact::is_there(&folder.join(name))) {
            [Ok(true), Ok(true)] => Err(Error::new("a tokenizer of vocab.json and merges.txt")
                .at(folder.display())
                .hint(conversion(folder))),
            _ => Ok(None),
        }
    }

    /// A tokenizer from the bytes of a `tokenizer.json`. Its truncation and padding are
    /// disabled; a final `</s>` is added if it does not add one.
    pub fn from_bytes(json: &[u8]) -> Result<Self> {
        Self::new(parse(json)?, &Declared::default())
    }

    fn new(mut inner: Inner, declared: &Declared) -> Result<Self> {
        guarded(|| declared.give(&mut inner))?;
        let id = |token: &str| {
            let id = inner.token_to_id(token).map(i64::from);
            id.ok_or_else(|| {
                Error::new(format!("the vocabulary has no '{token}', so it is not T5's"))
            })
        };
        let eos = declared.eos.as_deref().unwrap_or(EOS);
        let (pad_id, eos_id) = (id(declared.pad.as_deref().unwrap_or(PAD))?, id(eos)?);
        declared.set_prefix_space(&mut inner);
        match guarded(|| inner.encode("a", true).map_err(failed))?.get_ids().last() {
            Some(&last) if i64::from(last) == eos_id => {}
            Some(&last) if inner.get_added_vocabulary().is_special_token(&name(&inner, last)) => {
                return Err(Error::new(format!(
                    "texts end with '{}' according to this file and with '{eos}' according to \
                     tokenizer_config.json",
                    name(&inner, last)
                )));
            }
            _ => close(&mut inner, eos, eos_id as u32)?,
        }
        Ok(Tokenizer { inner, of_bytes: false, pad_id, eos_id })
    }

    /// The ids of a text, including the final `</s>`. Errors: the tokenizer fails.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        let encoding = guarded(|| self.inner.encode_fast(text, true).map_err(failed))?;
        Ok(self.ids(&encoding))
    }

    /// The ids of several texts, each with a final `</s>`, without padding. Uses all cores, unless
    /// `TOKENIZERS_PARALLELISM` is false. Errors: the tokenizer fails.
    pub fn encode_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<i64>>> {
        let mut ids = Vec::with_capacity(texts.len());
        // The library's encodings are much larger than their ids.
        for texts in texts.chunks(AT_ONCE) {
            let texts = texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
            let encode = || self.inner.encode_batch_fast(texts, true).map_err(failed);
            let encodings = guarded(encode)?;
            ids.extend(encodings.iter().map(|encoding| self.ids(encoding)));
        }
        Ok(ids)
    }

    fn ids(&self, encoding: &Encoding) -> Vec<i64> {
        let mut ids: Vec<i64> = encoding.get_ids().iter().map(|&id| i64::from(id)).collect();
        // ByT5 does not add a second end of sequence.
        if self.of_bytes && ids.ends_with(&[self.eos_id, self.eos_id]) {
            ids.pop();
        }
        ids
    }

    /// Decodes ids, without special tokens. Ids beyond the vocabulary (T5's embedding has 28
    /// unused rows) are skipped; a negative id is an error.
    pub fn decode(&self, ids: &[i64]) -> Result<String> {
        if self.of_bytes && ids.iter().all(|&id| id >= 0) {
            return Ok(bytes::decode(&self.inner, ids));
        }
        let ids = ids.iter().map(|&id| {
            u32::try_from(id).map_err(|_| Error::new(format!("{id} is not a token id")))
        });
        let ids = ids.collect::<Result<Vec<u32>>>()?;
        guarded(|| self.inner.decode(&ids, true).map_err(failed))
    }

    /// Whether decoding skips this id: padding, `</s>`, sentinels.
    pub fn is_silent(&self, id: i64) -> bool {
        self.decode(&[id]).is_ok_and(|text| text.is_empty())
    }

    /// The id of a token of the vocabulary (`▁dog`, `<extra_id_0>`).
    pub fn id_of(&self, token: &str) -> Option<i64> {
        self.inner.token_to_id(token).map(i64::from)
    }

    /// The token of the vocabulary for an id.
    pub fn piece(&self, id: i64) -> Option<String> {
        self.inner.id_to_token(u32::try_from(id).ok()?)
    }

    /// The number of tokens, including sentinels: 32,100 for T5.
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

fn name(inner: &Inner, id: u32) -> String {
    inner.id_to_token(id).unwrap_or_default()
}

/// Appends an end-of-sequence token, after the existing post-processing.
fn close(inner: &mut Inner, eos: &str, id: u32) -> Result<()> {
    let closing = TemplateProcessing::builder()
        .try_single(format!("$A {eos}"))
        .map_err(Error::new)?
        .special_tokens(vec![(eos, id)])
        .build()
        .map_err(|e| Error::new(e.to_string()))?;
    let before = inner.get_post_processor().cloned();
    let steps = before.into_iter().chain([closing.into()]).collect();
    inner.with_post_processor(Some(PostProcessors::new(steps)));
    Ok(())
}

/// Parses a `tokenizer.json`, without its truncation and padding.
fn parse(json: &[u8]) -> Result<Inner> {
    // The library panics for some damaged files.
    let parsed = guarded(|| Inner::from_bytes(json).map_err(failed));
    let mut inner = parsed.map_err(|e| Error::new(format!("not a tokenizer.json: {e}")))?;
    inner.with_truncation(None).map_err(failed)?;
    inner.with_padding(None);
    Ok(inner)
}

/// How to create a `tokenizer.json` from a folder's other files.
fn conversion(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "transformers converts them to tokenizer.json: python -c \"from transformers import \
         AutoTokenizer as T; T.from_pretrained('{folder}').save_pretrained('{folder}')\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::path::PathBuf;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tokenizer")
    }

    /// A folder with a single file.
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

    /// Ids and text of the sentencepiece library: tests/golden/tokenizer.py.
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
        let shared = std::env::var_os("COMPT_SHARED").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
            PathBuf::from,
        );
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

    /// tests/golden/tokenizer_family.py: bytes, byte-level BPE, byte pieces, added tokens.
    #[test]
    fn the_kin_of_t5_says_what_its_own_tokenizers_say() {
        let family = fixture().with_file_name("tokenizer_family");
        for (case, pad, eos, tokens) in
            [("byt5", 0, 1, 384), ("codet5", 0, 2, 292), ("bytes", 0, 1, 290), ("added", 0, 1, 189)]
        {
            let folder = family.join(case);
            let tokenizer = Tokenizer::load(&folder).unwrap();
            assert!(compare(&tokenizer, &folder.join("golden.jsonl")) >= 5, "{case}");
            let found = (tokenizer.pad_id(), tokenizer.eos_id(), tokenizer.vocab_size());
            assert_eq!(found, (pad, eos, tokens), "{case}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_left_out() {
        let folder = fixture().with_file_name("tokenizer_family").join("byt5");
        let tokenizer = Tokenizer::load(&folder).unwrap();
        let [start, e, acute] = [0xe6, 0xc3, 0xa9].map(|byte: i64| byte + 3);
        assert_eq!(tokenizer.decode(&[start, 104, e, acute, 300, e, 1]).unwrap(), "eé");
        assert!(tokenizer.decode(&[-1]).is_err());
        assert!(tokenizer.is_silent(0) && tokenizer.is_silent(383) && !tokenizer.is_silent(100));
    }

    #[test]
    fn tokens_beside_a_file_must_fit_its_vocabulary() {
        let spiece = std::fs::read(fixture().join("spiece.model")).unwrap();
        let folder = folder_with("spiece.model", &spiece);
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let load = || Tokenizer::load(folder.path());
        let pieces = load().unwrap().vocab_size() - 100;
        write("tokenizer_config.json", r#"{"extra_ids": 0}"#);
        assert_eq!(load().unwrap().vocab_size(), pieces);
        let decoder = format!(
            r#"{{"extra_ids": 0, "added_tokens_decoder": {{
                "{pieces}": {{"content": "<a>", "special": true}},
                "0": {{"content": "<pad>", "special": true}}}}}}"#
        );
        write("tokenizer_config.json", &decoder);
        let tokenizer = load().unwrap();
        assert_eq!(tokenizer.id_of("<a>"), Some(pieces as i64));
        assert!(tokenizer.is_silent(pieces as i64));
        write("added_tokens.json", &format!(r#"{{"<b>": {}}}"#, pieces + 2));
        let text = load().err().unwrap().to_string();
        assert!(text.contains(&format!("'<b>' must have the id {}", pieces + 2)), "{text}");
        write("added_tokens.json", r#"{"<pad>": 1}"#);
        let text = load().err().unwrap().to_string();
        assert!(text.contains("'<pad>' has the id 0"), "{text}");
        write("added_tokens.json", "[]");
        assert!(load().err().unwrap().to_string().contains("added_tokens.json: not a JSON object"));
    }

    /// The results of `AutoTokenizer` of transformers 5.24.
    #[test]
    fn special_tokens_close_and_are_silent_as_declared() {
        let spiece = std::fs::read(fixture().join("spiece.model")).unwrap();
        let folder = folder_with("spiece.model", &spiece);
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let remove = |name: &str| std::fs::remove_file(folder.path().join(name)).unwrap();
        let load = || Tokenizer::load(folder.path());
        let error = || load().err().unwrap().to_string();
        // With a role or listed: the next ids, and skipped in decoding.
        write(
            "tokenizer_config.json",
            r#"{"sep_token": "<sep>", "additional_special_tokens": ["<x>"]}"#,
        );
        let tokenizer = load().unwrap();
        assert_eq!(tokenizer.encode("<x><sep>").unwrap(), [188, 187, 1]);
        assert!(tokenizer.is_silent(187) && tokenizer.is_silent(188));
        write("added_tokens.json", r#"{"<sep>": 187}"#);
        assert!(load().unwrap().is_silent(187));
        remove("tokenizer_config.json");
        assert!(!load().unwrap().is_silent(187), "a plain one");
        remove("added_tokens.json");
        // A tokenizer.json that adds no end of sequence, or another token.
        let json = std::fs::read(fixture().join("tokenizer.json")).unwrap();
        let mut json: Value = serde_json::from_slice(&json).unwrap();
        let closing = json["post_processor"].take();
        json["post_processor"] = serde_json::json!({
            "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true
        });
        write("tokenizer.json", &json.to_string());
        assert_eq!(compare(&load().unwrap(), &fixture().join("golden.jsonl")), 25);
        json["post_processor"] = closing;
        write("tokenizer.json", &json.to_string());
        write("tokenizer_config.json", r#"{"eos_token": "<extra_id_0>"}"#);
        assert!(error().contains("texts end with '</s>' according to this file"), "{}", error());
        write("tokenizer_config.json", r#"{"additional_special_tokens": ["<x>"]}"#);
        assert!(error().contains("'<x>' is listed, but is not in the vocabulary"), "{}", error());
        write("tokenizer_config.json", "\u{feff}{}");
        load().unwrap();
    }

    #[test]
    fn files_that_are_not_themselves_are_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
        for name in ["tokenizer.json", "spiece.model"] {
            let folder = folder_with(name, pointer);
            let text = Tokenizer::load(folder.path()).err().unwrap().to_string();
            assert!(text.contains(&format!("{name}: a pointer of git-lfs")), "{text}");
        }
        let folder = folder_with("x", b"");
        std::os::unix::fs::symlink("gone", folder.path().join("tokenizer.json")).unwrap();
        let text = Tokenizer::load(folder.path()).err().unwrap().to_string();
        assert!(text.contains("tokenizer.json: a link to 'gone'"), "{text}");
        // A folder with a broken model may still have a tokenizer.
        let json = std::fs::read(fixture().join("tokenizer.json")).unwrap();
        let folder = folder_with("tokenizer.json", &json);
        std::fs::write(folder.path().join("config.json"), "{").unwrap();
        Tokenizer::load(folder.path()).unwrap();
        // A ByT5 whose class is specified only in config.json.
        let folder = folder_with("config.json", br#"{"tokenizer_class": "ByT5Tokenizer"}"#);
        assert_eq!(Tokenizer::load(folder.path()).unwrap().encode("a").unwrap(), [100, 1]);
        let folder = folder_with("vocab.json", b"{}");
        std::fs::write(folder.path().join("merges.txt"), "").unwrap();
        let text = Tokenizer::load(folder.path()).err().unwrap().to_string();
        assert!(text.contains("vocab.json and merges.txt") && text.contains("save_pretrained"));
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
        assert!(
            tokenizer.decode(&[-100]).unwrap_err().to_string().contains("-100 is not a token id")
        );
    }
}
