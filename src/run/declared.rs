//! A run of a declared method, built from its specification alone.

use super::spec::Specification;
use super::steering::{Loaded, Origin, Output, Program, Shared, Steering};
use super::{Checks, Host, Run, RunOptions};
use crate::{Error, Result};
use compt_base::data::{Split, TaskSet};
use compt_base::options::Variant;
use compt_core::backbone::LoadedBackbone;
use compt_core::train::batch::Placement;
use compt_core::train::control::{Control, Setting, View};
use compt_core::train::declared::{Declared, MethodControl};
use compt_core::train::evaluate::Evaluation;
use compt_core::train::knobs::Knobs;
use compt_core::train::plan::{self, Plan, StagePlan};
use compt_core::train::{NonFinite, Parts, Recompute, Settings, optimizer};
use compt_error::Context;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use tch::Device;

impl Run {
    /// Creates the run of a declared method (a prompt bank, a router and a built-in operator) over a frozen
    /// backbone, as `compt.trainer` does: the same seed gives the same parameters, batches and rates.
    ///
    /// # Errors
    /// The specification has a control, source tasks, an operator with parameters or parts that a script made;
    /// the method is not declared or composes with a user-defined operator; a setting is invalid (see
    /// [`Checks::run`]); the backbone has no tokenizer; the folder cannot be written.
    pub fn declared(
        specification: &Specification,
        backbone: LoadedBackbone,
        tasks: TaskSet,
        host: Box<dyn Host>,
        options: RunOptions,
    ) -> Result<Run> {
        let unknown = [
            ("control", specification.control.is_some()),
            ("from", specification.from.is_some()),
            ("operator", specification.operator.is_some()),
            ("router", specification.router.is_some()),
            ("sampler", specification.sampler.is_some()),
            ("script", !specification.script.is_empty()),
        ];
        if let Some((key, _)) = unknown.iter().find(|(_, is_set)| *is_set) {
            let what = format!("'{key}' is for runs with a scripting language");
            return Err(Error::new(what).at("Run::declared"));
        }
        let method = Declared::read(&specification.method)?;
        let settings = settings(specification, backbone.model.device())?;
        let tasks = if specification.prefix { tasks.prefixed()? } else { tasks };
        let names: Vec<String> = tasks.names().into_iter().map(String::from).collect();
        let tokenizer = backbone.need_tokenizer()?;
        let checks = Checks {
            settings: &settings,
            batch_size: specification.batch_size,
            weight_decay: specification.weight_decay,
            checkpoints: &specification.checkpoints(),
            tasks: Some(&tasks),
            from: None,
            names: &names,
            tokenizer: Some(&tokenizer),
        };
        checks.run()?;
        tch::manual_seed(specification.seed as i64);
        let composition = method.build(&names, &backbone, None)?;
        let groups = composition.groups(specification.weight_decay);
        let group_names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
        let sources = composition.bank.source_count();
        let stages = [StagePlan::only(Some(Rc::new(composition)), method.alone, &groups)];
        let plan = Plan {
            stages: &stages,
            epochs: specification.epochs,
            steps: specification.asked_steps,
            batch_size: specification.batch_size,
            accumulate: specification.accumulate,
            length_buckets: specification.length_buckets,
            sampler: None,
            seed: specification.seed,
            max_source: specification.max_source_length,
        };
        let (batches, steps) = plan.batches(&tasks, None, &tokenizer)?;
        let rows = tasks.tasks.iter().map(|task| task.train.len() as u64);
        let sizes = names.iter().cloned().zip(rows).collect();
        let stages = plan.stages(steps, &group_names, (&names, sizes, names.len()), sources);
        let of_stages: Vec<Setting> = stages.iter().map(|stage| stage.setting.clone()).collect();
        let control = Box::new(OfMethod(method.control(&group_names)));
        let steering = Rc::new(RefCell::new(Steering::new(control, no_files, of_stages, false)));
        let parts = Parts {
            backbone: Rc::new(RefCell::new(backbone)),
            tasks: Some(Rc::new(tasks)),
            task_names: names,
            groups,
            optimizer: optimizer::make(&Variant::read(
                &specification.optimizer,
                "optimizer",
                None,
            )?)?,
            batches,
            stages,
            control: Box::new(Shared(steering.clone())),
            settings,
        };
        Run::new(specification, parts, steering, host, options)
    }
}

fn settings(specification: &Specification, device: Device) -> Result<Settings> {
    let placement = Placement::parse(&specification.placement)?;
    let tries = specification.non_finite_tries.unwrap_or(NonFinite::TRIES);
    Ok(Settings {
        placement,
        max_source: specification.max_source_length,
        accumulate: specification.accumulate,
        clip: specification.clip,
        dropout: specification.dropout,
        seed: specification.seed,
        group_cost: plan::attention(&specification.attention)?,
        recompute: Recompute::read(&specification.recompute, device)?,
        non_finite: NonFinite::parse(&specification.non_finite, tries).at("non_finite")?,
        evaluate_every: specification.evaluate_every,
        evaluation: Evaluation {
            limit: specification.evaluate_limit,
            ..Evaluation::of(Split::Validation, specification.max_source_length, placement)
        },
        anchor_every: Settings::anchor_every(specification.checkpoints().every),
    })
}

/// The method's own control, which prints nothing.
struct OfMethod(MethodControl);

impl Control for OfMethod {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        self.0.knobs(view)
    }
}

impl Program for OfMethod {
    fn texts(&self) -> Vec<(String, Option<String>)> {
        Vec::new()
    }

    fn output(&self) -> Output {
        Output::default()
    }
}

/// Control files need a language runtime, which is not available here.
fn no_files(path: &Path, _: Origin, _: &[Setting]) -> Loaded {
    let program = Err(Error::new("control files are not read here").at(path.display()));
    Loaded { program, touched: Vec::new(), is_unfinished: false }
}
