//! Reparametrisation: the prompt is Encoder(E), and only its value is kept after training.

use crate::nn::{Activation, Lstm, Mlp, Named, named};
use crate::{Error, Result};
use tch::{Device, Tensor};

/// Which encoder a prompt is trained through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderKind {
    /// The prompt is E itself.
    None,
    /// W2 act(W1 e + b1) + b2 on each row, plus e itself where `residual`.
    Mlp { activation: Activation, residual: bool },
    /// P-tuning: a two-layer bidirectional LSTM over the rows, d/2 a direction, then
    /// Linear, ReLU, Linear.
    Lstm,
}

impl Default for EncoderKind {
    /// ComPT's: an MLP with GELU.
    fn default() -> Self {
        EncoderKind::Mlp { activation: Activation::Gelu, residual: false }
    }
}

impl EncoderKind {
    pub const NAMES: [&str; 3] = ["none", "mlp", "lstm"];

    /// `activation` and `residual` are the MLP's.
    pub fn parse(name: &str, activation: Activation, residual: bool) -> Result<Self> {
        match name {
            "none" => Ok(EncoderKind::None),
            "mlp" => Ok(EncoderKind::Mlp { activation, residual }),
            "lstm" => Ok(EncoderKind::Lstm),
            _ => Err(Error::unknown("encoder", name, Self::NAMES)),
        }
    }

    /// Fresh parameters, torch's defaults.
    pub fn build(self, dim: i64, device: Device) -> Result<Encoder> {
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
    /// `[m, d]` to `[m, d]`
    pub fn forward(&self, embedding: &Tensor) -> Result<Tensor> {
        match self {
            Encoder::None => Ok(embedding.shallow_clone()),
            Encoder::Mlp { mlp, residual: false } => mlp.forward(embedding),
            Encoder::Mlp { mlp, residual: true } => Ok(mlp.forward(embedding)?.f_add(embedding)?),
            Encoder::Lstm { lstm, head } => head.forward(&lstm.forward(embedding)?),
        }
    }

    /// `w1`, `b1`, `w2`, `b2`; the LSTM's as `lstm.<torch's name>`.
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

    /// Gives an encoder the golden parameters and compares value and every gradient.
    fn check(golden: &Golden, name: &str, kind: EncoderKind) {
        let encoder = kind.build(6, Device::Cpu).unwrap();
        let parameters = encoder.named();
        let values: Named = parameters
            .iter()
            .map(|(key, _)| (key.clone(), golden.get(&format!("encoder.{key}"))))
            .collect();
        named::assign(&parameters, &values).unwrap();
        let embedding = golden.leaf("encoder.embedding");
        let output = encoder.forward(&embedding).unwrap();
        let mut wrt = vec![("embedding", &embedding)];
        wrt.extend(parameters.iter().map(|(key, tensor)| (key.as_str(), tensor)));
        golden.assert_gradients(name, &output, "encoder.cotangent", &wrt);
    }

    #[test]
    fn mlp_and_lstm_match_their_golden_values_and_gradients() {
        let golden = Golden::open();
        for name in Activation::NAMES {
            let activation = Activation::parse(name).unwrap();
            let plain = EncoderKind::parse("mlp", activation, false).unwrap();
            check(&golden, &format!("encoder.{name}"), plain);
            let residual = EncoderKind::parse("mlp", activation, true).unwrap();
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
        assert_eq!(none.forward(&x).unwrap(), x);
        assert!(EncoderKind::Lstm.build(5, Device::Cpu).is_err());
        assert!(EncoderKind::parse("mpl", Activation::Gelu, false).is_err());
    }
}
