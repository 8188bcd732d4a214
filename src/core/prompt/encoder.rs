//! Reparametrisation: the prompt is Encoder(E), and only its value is kept after training.

use crate::nn::{Activation, Lstm, Mlp, Named, named, stacked};
use crate::options::{Options, Variant};
use crate::{Error, Result};
use tch::{Device, Tensor};

/// The encoder of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderKind {
    /// The prompt is E itself.
    None,
    /// W2 act(W1 e + b1) + b2 for each row, plus e itself if `residual`.
    Mlp { activation: Activation, residual: bool },
    /// P-tuning (Liu et al. 2021): a two-layer bidirectional LSTM over the rows, d/2 per direction, then
    /// Linear, ReLU, Linear.
    Lstm,
}

impl Default for EncoderKind {
    /// ComPT's default: an MLP with GELU.
    fn default() -> Self {
        EncoderKind::Mlp { activation: Activation::Gelu, residual: false }
    }
}

impl EncoderKind {
    /// The options of the MLP encoder: `activation` ("gelu") and `residual` (false). The
    /// other kinds ignore them, so that a grid can vary only the kind.
    pub const OPTIONS: &[&str] = &["activation", "residual"];
    /// The default kind.
    pub const DEFAULT: &str = "mlp";

    /// # Errors
    ///
    /// An unknown kind or option, or an invalid value.
    pub fn read(variant: &Variant) -> Result<Self> {
        let o = Options::new("encoder", &variant.options, Self::OPTIONS)?;
        let activation = o.named("activation", Activation::Gelu, Activation::parse)?;
        let residual = o.get_or("residual", false)?;
        match variant.kind.as_str() {
            "none" => Ok(EncoderKind::None),
            "mlp" => Ok(EncoderKind::Mlp { activation, residual }),
            "lstm" => Ok(EncoderKind::Lstm),
            kind => Err(Error::unknown("encoder", kind, ["none", "mlp", "lstm"])),
        }
    }

    /// New parameters with torch's default initialisation, for prompts of `dim` columns.
    ///
    /// # Errors
    ///
    /// An odd `dim` for the LSTM, which halves it.
    pub(super) fn build(self, dim: i64, device: Device) -> Result<Encoder> {
        Ok(match self {
            EncoderKind::None => Encoder::None,
            EncoderKind::Mlp { activation, residual } => {
                Encoder::Mlp { mlp: Mlp::square(dim, activation, device)?, residual }
            }
            EncoderKind::Lstm if dim % 2 != 0 => {
                return Err(Error::new(format!(
                    "the LSTM encoder halves the width of the prompt, and {dim} is odd"
                ))
                .hint("use the encoder \"mlp\""));
            }
            EncoderKind::Lstm => Encoder::Lstm {
                lstm: Lstm::new(dim, dim / 2, device)?,
                head: Mlp::square(dim, Activation::Relu, device)?,
            },
        })
    }
}

/// An encoder with its parameters.
pub enum Encoder {
    None,
    Mlp { mlp: Mlp, residual: bool },
    Lstm { lstm: Lstm, head: Mlp },
}

impl Encoder {
    /// P encoders of one kind, each with its embedding `[m, d]`, to `[P, m, d]`. The MLPs of all are one
    /// batch, the LSTMs run one after the other.
    pub fn forward(each: &[(&Encoder, &Tensor)]) -> Result<Tensor> {
        let mut mlps = Vec::with_capacity(each.len());
        let mut inputs = Vec::with_capacity(each.len());
        let mut adds_input = false;
        for (encoder, embedding) in each {
            match encoder {
                Encoder::None => {}
                Encoder::Mlp { mlp, residual } => {
                    mlps.push(mlp);
                    adds_input = *residual;
                }
                Encoder::Lstm { head, .. } => mlps.push(head),
            }
            inputs.push(match encoder {
                Encoder::Lstm { lstm, .. } => lstm.forward(embedding)?,
                _ => embedding.shallow_clone(),
            });
        }
        let input = stacked(inputs.iter())?;
        match (mlps.is_empty(), adds_input) {
            (true, _) => Ok(input),
            (false, false) => Mlp::forward(&mlps, &input),
            (false, true) => Ok(Mlp::forward(&mlps, &input)?.f_add(&input)?),
        }
    }

