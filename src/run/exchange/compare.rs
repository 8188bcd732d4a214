//! The similarity of prompts.

use super::Prompt;
use crate::{Error, Result};
use tch::{Kind, Tensor};

/// The mean of a prompt's rows, `[d]`.
pub(crate) fn mean_row(prompt: &Prompt) -> Result<Tensor> {
    Ok(prompt.value.f_mean_dim([0i64].as_slice(), false, Kind::Float)?)
}

/// The minimum, mean and maximum L2 norm of a prompt's rows. Errors: those of libtorch.
pub fn row_norms(prompt: &Prompt) -> Result<[f64; 3]> {
    let norms = prompt.value.f_norm_scalaropt_dim(2.0, -1, false)?;
    let number = |t: Tensor| t.f_double_value(&[]);
    Ok([number(norms.f_min()?)?, number(norms.f_mean(Kind::Float)?)?, number(norms.f_max()?)?])
}

/// The pairwise cosine similarities of the mean rows. Errors: prompts of different widths.
pub fn cosines(prompts: &[Prompt]) -> Result<Vec<Vec<f64>>> {
    let width = prompts.first().map(Prompt::d_model);
    if let Some(other) = prompts.iter().find(|prompt| Some(prompt.d_model()) != width) {
        return Err(Error::new(format!(
            "'{}' is {} wide, '{}' {}: only prompts of the same width can be compared",
            prompts[0].name,
            prompts[0].d_model(),
            other.name,
            other.d_model()
        )));
    }
    let rows = prompts.iter().map(mean_row).collect::<Result<Vec<_>>>()?;
    let unit = unit(&Tensor::f_stack(&rows, 0)?)?.f_to_kind(Kind::Double)?;
    Ok(Vec::<Vec<f64>>::try_from(&unit.f_matmul(&unit.f_transpose(0, 1)?)?)?)
}

/// The rows of a vocabulary `[V, d]` most similar to a prompt's mean row, with their cosines.
/// Errors: a vocabulary of another width.
pub fn nearest(prompt: &Prompt, vocabulary: &Tensor, count: i64) -> Result<Vec<(i64, f64)>> {
    let vocabulary = vocabulary.f_detach()?.f_to_kind(Kind::Float)?;
    if vocabulary.size()[1] != prompt.d_model() {
        return Err(Error::new(format!(
            "'{}' is {} wide, the backbone {}",
            prompt.name,
            prompt.d_model(),
            vocabulary.size()[1]
        )));
    }
    let row = unit(&mean_row(prompt)?.f_unsqueeze(0)?)?.f_to_device(vocabulary.device())?;
    let cosines = unit(&vocabulary)?.f_matmul(&row.f_transpose(0, 1)?)?.f_view(-1)?;
    let count = count.min(vocabulary.size()[0]);
    let (values, ids) = cosines.f_topk(count, 0, true, true)?;
    let (values, ids) = (Vec::<f64>::try_from(&values.f_to_kind(Kind::Double)?)?, ids);
    Ok(Vec::<i64>::try_from(&ids)?.into_iter().zip(values).collect())
}

/// Normalises each row `[.., d]` to length 1; zero rows are unchanged.
fn unit(rows: &Tensor) -> Result<Tensor> {
    let norms = rows.f_norm_scalaropt_dim(2.0, -1, true)?.f_clamp_min(1e-12)?;
    Ok(rows.f_div(&norms)?)
}
