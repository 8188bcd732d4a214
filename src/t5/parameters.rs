//! The named parameters of a T5, as its checkpoints name them.

use super::config::Config;
use crate::{Error, Result};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// The name, the shape and T5's initial scale (standard deviation; None for ones).
struct Entry {
    name: String,
    shape: Vec<i64>,
    scale: Option<f64>,
}

/// Every parameter of a T5 of this configuration.
fn entries(config: &Config) -> Vec<Entry> {
    let c = config;
    let gated = c.feed_forward().map(|kind| kind.gated).unwrap_or(false);
    let from_model = (c.d_model as f64).powf(-0.5);
    let mut all = Vec::new();
    let mut add = |name: String, shape: &[i64], scale: Option<f64>| {
        all.push(Entry { name, shape: shape.to_vec(), scale });
    };
    add("shared.weight".into(), &[c.vocab_size, c.d_model], Some(1.0));
    if !c.tied_head() {
        add("lm_head.weight".into(), &[c.vocab_size, c.d_model], Some(1.0));
    }
    for (stack, layers) in [("encoder", c.num_layers), ("decoder", c.decoder_layers())] {
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
                if i == 0 && n == 0 {
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
    /// Fresh weights at T5's own initial scales (mesh-tensorflow's, as in `transformers`), float32.
    pub fn random(config: &Config, device: Device) -> Result<Self> {
        let mut map = BTreeMap::new();
        for Entry { name, shape, scale } in entries(config) {
            let options = (Kind::Float, device);
            let tensor = match scale {
                Some(scale) => Tensor::f_randn(&shape, options)?.f_mul_scalar_(scale)?,
                None => Tensor::f_ones(&shape, options)?,
            };
            map.insert(name, tensor);
        }
        Ok(Parameters(map))
    }

    /// Takes the parameters a configuration calls for from `fetch`, and checks their shapes.
    pub fn collect(
        config: &Config,
        mut fetch: impl FnMut(&str) -> Result<Option<Tensor>>,
    ) -> Result<Self> {
        let mut map = BTreeMap::new();
        for Entry { name, shape, .. } in entries(config) {
            let tensor = match fetch(&name)? {
                Some(tensor) => tensor,
                None => {
                    return Err(Error::new(format!("the checkpoint has no '{name}'"))
                        .hint("its config.json and its weights may not belong together"));
                }
            };
            if tensor.size() != shape {
                return Err(Error::new(format!(
                    "'{name}' has shape {:?} where config.json calls for {shape:?}",
                    tensor.size()
                ))
                .hint("its config.json and its weights do not belong together"));
            }
            map.insert(name, tensor);
        }
        Ok(Parameters(map))
    }

    pub fn get(&self, name: &str) -> &Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("no parameter '{name}' was collected"))
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Makes every parameter a leaf that gathers gradients.
    pub fn require_grad(&mut self) -> Result<()> {
        for tensor in self.0.values_mut() {
            *tensor = tensor.f_detach()?.f_set_requires_grad(true)?;
        }
        Ok(())
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

    #[test]
    fn a_missing_or_misshapen_parameter_is_named() {
        let config = Config::parse(
            r#"{"d_model": 4, "d_kv": 2, "d_ff": 8, "num_heads": 2, "num_layers": 1,
                "vocab_size": 10}"#,
        )
        .unwrap();
        let e = Parameters::collect(&config, |_| Ok(None)).unwrap_err();
        assert!(e.to_string().contains("no 'shared.weight'"), "{e}");
        let wrong = |_: &str| Ok(Some(Tensor::zeros([3, 4], (Kind::Float, Device::Cpu))));
        let e = Parameters::collect(&config, wrong).unwrap_err();
        assert!(e.to_string().contains("[3, 4]") && e.to_string().contains("[10, 4]"), "{e}");
    }
}
