//! User-facing errors for the Hub's error responses.

use super::client::{Client, Response};
use super::failure::AttemptError;
use super::listing::plain;
use super::repo_id::RepoId;
use crate::Error;
use std::time::Duration;

/// The error for a status that is not a success.
pub fn refused(response: &Response, id: &RepoId, client: &Client) -> AttemptError {
    let endpoint = &client.settings.endpoint;
    let status = response.status;
    if matches!(status, 408 | 425 | 429 | 500..) {
        let wait = response.header("retry-after").and_then(|text| text.trim().parse().ok());
        let what = match status {
            429 => "too many requests (429)".to_string(),
            _ => format!("server error ({status})"),
        };
        return AttemptError::Temporary { what, retry_after: wait.map(Duration::from_secs) };
    }
    let page = id.page(endpoint);
    let code = response.header("x-error-code").unwrap_or_default();
    let RepoId { kind, name, .. } = id;
    let error = match (status, code) {
        (_, "GatedRepo") | (403, _) => Error::new(format!(
            "{kind} {name}: access is refused ({status})"
        ))
        .hint(format!("accept its terms at {page}, and set HF_TOKEN to a token that may read it")),
        (404, "RevisionNotFound") => {
            Error::new(format!("{kind} {name} has no revision '{}'", id.revision()))
                .hint(format!("its branches and tags are listed at {page}/tree/main"))
        }
        (404, "EntryNotFound") => {
            Error::new(format!("{kind} {name} lists a file it does not have"))
                .hint("the server is broken, or the revision was just removed: try again")
        }
        (401, _) if client.settings.token.is_some() => Error::new(format!(
            "{kind} {name}: the token is not accepted (401)"
        ))
        .hint(format!("is the name correct ({page}), and is the token of HF_TOKEN still valid?")),
        (401, _) => {
            Error::new(format!("there is no {kind} {name} at {endpoint}, or it is private"))
                .hint("is the name correct? For a private or gated repository set HF_TOKEN")
        }
        (404, _) => Error::new(format!("there is no {kind} {id} at {endpoint}"))
            .hint("is the name correct (org/name)? A dataset is datasets/org/name"),
        _ => Error::new(format!("{kind} {name}: {endpoint} answers {status}")),
    };
    AttemptError::Permanent(match response.header("x-error-message").filter(|_| status != 404) {
        Some(text) => error.line(text.chars().take(200).map(plain).collect::<String>()),
        None => error,
    })
}
