//! Checks of label words with the backbone's tokenizer.

use super::rows::answers;
use crate::data::{TaskSet, Tokenizer};
use crate::{Result, notice};

/// Reports label words with a part that is unknown to the tokenizer.
///
/// # Errors
/// The tokenizer cannot distinguish two label words of a task.
pub fn check_labels(tokenizer: &Tokenizer, tasks: &TaskSet) -> Result<()> {
    for task in &tasks.tasks {
        let Some(known) = answers(tokenizer, task)? else { continue };
        for &place in &known.partly_unknown {
            let (task, word) = (&task.name, &task.labels.words()[place]);
            let read = tokenizer.decode(&known.ids[place])?;
            notice::say(&format!(
                "note: task '{task}': the tokenizer does not have all characters of the label word \
                 '{word}': it is generated and compared as '{}'",
                read.trim()
            ));
        }
    }
    Ok(())
}
