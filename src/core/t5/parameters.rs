//! The named parameters of a T5, with the names of its checkpoints.

use super::config::Config;
use crate::Result;
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// The embeddings, and the head of models with a separate head.
pub const TABLE: &str = "shared.weight";
pub const HEAD: &str = "lm_head.weight";

/// The name, the shape and T5's initial scale (standard deviation; `None` for ones).
pub struct Entry {
    pub name: String,
    pub shape: Vec<i64>,
    pub scale: Option<f64>,
}

/// A source of a model's parameters.
pub trait Weights {
    /// A parameter of the configuration, in its stored dtype.
    fn get(&self, name: &str) -> Result<Tensor>;

    /// Matrices stacked by rows, with columns scaled by `gain`, `[in]`, as `kind`.
    fn stacked(&self, names: &[String], gain: Option<&Tensor>, kind: Kind) -> Result<Tensor>;
}

/// All parameters of a T5 with this configuration.
pub fn entries(config: &Config) -> Vec<Entry> {
    let c = config;
    let gated = c.feed_forward.gated;
    let from_model = (c.d_model as f64).powf(-0.5);
    let mut all = Vec::new();
    let mut add = |name: String, shape: &[i64], scale: Option<f64>| {
        all.push(Entry { name, shape: shape.to_vec(), scale });
    };
    add(TABLE.into(), &[c.vocab_size, c.d_model], Some(1.0));
    if c.own_head {
        add(HEAD.into(), &[c.vocab_size, c.d_model], Some(1.0));
    }
    for (stack, layers) in [("encoder", c.num_layers), ("decoder", c.num_decoder_layers)] {
        for i in 0..layers {
            let block = format!("{stack}.block.{i}.layer");
            let mut attentions = vec![(0, "SelfAttention")];
            if stack == "decoder" {
                attentions.push((1, "EncDecAttention"));
            }
            for &(n, kind) in &attentions {
                let at = format!("{block}.{n}.{kind}");
                let query = ((c.d_model * c.d_kv) as f64).powf(-0.5);
                add(format!("{at}.q.weight"), &[c.inner(), c.d_model], Some(query));
                add(format!("{at}.k.weight"), &[c.inner(), c.d_model], Some(from_model));
                add(format!("{at}.v.weight"), &[c.inner(), c.d_model], Some(from_model));
                let output = (c.inner() as f64).powf(-0.5);
                add(format!("{at}.o.weight"), &[c.d_model, c.inner()], Some(output));
                if n == 0 && (i == 0 || c.family.positions_by_layer()) {
                    add(
                        format!("{at}.relative_attention_bias.weight"),
                        &[c.relative_attention_num_buckets, c.num_heads],
                        Some(from_model),
                    );
                }
                add(format!("{block}.{n}.layer_norm.weight"), &[c.d_model], None);
            }
            let n = attentions.len();
            let at = format!("{block}.{n}.DenseReluDense");
            for part in if gated { &["wi_0", "wi_1"][..] } else { &["wi"][..] } {
                add(format!("{at}.{part}.weight"), &[c.d_ff, c.d_model], Some(from_model));
            }
            let output = (c.d_ff as f64).powf(-0.5);
            add(format!("{at}.wo.weight"), &[c.d_model, c.d_ff], Some(output));
            add(format!("{block}.{n}.layer_norm.weight"), &[c.d_model], None);
        }
        add(format!("{stack}.final_layer_norm.weight"), &[c.d_model], None);
    }
    all
}

/// Parameters by checkpoint name.
#[derive(Debug)]
pub struct Parameters(BTreeMap<String, Tensor>);

impl Parameters {
    /// New weights with T5's initial scales (mesh-tensorflow's, as in `transformers`), float32. They are drawn on the
    /// CPU, so that a seed gives the same weights on every device.
    pub fn random(config: &Config, device: Device) -> Result<Self> {
        let mut map = BTreeMap::new();
        for Entry { name, shape, scale } in entries(config) {
            let options = (Kind::Float, Device::Cpu);
            let tensor = match scale {
                Some(scale) => Tensor::f_randn(&shape, options)?.f_mul_scalar_(scale)?,
                None => Tensor::f_ones(&shape, options)?,
            };
            map.insert(name, tensor.f_to_device(device)?);
        }
        Ok(Parameters(map))
    }

    /// Copies of the weights of a configuration.
    pub fn of(config: &Config, weights: &dyn Weights) -> Result<Self> {
        let names = entries(config).into_iter().map(|entry| entry.name);
        let read = |name: String| Ok((name.clone(), weights.get(&name)?.f_detach_copy()?));
        Ok(Parameters(names.map(read).collect::<Result<_>>()?))
    }

    /// Sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Makes every parameter a leaf that requires gradients.
    pub fn require_grad(&mut self) -> Result<()> {
        for tensor in self.0.values_mut() {
            *tensor = tensor.f_detach()?.f_set_requires_grad(true)?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl FromIterator<(String, Tensor)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, Tensor)>>(parameters: I) -> Self {
        Parameters(parameters.into_iter().collect())
    }
}

impl Weights for Parameters {
    fn get(&self, name: &str) -> Result<Tensor> {
        let found = self.0.get(name).unwrap_or_else(|| panic!("no entry is called '{name}'"));
        Ok(found.shallow_clone())
    }

    fn stacked(&self, names: &[String], gain: Option<&Tensor>, kind: Kind) -> Result<Tensor> {
        let scaled = |name: &String| -> Result<Tensor> {
            let matrix = self.get(name)?;
            let matrix = match gain {
                Some(gain) => matrix.f_mul(gain)?,
                None => matrix,
            };
            Ok(matrix.f_to_kind(kind)?)
        };
        let parts = names.iter().map(scaled).collect::<Result<Vec<_>>>()?;
        Ok(if parts.len() == 1 { parts[0].shallow_clone() } else { Tensor::f_cat(&parts, 0)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_micro_shape_has_its_published_size() {
        let config = Config::parse(
            r#"{"d_model": 128, "d_kv": 32, "d_ff": 512, "num_heads": 4, "num_layers": 4,
                "num_decoder_layers": 2, "vocab_size": 448}"#,
        )
        .unwrap();
        let count: i64 = entries(&config).iter().map(|e| e.shape.iter().product::<i64>()).sum();
        assert_eq!(count, 1_370_368);
    }
}
