//! A declared method as plain data, in the format of `stdlib/methods/declare.lua`: its prompts, their
//! composition, and the settings of training.

mod control;

pub use control::MethodControl;

use super::batch::Placement;
use super::composition::Composition;
use crate::backbone::LoadedBackbone;
use crate::compose::{self, Operator};
use crate::options::{Options, Variant};
use crate::prompt::{BankOptions, EncoderKind, Init, Material, PromptBank};
use crate::router::{self, Normalisation, Phase, Router, Sizes};
use crate::train::optimizer;
use crate::{Error, Result, notice};
use compt_error::nearest;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The keys of a declared method.
const OPTIONS: &[&str] = &[
    "name",
    "compose",
    "sources",
    "length",
    "private_length",
    "encoder",
    "init",
    "router",
    "placement",
    "prefix",
    "alone",
    "lr",
    "warmup",
    "temperature",
    "top_k",
    "optimizer",
    "weight_decay",
    "settings",
];

/// The parameter groups of a composition.
const GROUPS: [&str; 4] = ["router", "source", "private", "operator"];

/// A method that consists of a prompt bank, a router and an operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Declared {
    /// The name in records and tables.
    pub name: String,
    /// The operator: "sum", "product", "concat", "private", or a user-defined one.
    pub compose: String,
    /// S, the number of shared source prompts.
    pub sources: usize,
    /// m, the number of rows of a source prompt.
    pub length: i64,
    /// m', the number of rows of a private prompt; `None`: as the operator requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_length: Option<i64>,
    pub encoder: Variant,
    pub init: Variant,
    pub router: Variant,
    /// "append" or "prepend".
    pub placement: String,
    /// Whether the sources begin with the prefixes of their tasks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prefix: bool,
    /// Whether each task is trained separately, one after the other.
    pub alone: bool,
    /// The peak learning rate of each parameter group.
    pub lr: BTreeMap<String, f64>,
    /// The fraction of the steps with warm-up.
    pub warmup: f64,
    /// At the first and at the last step; `None`: not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<[f64; 2]>,
    /// The number of the largest weights of an example to keep; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    pub optimizer: Variant,
    pub weight_decay: f64,
    /// Additional data recorded by the user; not used here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
}

impl Declared {
    /// Reads a method. Missing keys have the defaults that `compt.Method` documents.
    ///
    /// # Errors
    ///
    /// An unknown key or parameter group (the nearest known one is named); a value of another type or out
    /// of range.
    pub fn read(map: &Map<String, Value>) -> Result<Self> {
        let place = match map.get("name").and_then(Value::as_str) {
            Some(name) => format!("method '{name}'"),
            None => "method".to_string(),
        };
        let o = Options::new(&place, map, OPTIONS)?;
        let variant = |key: &str, default: &str, bare: Option<&str>| match o.get::<Value>(key)? {
            Some(value) => Variant::read(&value, key, bare).map_err(|e| e.at(&place)),
            None => Ok(Variant::of(default)),
        };
        let router = variant("router", router::DEFAULT, Some(router::DEFAULT))?;
        if router.options.contains_key("temperature") {
            return Err(o
                .error("'temperature' is not an option of a router inside a method")
                .hint("set 'temperature' of the method, or of the control"));
        }
        let placement = o.get_or("placement", Placement::Append.name().to_string())?;
        Placement::parse(&placement).map_err(|e| e.at(&place))?;
        let declared = Declared {
            name: o.get_or("name", "custom".to_string())?,
            compose: o.need("compose")?,
            sources: o.get_or("sources", 0)?,
            length: o.get_or("length", 20)?,
            private_length: o.get("private_length")?,
            encoder: variant("encoder", EncoderKind::DEFAULT, Some(EncoderKind::DEFAULT))?,
            init: variant("init", Init::DEFAULT, None)?,
            router,
            placement,
            prefix: o.get_or("prefix", false)?,
            alone: o.get_or("alone", false)?,
            lr: rates(&o)?,
            warmup: o.get_or("warmup", 0.0)?,
            temperature: temperature(&o)?,
            top_k: o.get("top_k")?,
            optimizer: variant("optimizer", optimizer::DEFAULT, None)?,
            weight_decay: o.get_or("weight_decay", 0.01)?,
            settings: o.get("settings")?,
        };
        o.check("warmup", (0.0..=1.0).contains(&declared.warmup), "a share in [0, 1]")?;
        o.check("top_k", declared.top_k != Some(0), "a whole number, 1 or more")?;
        o.check("weight_decay", declared.weight_decay >= 0.0, "a number, 0 or more")?;
        declared.check(&o)?;
        Ok(declared)
    }

