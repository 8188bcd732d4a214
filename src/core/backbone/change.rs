//! Changes of a frozen backbone at named places, the components of LoRA (Hu et al. 2021), adapters (Houlsby
//! et al. 2019), bias tuning (Ben Zaken et al. 2021) and prefix tuning (Li & Liang 2021).

use crate::nn::Activation;
use crate::{Error, Result};
use std::collections::BTreeMap;
use tch::Tensor;

/// A change at one place.
#[derive(Debug)]
pub enum Change {
    /// Of a matrix `[out, in]`: `W x + scale B (A x)`, `a` `[r, in]`, `b` `[out, r]`.
    LowRank { a: Tensor, b: Tensor, scale: f64 },
    /// Of a matrix or a norm: added to its output, `[out]`.
    Bias(Tensor),
    /// Of a norm: its gain, `[d]`.
    Gain(Tensor),
    /// Of a module: its output `h` becomes `h + up(activation(down(h)))`.
    Bottleneck(Bottleneck),
    /// Of an attention: keys and values before its own, `[m, inner]` each, visible to all positions and
    /// without position bias.
    Prefix { keys: Tensor, values: Tensor },
}

#[derive(Debug)]
pub struct Bottleneck {
    /// `[width, d]` and `[width]`
    pub down: (Tensor, Tensor),
    /// `[d, width]` and `[d]`
    pub up: (Tensor, Tensor),
    pub activation: Activation,
}

impl Bottleneck {
    pub(crate) fn forward(&self, h: &Tensor) -> Result<Tensor> {
        let kind = h.kind();
        let linear = |x: &Tensor, (w, b): &(Tensor, Tensor)| {
            x.f_linear(&w.f_to_kind(kind)?, Some(b.f_to_kind(kind)?))
        };
        let inner = self.activation.apply(&linear(h, &self.down)?)?;
        Ok(h.f_add(&linear(&inner, &self.up)?)?)
    }

    fn shallow_clone(&self) -> Self {
        let pair = |(a, b): &(Tensor, Tensor)| (a.shallow_clone(), b.shallow_clone());
        Bottleneck { down: pair(&self.down), up: pair(&self.up), activation: self.activation }
    }
}

/// Place -> changes; empty for the unchanged model.
#[derive(Debug, Default)]
pub struct Changes(pub BTreeMap<String, Vec<Change>>);

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All tensors of the changes.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.0.values().flatten().flat_map(|change| match change {
            Change::LowRank { a, b, .. } => vec![a, b],
            Change::Bias(tensor) | Change::Gain(tensor) => vec![tensor],
            Change::Bottleneck(Bottleneck { down, up, .. }) => vec![&down.0, &down.1, &up.0, &up.1],
            Change::Prefix { keys, values } => vec![keys, values],
        })
    }

    /// The changes with every tensor replaced by `f` of it. Errors: those of `f`.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Changes> {
        let both = |(a, b): &(Tensor, Tensor)| Ok::<_, Error>((f(a)?, f(b)?));
        let change = |change: &Change| {
            Ok(match change {
                Change::LowRank { a, b, scale } => {
                    Change::LowRank { a: f(a)?, b: f(b)?, scale: *scale }
                }
                Change::Bias(bias) => Change::Bias(f(bias)?),
                Change::Gain(gain) => Change::Gain(f(gain)?),
                Change::Bottleneck(Bottleneck { down, up, activation }) => {
                    let (down, up) = (both(down)?, both(up)?);
                    Change::Bottleneck(Bottleneck { down, up, activation: *activation })
                }
                Change::Prefix { keys, values } => {
                    Change::Prefix { keys: f(keys)?, values: f(values)? }
                }
            })
        };
        let places = self.0.iter().map(|(place, changes)| {
            Ok((place.clone(), changes.iter().map(change).collect::<Result<_>>()?))
        });
        Ok(Changes(places.collect::<Result<_>>()?))
    }

    fn at<'a>(&'a self, place: &str) -> impl Iterator<Item = &'a Change> {
        self.0.get(place).into_iter().flatten()
    }

    /// The sum of a place's biases.
    pub(crate) fn bias(&self, place: &str) -> Result<Option<Tensor>> {
        let mut sum: Option<Tensor> = None;
        for change in self.at(place) {
            if let Change::Bias(bias) = change {
                sum = Some(match sum {
                    Some(sum) => sum.f_add(bias)?,
                    None => bias.shallow_clone(),
                });
            }
        }
        Ok(sum)
    }

    /// A place's low-rank changes: A, B, scale.
    pub(crate) fn low_rank<'a>(
        &'a self,
        place: &str,
    ) -> impl Iterator<Item = (&'a Tensor, &'a Tensor, f64)> {
        self.at(place).filter_map(|change| match change {
            Change::LowRank { a, b, scale } => Some((a, b, *scale)),
            _ => None,
        })
    }

    pub(crate) fn gain<'a>(&'a self, place: &str) -> Option<&'a Tensor> {
        self.at(place).find_map(|change| match change {
            Change::Gain(gain) => Some(gain),
            _ => None,
        })
    }

    pub(crate) fn bottleneck(&self, place: &str) -> Option<Bottleneck> {
        self.at(place).find_map(|change| match change {
            Change::Bottleneck(bottleneck) => Some(bottleneck.shallow_clone()),
            _ => None,
        })
    }

    pub(crate) fn prefix(&self, place: &str) -> Option<(&Tensor, &Tensor)> {
        self.at(place).find_map(|change| match change {
            Change::Prefix { keys, values } => Some((keys, values)),
            _ => None,
        })
    }

    /// Checks that each change is at an existing place and has the place's shape.
    ///
    /// # Errors
    /// An unknown place, or a change of another shape.
    pub fn check(&self, places: &[Place]) -> Result<()> {
        let known: BTreeMap<&str, &Place> = places.iter().map(|p| (&p.name[..], p)).collect();
        for (place, changes) in &self.0 {
            let Some(found) = known.get(&place[..]) else {
                return Err(Error::unknown("place", place, known.keys().copied()));
            };
            changes.iter().try_for_each(|change| found.takes(change))?;
        }
        Ok(())
    }
}

