//! Settings from the environment: cache folder, endpoint, token, offline mode.

use crate::{Error, Result};
use hf_hub::Cache;
use std::path::{PathBuf, absolute};
use std::time::Duration;

const ENDPOINT: &str = "https://huggingface.co";

#[derive(Clone)]
pub struct HubSettings {
    /// The folder with `models--org--name` and the like.
    pub cache: PathBuf,
    /// Without a trailing slash.
    pub endpoint: String,
    pub token: Option<String>,
    pub offline: bool,
    /// A file of trusted certificates, instead of the built-in ones.
    pub certificates: Option<PathBuf>,
    pub waits: Waits,
}

/// The retry policy of failed requests.
#[derive(Debug, Clone)]
pub struct Waits {
    /// The maximum number of consecutive attempts without progress.
    pub tries: u32,
    /// The wait before the second attempt; each later wait is twice as long.
    pub first: Duration,
    pub longest: Duration,
    /// The maximum wait that a server may request.
    pub asked: Duration,
    /// The timeout of a connection without data.
    pub silence: Duration,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            tries: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
            asked: Duration::from_secs(120),
            silence: Duration::from_secs(60),
        }
    }
}

impl HubSettings {
    /// Errors: an invalid address or token, or no folder for the cache is known.
    pub fn from_env() -> Result<HubSettings> {
        HubSettings::read(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn read(value: impl Fn(&str) -> Option<String>) -> Result<HubSettings> {
        let folder = |name: &str| value(name).map(PathBuf::from);
        let home = folder("HF_HOME")
            .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("huggingface")))
            .or_else(|| std::env::home_dir().map(|home| home.join(".cache/huggingface")))
            .ok_or_else(|| {
                Error::new("no folder for downloads is known").hint("set HF_HOME to one")
            })?;
        let usual = Cache::new(absolute(home)?.join("hub"));
        let cache = match folder("HF_HUB_CACHE") {
            Some(cache) => absolute(cache)?,
            None => usual.path().clone(),
        };
        let endpoint = value("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_string());
        let token = value("HF_TOKEN").map(|token| token.trim().to_string());
        let offline = value("HF_HUB_OFFLINE").unwrap_or_default().to_lowercase();
        Ok(HubSettings {
            cache,
            endpoint: check_endpoint(&endpoint)?,
            token: check_token(token.or_else(|| usual.token()))?,
            offline: ["1", "true", "yes", "on"].contains(&offline.trim()),
            certificates: folder("SSL_CERT_FILE").or_else(|| folder("REQUESTS_CA_BUNDLE")),
            waits: Waits::default(),
        })
    }
}

fn check_endpoint(text: &str) -> Result<String> {
    let endpoint = text.trim().trim_end_matches('/');
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    let host = rest.unwrap_or_default().split('/').next().unwrap_or_default();
    let hint = format!("an address such as {ENDPOINT} or http://mirror:8080");
    if host.contains('@') {
        return Err(Error::new("HF_ENDPOINT: an address with a password in it is not supported")
            .hint("set HF_TOKEN instead"));
    }
    let usual = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '\\' | '"' | '<' | '>');
    if host.is_empty() || !endpoint.chars().all(usual) {
        let what = format!("HF_ENDPOINT: '{}' is no address of a server", endpoint.escape_debug());
        return Err(Error::new(what).hint(hint));
    }
    Ok(endpoint.to_string())
}

/// Checks a token, because it is sent in a header.
fn check_token(token: Option<String>) -> Result<Option<String>> {
    match token {
        Some(token) if !token.chars().all(|c| c.is_ascii_graphic()) => {
            Err(Error::new("the access token has characters that no token has")
                .hint("look at HF_TOKEN, or at the file `token` in HF_HOME"))
        }
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(values: &[(&str, &str)]) -> Result<HubSettings> {
        let found =
            |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        HubSettings::read(found)
    }

    #[test]
    fn the_environment_is_read_as_python_reads_it() {
        let s = read(&[("HF_HOME", "/h"), ("HF_TOKEN", " hf_x\n")]).unwrap();
        assert_eq!((s.cache.as_path(), s.offline), (Path::new("/h/hub"), false));
        assert_eq!((s.endpoint.as_str(), s.token.as_deref()), (ENDPOINT, Some("hf_x")));
        let s = read(&[("XDG_CACHE_HOME", "/x"), ("HF_HUB_OFFLINE", "YES")]).unwrap();
        assert_eq!((s.cache.as_path(), s.offline), (Path::new("/x/huggingface/hub"), true));
        let s = read(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c"), ("HF_ENDPOINT", "http://m:1//")]);
        let s = s.unwrap();
        assert_eq!((s.cache.as_path(), s.endpoint.as_str()), (Path::new("/c"), "http://m:1"));
    }

    #[test]
    fn a_token_file_lies_in_hf_home_wherever_the_cache_is() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("token"), "hf_file\n").unwrap();
        let home = home.path().to_str().unwrap();
        let s = read(&[("HF_HOME", home), ("HF_HUB_CACHE", "/elsewhere")]).unwrap();
        assert_eq!(s.token.as_deref(), Some("hf_file"));
    }

    #[test]
    fn wrong_values_are_named_and_secrets_are_not() {
        for endpoint in ["huggingface.co", "ftp://x", "https://", "https://a b", "http:///x"] {
            let e = read(&[("HF_ENDPOINT", endpoint)]).err().expect(endpoint).to_string();
            assert!(e.starts_with("HF_ENDPOINT: "), "{e}");
        }
        for values in [("HF_ENDPOINT", "https://me:secret@x"), ("HF_TOKEN", "secret\r\nHost: x")] {
            let e = read(&[values]).err().unwrap().to_string();
            assert!(!e.contains("secret"), "{e}");
        }
    }
}
