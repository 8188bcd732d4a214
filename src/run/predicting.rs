//! Answers of a run to new rows: predictions, and generated texts.

use super::Run;
use crate::{Error, Result};
use compt_base::data::{Split, TextDecoding};
use compt_core::compose::Isolation;
use compt_core::router::{Normalisation, Rule};
use compt_core::train::composition::Selection;
use compt_core::train::evaluate::Evaluation;
use compt_core::train::{Answer, GeneratedText, NewRows, Trainer};
use compt_study::interrupt::{self, Hold};
use compt_study::progress::Counter;

/// The part of the composition that answers, as in an evaluation.
#[derive(Debug, Clone)]
pub struct Part {
    /// The only prompt to use: "src0", "all_src", "private" or "total".
    pub only: Option<String>,
    /// The prompt to leave out.
    pub without: Option<String>,
    /// "renormalised" or "as_learned".
    pub weights: String,
    pub normalise: Option<String>,
}

impl Default for Part {
    fn default() -> Self {
        Part { only: None, without: None, weights: "renormalised".into(), normalise: None }
    }
}

impl Part {
    /// The trainer's argument for it. Errors: an unknown value, or both 'only' and 'without'.
    pub(crate) fn resolve(&self, trainer: &Trainer) -> Result<Selection> {
        let sources = trainer.learner().map_or(0, |learner| learner.sources());
        let isolation = match (&self.only, &self.without) {
            (None, None) => Isolation::Total,
            (Some(only), None) => Isolation::only(only, sources)?,
            (None, Some(without)) => Isolation::without(without, sources)?,
            _ => return Err(Error::new("set 'only' or 'without', not both")),
        };
        let normalise = self.normalise.as_deref().map(Normalisation::parse).transpose()?;
        let rule = Rule::parse(&self.weights)?;
        Ok(Selection { isolation, rule, normalise, ..Selection::default() })
    }
}

impl Run {
    /// The predictions of new rows with the prompts after the last step. Returns `None` if a signal interrupted it.
    ///
    /// # Errors
    /// The part does not apply to the method, or the caller has not yet seen all steps of the restored state.
    pub fn predict(&self, rows: &NewRows, part: &Part) -> Result<Option<Vec<Answer>>> {
        let selection = part.resolve(&self.trainer)?;
        self.refuse_behind("predicts")?;
        self.unless_interrupted("predict", |progress| {
            self.trainer.predict(rows, selection, &self.answering(), progress)
        })
    }

    /// The texts that are generated for new rows; `decoding` precedes that of the task. Returns `None` if a signal
    /// interrupted it.
    ///
    /// # Errors
    /// As in `predict`.
    pub fn generate(
        &self,
        rows: &NewRows,
        part: &Part,
        decoding: TextDecoding,
    ) -> Result<Option<Vec<GeneratedText>>> {
        let selection = part.resolve(&self.trainer)?;
        self.refuse_behind("generates")?;
        self.unless_interrupted("generate", |progress| {
            self.trainer.generate(rows, selection, (&self.answering(), decoding), progress)
        })
    }

    fn answering(&self) -> Evaluation {
        let settings = &self.trainer.parts().settings;
        Evaluation::of(Split::Test, settings.max_source, settings.placement)
    }

    fn unless_interrupted<T>(
        &self,
        title: &str,
        work: impl FnOnce(&mut dyn FnMut(usize, usize) -> Result<()>) -> Result<T>,
    ) -> Result<Option<T>> {
        let _hold = Hold::new();
        let (mut counter, mut interrupted) = (None, false);
        let found = work(&mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new(title, total as u64));
            if self.progress {
                counter.at(done as u64);
            }
            interrupted = interrupt::requested();
            if interrupted { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        if interrupted { Ok(None) } else { found.map(Some) }
    }
}