/// A place of a backbone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub kind: PlaceKind,
    /// `[out, in]` of a matrix, `[d]` of a norm or a module, `[inner]` of an attention.
    pub shape: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    Matrix,
    Norm,
    Attention,
    FeedForward,
}

impl PlaceKind {
    pub fn name(self) -> &'static str {
        match self {
            PlaceKind::Matrix => "matrix",
            PlaceKind::Norm => "norm",
            PlaceKind::Attention => "attention",
            PlaceKind::FeedForward => "feed_forward",
        }
    }
}

impl Place {
    fn takes(&self, change: &Change) -> Result<()> {
        use PlaceKind::*;
        let out = self.shape[0];
        let fit = |what: &str, tensor: &Tensor, shape: &[i64]| {
            if tensor.size() == shape {
                return Ok(());
            }
            let found = tensor.size();
            Err(Error::new(format!("{what} is {found:?} and must be {shape:?}")).at(&self.name))
        };
        match (change, self.kind) {
            (Change::LowRank { a, b, .. }, Matrix) => {
                let rank = a.size().first().copied().unwrap_or(0);
                fit("low_rank a", a, &[rank, self.shape[1]])?;
                fit("low_rank b", b, &[out, rank])
            }
            (Change::Bias(bias), Matrix | Norm) => fit("bias", bias, &[out]),
            (Change::Gain(gain), Norm) => fit("gain", gain, &[out]),
            (Change::Bottleneck(b), Attention | FeedForward) => {
                let d = *self.shape.last().expect("a module has a width");
                let width = b.down.0.size().first().copied().unwrap_or(0);
                fit("bottleneck down", &b.down.0, &[width, d])?;
                fit("bottleneck down_bias", &b.down.1, &[width])?;
                fit("bottleneck up", &b.up.0, &[d, width])?;
                fit("bottleneck up_bias", &b.up.1, &[d])
            }
            (Change::Prefix { keys, values }, Attention) => {
                let rows = keys.size().first().copied().unwrap_or(0);
                fit("prefix keys", keys, &[rows, out])?;
                fit("prefix values", values, &[rows, out])
            }
            _ => Err(Error::new(format!("a {} does not support this change", self.kind.name()))
                .at(&self.name)
                .hint(
                    "a matrix takes low_rank and bias, a norm gain and bias, an attention prefix \
                       and bottleneck, a feed_forward bottleneck",
                )),
        }
    }
}