    /// Checks that the options are consistent.
    fn check(&self, o: &Options) -> Result<()> {
        if self.compose != "private" && self.sources == 0 {
            let what = format!("the composition '{}' needs sources", self.compose);
            return Err(o.error(what).hint("set 'sources' to at least 1, or use compt.methods.pt"));
        }
        if self.sources > 0 && self.alone {
            return Err(o
                .error("tasks that are trained separately cannot share sources")
                .hint("remove 'alone', or use compt.methods.pt"));
        }
        Ok(())
    }

    /// The number of rows of a private prompt.
    pub fn private_length(&self) -> i64 {
        self.private_length.unwrap_or_else(|| match compose::built_in(&self.compose) {
            Ok(operator) => operator.private_length(self.sources as i64, self.length),
            Err(_) => self.length,
        })
    }

    /// Builds the method over a frozen backbone: the bank, then the router, drawn from torch's generator in
    /// this order, and the operator. `tasks` are the names of the tasks to evaluate, then of those
    /// that are only trained on; `operator` is used if `compose` is not the name of a built-in
    /// one. `Composition::groups` are the parameter groups to train.
    ///
    /// # Errors
    ///
    /// A trainable backbone; an invalid operator, encoder, initialisation, router or
    /// length.
    pub fn build(
        &self,
        tasks: &[String],
        backbone: &LoadedBackbone,
        operator: Option<Rc<dyn Operator>>,
    ) -> Result<Composition> {
        let operator = match operator {
            Some(operator) => operator,
            None => compose::built_in(&self.compose)?,
        };
        Ok(self.prompts(tasks, backbone, None, &made)?.composed_by(operator))
    }

    /// The bank and the router, for an operator that is built for them. `init` replaces the method's
    /// initialisation if it is set; `router` makes the router. Errors as in `build`.
    pub fn prompts(
        &self,
        tasks: &[String],
        backbone: &LoadedBackbone,
        init: Option<Init>,
        router: MakeRouter,
    ) -> Result<BankAndRouter> {
        if backbone.model.is_trainable() {
            return Err(Error::new("prompts are trained with a frozen backbone"));
        }
        let material = Material::of(backbone);
        let bank = PromptBank::new(&BankOptions {
            tasks,
            sources: self.sources,
            length: self.length,
            private_length: self.private_length(),
            init: init.map_or_else(|| Init::read(&self.init, &material), Ok)?,
            encoder: EncoderKind::read(&self.encoder)?,
            material,
        })?;
        let of = Sizes { tasks: tasks.len(), sources: self.sources, device: material.device };
        let router = match self.sources {
            0 => None,
            _ => Some(router(&self.router, of, self.compose == "concat")?),
        };
        Ok(BankAndRouter { bank: Rc::new(bank), router, device: material.device })
    }

    /// The default control of the method, for these parameter groups.
    pub fn control(&self, groups: &[String]) -> MethodControl {
        MethodControl::new(self, groups)
    }
}

/// Makes the router of a method; the flag is set if it weighs parts of a concatenated prompt.
pub type MakeRouter<'a> = &'a dyn Fn(&Variant, Sizes, bool) -> Result<Rc<dyn Router>>;

/// A router of a built-in kind. Errors: as in `router::make`.
pub fn made(router: &Variant, of: Sizes, concatenates: bool) -> Result<Rc<dyn Router>> {
    let router = router::make(router, of)?;
    if concatenates {
        warn_of_gap(&*router);
    }
    Ok(router)
}

/// The inputs of an operator.
pub struct BankAndRouter {
    pub bank: Rc<PromptBank>,
    /// `None` if there are no sources.
    pub router: Option<Rc<dyn Router>>,
    pub device: tch::Device,
}

impl BankAndRouter {
    pub fn composed_by(self, operator: Rc<dyn Operator>) -> Composition {
        let BankAndRouter { bank, router, device } = self;
        Composition { bank, router, operator, device }
    }
}