    /// `w1`, `b1`, `w2`, `b2`; those of the LSTM as `lstm.<torch's name>`.
    pub fn named(&self) -> Named {
        match self {
            Encoder::None => Vec::new(),
            Encoder::Mlp { mlp, .. } => mlp.named(),
            Encoder::Lstm { lstm, head } => {
                let mut all = named::under("lstm", lstm.named());
                all.extend(head.named());
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Golden;
    use serde_json::{Value, json};

    fn kind(value: Value) -> Result<EncoderKind> {
        EncoderKind::read(&Variant::read(&value, "encoder", Some(EncoderKind::DEFAULT))?)
    }

    /// Sets the golden parameters of an encoder and compares the value and all gradients.
    fn check(golden: &Golden, name: &str, kind: EncoderKind) {
        let encoder = kind.build(6, Device::Cpu).unwrap();
        let parameters = encoder.named();
        let values: Named = parameters
            .iter()
            .map(|(key, _)| (key.clone(), golden.get(&format!("encoder.{key}"))))
            .collect();
        named::assign(&parameters, &values).unwrap();
        let embedding = golden.leaf("encoder.embedding");
        let output = Encoder::forward(&[(&encoder, &embedding)]).unwrap().squeeze_dim(0);
        let mut wrt = vec![("embedding", &embedding)];
        wrt.extend(parameters.iter().map(|(key, tensor)| (key.as_str(), tensor)));
        golden.assert_gradients(name, &output, "encoder.cotangent", &wrt);
    }

    #[test]
    fn mlp_and_lstm_match_their_golden_values_and_gradients() {
        let golden = Golden::open();
        for name in Activation::NAMES {
            let plain = kind(json!({ "activation": name })).unwrap();
            check(&golden, &format!("encoder.{name}"), plain);
            let residual = kind(json!({ "activation": name, "residual": true })).unwrap();
            check(&golden, &format!("encoder.{name}.residual"), residual);
        }
        check(&golden, "encoder.lstm", EncoderKind::Lstm);
    }

    #[test]
    fn parameters_start_within_torchs_bounds() {
        let within = |named: Named, bound: f64| {
            for (name, value) in named {
                let largest = value.abs().max().double_value(&[]);
                assert!(largest <= bound && largest > 0.8 * bound, "{name}: {largest}");
                assert!(value.requires_grad(), "{name}");
            }
        };
        let mlp = EncoderKind::default().build(64, Device::Cpu).unwrap();
        within(mlp.named(), 64f64.powf(-0.5));
        let Encoder::Lstm { lstm, .. } = EncoderKind::Lstm.build(64, Device::Cpu).unwrap() else {
            panic!("an LSTM was asked for");
        };
        within(lstm.named(), 32f64.powf(-0.5));
    }

    #[test]
    fn no_encoder_changes_nothing_and_an_odd_width_has_no_lstm() {
        let x = Tensor::from_slice(&[1f32, 2.0]).view([2, 1]);
        let none = EncoderKind::None.build(1, Device::Cpu).unwrap();
        assert_eq!(Encoder::forward(&[(&none, &x)]).unwrap().get(0), x);
        assert!(EncoderKind::Lstm.build(5, Device::Cpu).is_err());
        let text = kind(json!("mpl")).unwrap_err().to_string();
        assert!(text.contains("did you mean 'mlp'?"), "{text}");
        let text = kind(json!({ "residual": "yes" })).unwrap_err().to_string();
        assert_eq!(text, "encoder: option 'residual' must be a boolean, got a string");
    }
}
