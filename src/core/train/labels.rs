//! The label words of tasks as the backbone's tokenizer has them.

use super::rows::answers;
use crate::data::{TaskSet, Tokenizer};
use crate::{Result, notice};

/// Reports label words of which the tokenizer knows a part only.
///
/// # Errors
/// The tokenizer cannot tell two label words of a task apart.
pub fn check_labels(tokenizer: &Tokenizer, tasks: &TaskSet) -> Result<()> {
    for task in &tasks.tasks {
        let Some(known) = answers(tokenizer, task)? else { continue };
        for &place in &known.partly_unknown {
            let (task, word) = (&task.name, &task.labels.words()[place]);
            let read = tokenizer.decode(&known.ids[place])?;
            notice::say(&format!(
                "note: task '{task}': the tokenizer does not know all of the label word '{word}': it is \
                 answered and compared as '{}'",
                read.trim()
            ));
        }
    }
    Ok(())
}