/// Samples are in (0, 1), so their softmax keeps the weights of all sources within a factor of e;
/// the softmax of the logits does not.
fn warn_of_gap(router: &dyn Router) {
    if router.samples() && router.normalisation(Phase::Eval) == Normalisation::Softmax {
        notice::say(
            "warning: with router eval = \"softmax\" parts of a concatenated prompt get weights at \
             inference that they never had in training (ComPT's published setting); \
             router = { eval = \"softmax_sigmoid\" } or router = \"constant\" scores higher",
        );
    }
}

/// The peak rates by group.
fn rates(o: &Options) -> Result<BTreeMap<String, f64>> {
    let map: Map<String, Value> = o.get_or("lr", Map::new())?;
    let rate = |(group, rate): (String, Value)| {
        // Other groups may belong to another method that uses the same table.
        if !GROUPS.contains(&group.as_str()) && nearest(&group, &GROUPS).is_some() {
            return Err(o.of("lr", Error::unknown("parameter group", &group, GROUPS)));
        }
        match rate.as_f64().filter(|rate| *rate >= 0.0) {
            Some(rate) => Ok((group, rate)),
            None => Err(o.error(format!("lr.{group} must be a number, 0 or more, got {rate}"))),
        }
    };
    map.into_iter().map(rate).collect()
}

/// { first, last }
fn temperature(o: &Options) -> Result<Option<[f64; 2]>> {
    let Some(list) = o.get::<Vec<f64>>("temperature")? else { return Ok(None) };
    let pair = <[f64; 2]>::try_from(list).ok();
    let fits = pair.is_some_and(|pair| pair.iter().all(|heat| *heat > 0.0));
    o.check("temperature", fits, "{ first, last }, two numbers above 0")?;
    Ok(pair)
}

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Declared::read(&Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Declared> {
        Declared::read(value.as_object().unwrap())
    }

    fn ssum() -> Value {
        json!({ "name": "ssum", "compose": "sum", "sources": 3, "length": 20, "encoder": "mlp",
            "init": { "kind": "uniform", "bound": 0.25 }, "router": "relaxed_bernoulli",
            "placement": "append", "alone": false,
            "lr": { "router": 0.1, "source": 0.05, "private": 0.02 }, "warmup": 0.2,
            "temperature": [5.0, 0.001], "optimizer": "adamw", "weight_decay": 0.01 })
    }

    #[test]
    fn a_method_reads_what_it_writes() {
        let method = read(ssum()).unwrap();
        assert_eq!(serde_json::to_value(&method).unwrap(), ssum());
        assert_eq!(serde_json::from_value::<Declared>(ssum()).unwrap(), method);
        let few = read(json!({ "compose": "private" })).unwrap();
        assert_eq!((few.name.as_str(), few.length, few.sources), ("custom", 20, 0));
        assert_eq!((few.private_length(), few.temperature, few.warmup), (20, None, 0.0));
        let mcat = read(json!({ "compose": "concat", "sources": 3, "length": 10 })).unwrap();
        assert_eq!(mcat.private_length(), 30);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (key, value, wanted) in [
            (
                "sorces",
                json!(3),
                "method 'ssum': unknown option 'sorces'\n  help: did you mean 'sources'?",
            ),
            ("sources", json!("x"), "option 'sources' must be a whole number, got a string"),
            ("sources", json!(0), "the composition 'sum' needs sources"),
            ("alone", json!(true), "tasks that are trained separately cannot share sources"),
            ("lr", json!({ "routr": 0.1 }), "lr: unknown parameter group 'routr'"),
            ("lr", json!({ "router": -1 }), "lr.router must be a number, 0 or more, got -1"),
            ("warmup", json!(2), "option 'warmup' must be a share in [0, 1], got 2"),
            ("temperature", json!([5]), "option 'temperature' must be { first, last }"),
            ("temperature", json!([5, 0]), "two numbers above 0, got [5,0]"),
            ("top_k", json!(0), "option 'top_k' must be a whole number, 1 or more, got 0"),
            ("placement", json!("front"), "unknown placement 'front'"),
            ("router", json!({ "temperature": 1 }), "set 'temperature' of the method"),
            ("optimizer", json!(1), "'optimizer' must be a name or a table of options"),
            ("compose", Value::Null, "option 'compose' is missing"),
        ] {
            let mut method = ssum();
            method[key] = value;
            let text = read(method).unwrap_err().to_string();
            assert!(text.contains(wanted), "{key}: {text}");
        }
    }
}
