//! Named tensors: a module's parameters, or the contents of a checkpoint.

use crate::{Error, Result};
use compt_error::nearest;
use tch::Tensor;

/// Names and handles that share storage and gradient with the module's parameters.
pub type Named = Vec<(String, Tensor)>;

/// Prefixes every name with `prefix.`.
pub fn under(prefix: &str, named: Named) -> Named {
    named.into_iter().map(|(name, tensor)| (format!("{prefix}.{name}"), tensor)).collect()
}

/// The tensor with this name. Errors: there is none.
pub fn find<'a>(values: &'a [(String, Tensor)], name: &str) -> Result<&'a Tensor> {
    values.iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor).ok_or_else(|| {
        let known: Vec<&str> = values.iter().map(|(known, _)| known.as_str()).collect();
        let error = Error::new(format!("there is no tensor '{name}'"));
        match nearest(name, &known) {
            Some(near) => error.hint(format!("the nearest is '{near}'")),
            None => error,
        }
    })
}

/// Copies values into parameters by name; further values are ignored.
/// Nothing is copied unless every parameter has a value of its shape.
/// Errors: a parameter without a value, or a value of another shape.
pub fn assign(parameters: &[(String, Tensor)], values: &[(String, Tensor)]) -> Result<()> {
    let mut pairs = Vec::with_capacity(parameters.len());
    for (name, parameter) in parameters {
        let value = find(values, name)?;
        if value.size() != parameter.size() {
            return Err(Error::new(format!(
                "'{name}' has shape {:?} where {:?} is expected",
                value.size(),
                parameter.size()
            )));
        }
        pairs.push((parameter.shallow_clone(), value));
    }
    tch::no_grad(|| {
        for (mut parameter, value) in pairs {
            parameter.f_copy_(value)?;
        }
        Ok(())
    })
}
