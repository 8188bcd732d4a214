//! The model family of a configuration.

use crate::{Error, Result};

/// The supported families. They share one structure, except for umT5's positions and the scaling of the
/// decoder's states (`transformers`: `modeling_t5.py`, `modeling_mt5.py`, `modeling_umt5.py`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// v1.0, v1.1, LM-adapted, flan, T0, UL2, ByT5, CodeT5, MADLAD-400
    T5,
    Mt5,
    /// Every layer has its own position biases.
    Umt5,
}

impl Family {
    const ALL: [Family; 3] = [Family::T5, Family::Mt5, Family::Umt5];

    /// The value of `model_type`.
    pub fn name(self) -> &'static str {
        match self {
            Family::T5 => "t5",
            Family::Mt5 => "mt5",
            Family::Umt5 => "umt5",
        }
    }

    /// The entry of `architectures` for a model with its head.
    pub fn class(self) -> &'static str {
        match self {
            Family::T5 => "T5ForConditionalGeneration",
            Family::Mt5 => "MT5ForConditionalGeneration",
            Family::Umt5 => "UMT5ForConditionalGeneration",
        }
    }

    /// The family in both keys of a configuration, and notes for the user; `None` if both are
    /// missing. A model of another architecture is an error.
    pub fn of(
        model_type: Option<&str>,
        architectures: &[String],
    ) -> Result<(Option<Family>, Vec<String>)> {
        let named = match model_type {
            Some(name) => match Self::ALL.into_iter().find(|family| family.name() == name) {
                Some(family) => Some(family),
                None => return Err(other(Some(name), architectures)),
            },
            None => None,
        };
        if architectures.is_empty() {
            return Ok((named, Vec::new()));
        }
        let classes = architectures.iter().map(|class| class_of(class));
        let class = classes.flatten().next().ok_or_else(|| other(model_type, architectures))?;
        match named {
            Some(family) if family != class => {
                let note = format!(
                    "note: config.json says model_type '{}' and architectures '{}': read as {}, as \
                     transformers does",
                    family.name(),
                    architectures.join(", "),
                    family.name()
                );
                Ok((Some(family), vec![note]))
            }
            _ => Ok((Some(class), Vec::new())),
        }
    }

    /// Whether each layer has its own position table; otherwise the first layer's is shared.
    pub fn positions_by_layer(self) -> bool {
        self == Family::Umt5
    }
}

/// The family of an encoder-decoder class.
fn class_of(class: &str) -> Option<Family> {
    match class {
        "T5ForConditionalGeneration" | "T5Model" | "T5WithLMHeadModel" => Some(Family::T5),
        "MT5ForConditionalGeneration" | "MT5Model" => Some(Family::Mt5),
        "UMT5ForConditionalGeneration" | "UMT5Model" => Some(Family::Umt5),
        _ => None,
    }
}

fn other(model_type: Option<&str>, architectures: &[String]) -> Error {
    let class = architectures.join(", ");
    let what = match model_type {
        Some(name) if class.is_empty() => format!("a model of type '{name}'"),
        Some(name) => format!("a model of type '{name}' ({class})"),
        None => format!("a {class}"),
    };
    let error = Error::new(format!("this is {what}, which is not supported"));
    match class.contains("T5EncoderModel") {
        true => error.hint(
            "it is only the encoder of a T5; a backbone needs a decoder and a head, too: \
             T5ForConditionalGeneration",
        ),
        false => error.hint(
            "backbones are T5, mT5 and umT5 with a decoder and a head (T5, flan-T5, LM-adapted T5, T0, \
             UL2, ByT5, CodeT5, MADLAD-400; mT5, mT0; umT5): model_type t5, mt5 or umt5",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(model_type: Option<&str>, classes: &[&str]) -> Result<Option<Family>> {
        let classes: Vec<String> = classes.iter().map(|class| class.to_string()).collect();
        Ok(Family::of(model_type, &classes)?.0)
    }

    #[test]
    fn both_keys_are_looked_at() {
        let class = "T5ForConditionalGeneration";
        assert_eq!(of(Some("t5"), &[class]), Ok(Some(Family::T5)));
        assert_eq!(of(None, &[class]), Ok(Some(Family::T5)));
        assert_eq!(of(Some("umt5"), &[]), Ok(Some(Family::Umt5)));
        assert_eq!(of(None, &["MT5Model"]), Ok(Some(Family::Mt5)));
        assert_eq!(of(Some("mt5"), &[class]), Ok(Some(Family::Mt5)));
        assert_eq!(of(None, &[]), Ok(None));
    }

    #[test]
    fn other_models_are_refused_with_their_kind() {
        for (model_type, class, named) in [
            (Some("bert"), "BertForMaskedLM", "'bert' (BertForMaskedLM)"),
            (Some("longt5"), "LongT5ForConditionalGeneration", "'longt5'"),
            (Some("switch_transformers"), "SwitchTransformersModel", "'switch_transformers'"),
            (Some("llama"), "LlamaForCausalLM", "LlamaForCausalLM"),
            (Some("t5"), "T5EncoderModel", "only the encoder"),
            (Some("t5"), "T5ForSequenceClassification", "T5ForSequenceClassification"),
            (None, "GPT2LMHeadModel", "a GPT2LMHeadModel"),
        ] {
            let text = of(model_type, &[class]).unwrap_err().to_string();
            assert!(text.contains(named), "no '{named}' in {text}");
        }
    }
}
