//! Where tasks meet the backbone they are trained with: their label words as its tokenizer has them.

use crate::Result;
use compt_core::data::{TaskSet, Tokenizer};
use compt_core::notice;
use compt_core::train::rows::answers;

/// Refuses label words that the tokenizer cannot tell apart; tells of those it knows in part only.
pub fn meet(tokenizer: &Tokenizer, tasks: &TaskSet) -> Result<()> {
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
