//! Methods written in Lua: their parameters (`setup`), their view of a batch (`batch`), and the prompts or
//! changes of the backbone that they compute for it (`inputs`).

mod batch;
mod inputs;
mod setup;

pub use batch::LuaBatch;
pub use setup::LuaSetup;

use crate::failure::error_of;
use crate::options::Options;
use crate::torch::{LuaTensor, default_device, in_scope};
use crate::{Error, Result};
use compt_base::notice;
use compt_core::backbone::{Changes, GroupCost};
use compt_core::compose::Isolation;
use compt_core::tensor::is_finite;
use compt_core::train::batch::{Inputs, Outputs, Placement, Prompts, Rows};
use compt_core::train::composition::Selection;
use compt_core::train::learner::{BatchContext, Learner, TaskInputs};
use compt_core::train::optimizer::Group;
use mlua::{Function, Lua, Table, Value, WeakLua};
use std::rc::Rc;
use tch::Tensor;

/// One stage of a method.
pub struct Stage {
    pub name: String,
    /// Its share of the steps of the run.
    pub share: f64,
    /// Whether it trains each task separately, one after the other.
    pub alone: bool,
    /// Whether its rows come from the method's source tasks.
    pub from: bool,
    /// The groups it trains; `None`: all.
    pub trains: Option<Vec<String>>,
    /// Its learning rates, if they differ from the method's.
    pub lr: Option<Table>,
    pub learner: Rc<dyn Learner>,
}

/// A method that was built for a trainer.
pub struct Plan {
    pub groups: Vec<Group>,
    pub stages: Vec<Stage>,
}

/// Calls the method's `build` and reads its result: `compt.Plan` in `stdlib/doc`.
pub fn build(lua: &Lua, build: &Function, setup: LuaSetup, decay: f64) -> mlua::Result<Plan> {
    let shared = setup.clone();
    let device = setup.backbone().borrow().model.device();
    let table: Table = default_device::moved_to(device, || build.call((shared,)))?;
    let o = Options::new("build", Value::Table(table))?;
    let give: Option<Function> = o.get(lua, "give")?;
    let loss: Option<Function> = o.get(lua, "loss")?;
    let sources: usize = o.get_or(lua, "sources", 0)?;
    let private: bool = o.get_or(lua, "private", true)?;
    let stages: Option<Vec<Value>> = o.get(lua, "stages")?;
    o.finish()?;
    let groups = setup.groups(decay);
    if groups.is_empty() {
        return Err(Error::new("the method trains nothing")
            .at("build")
            .hint("declare what it trains with setup:parameter(group, name, value)")
            .into());
    }
    let program = |give: Option<Function>,
                   loss: Option<Function>,
                   begin: Option<Function>,
                   sources: usize| {
        let give = give.ok_or_else(|| {
            Error::new(
                "'give' is missing: a function of a batch that returns its prompts and changes",
            )
            .at("build")
        })?;
        let (lua, setup) = (lua.weak(), setup.clone());
        Ok::<_, mlua::Error>(Rc::new(Program { lua, setup, give, loss, begin, sources, private }))
    };
    let Some(stages) = stages else {
        let stage = Stage {
            name: String::new(),
            share: 1.0,
            alone: false,
            from: false,
            trains: None,
            lr: None,
            learner: program(give, loss, None, sources)?,
        };
        return Ok(Plan { groups, stages: vec![stage] });
    };
    let equal = 1.0 / stages.len().max(1) as f64;
    let mut read: Vec<Stage> = Vec::new();
    let last = stages.len();
    for (i, stage) in stages.into_iter().enumerate() {
        let o = Options::new(&format!("stage {}", i + 1), stage)?;
        let own: Option<Function> = o.get(lua, "give")?;
        let own_loss: Option<Function> = o.get(lua, "loss")?;
        let begin: Option<Function> = o.get(lua, "begin")?;
        let trains: Option<Vec<String>> = o.get(lua, "train")?;
        for name in trains.iter().flatten() {
            known_group(&groups, name, &format!("stage {}: train", i + 1))?;
        }
        // Sources are composed in the last stage; earlier stages may differ.
        let sources = if i + 1 == last { sources } else { 0 };
        let learner = program(own.or(give.clone()), own_loss.or(loss.clone()), begin, sources)?;
        let name: String = o.need(lua, "name")?;
        if read.iter().any(|stage| stage.name == name) {
            return Err(Error::new(format!("two stages are called '{name}'")).at("build").into());
        }
        let lr: Option<Table> = o.get(lua, "lr")?;
        for pair in lr.iter().flat_map(|lr| lr.pairs::<String, Value>()) {
            let (group, place) = (pair?.0, format!("stage {}: lr", i + 1));
            known_group(&groups, &group, &place)?;
            if trains.as_ref().is_some_and(|trains| !trains.contains(&group)) {
                let what = format!("the group '{group}' is not among those this stage trains");
                return Err(Error::new(what).at(place).hint("put it into 'train'").into());
            }
        }
        read.push(Stage {
            name,
            share: o.get_or(lua, "share", equal)?,
            alone: o.get_or(lua, "alone", false)?,
            from: o.get_or(lua, "from", false)?,
            trains,
            lr,
            learner,
        });
        o.finish()?;
    }
    if read.is_empty() || read.iter().any(|stage| !(stage.share > 0.0 && stage.share <= 1.0)) {
        return Err(Error::new("every stage needs a 'share' of the steps above 0, at most 1")
            .at("build: stages")
            .into());
    }
    tell_untrained(&groups, &read);
    Ok(Plan { groups, stages: read })
}

/// Reports groups that no stage trains.
fn tell_untrained(groups: &[Group], stages: &[Stage]) {
    for group in groups {
        let trains = |stage: &Stage| stage.trains.as_ref().is_none_or(|t| t.contains(&group.name));
        if !stages.iter().any(trains) {
            notice::say(&format!(
                "warning: build: no stage trains the parameter group '{}'",
                group.name
            ));
        }
    }
}

fn known_group(groups: &[Group], name: &str, place: &str) -> Result<()> {
    match groups.iter().any(|group| group.name == name) {
        true => Ok(()),
        false => {
            let known = groups.iter().map(|group| group.name.as_str());
            Err(Error::unknown("parameter group", name, known).at(place))
        }
    }
}

/// A learner whose parts are Lua functions over tensors, differentiated by autograd.
struct Program {
    lua: WeakLua,
    setup: LuaSetup,
    give: Function,
    loss: Option<Function>,
    begin: Option<Function>,
    /// The number of source prompts that can be selected separately.
    sources: usize,
    /// Whether there are private prompts to leave out.
    private: bool,
}

/// The end-of-sequence token alone: a row that any backbone accepts.
const SHORTEST: i64 = 1;

impl Program {
    fn call(&self, batch: &LuaBatch) -> Result<Inputs> {
        let lua = self.lua.upgrade();
        let (function, own) = (self.give.clone(), batch.clone());
        let call = || -> mlua::Result<Inputs> {
            let body = lua.create_function(move |_, ()| function.call::<Value>(own.clone()))?;
            let value: Value = default_device::on(batch.device(), || in_scope(&lua, body))?;
            inputs::read(&lua, value, (batch.size(), self.setup.d_model()), batch.device())
        };
        call().map_err(|e| error_of(&e).at("give"))
    }

    /// A batch to call the functions with, without rows or with the shortest ones.
    fn rows(&self, sources: Vec<Vec<i64>>, tasks: &[usize]) -> Rows {
        Rows {
            backbone: self.setup.backbone(),
            tasks: tasks.to_vec(),
            sources,
            targets: Vec::new(),
            placement: Placement::Append,
            cost: GroupCost::PADDED,
        }
    }

    fn batch(&self, rows: Rows, context: BatchContext) -> Result<LuaBatch> {
        let s = context.selection;
        if s.normalise.is_some() || s.top_k.is_some() {
            return Err(Error::new(
                "this method has no built-in router: 'normalise' and 'top_k' cannot be used",
            ));
        }
        if s.isolation != Isolation::Total && self.sources == 0 {
            return Err(Error::new("this method has no source prompts to isolate"));
        }
        if !self.private && matches!(s.isolation, Isolation::AllSources | Isolation::Private) {
            return Err(Error::new("this method has no private prompts"));
        }
        Ok(LuaBatch::new(rows, context, self.setup.names(), self.sources))
    }
}

impl Learner for Program {
    fn inputs(&self, rows: &Rows, context: BatchContext) -> Result<Inputs> {
        let batch = self.batch(rows.clone(), context)?;
        match context.temperature {
            Some(_) => self.call(&batch),
            None => tch::no_grad(|| self.call(&batch)),
        }
    }

    fn try_out(&self, tasks: &[usize]) -> Result<()> {
        if self.loss.is_some() {
            return Ok(());
        }
        let at_inference = BatchContext::inference(Selection::default());
        let context = BatchContext { temperature: Some(1.0), ..at_inference };
        let shortest = vec![vec![SHORTEST]; tasks.len()];
        let rows = Rows { targets: shortest.clone(), ..self.rows(shortest, tasks) };
        let inputs = self.inputs(&rows, context)?;
        let prompt = inputs.prompts.as_ref().map(|prompts| &prompts.vectors);
        let tensors: Vec<&Tensor> =
            prompt.into_iter().chain(&inputs.shift).chain(inputs.changes.tensors()).collect();
        for tensor in &tensors {
            if !is_finite(tensor)? {
                return Err(Error::new("it returned numbers that are not finite").at("give"));
            }
        }
        let trains_backbone = self.setup.backbone().borrow().model.is_trainable();
        if tensors.is_empty() && !trains_backbone {
            return Err(Error::new("it returned nothing: no prompt, no shift and no change")
                .at("give")
                .hint("with a frozen backbone there is nothing else to train"));
        }
        if tensors.is_empty() || tensors.iter().any(|tensor| tensor.requires_grad()) {
            return Ok(());
        }
        let what = "the result does not depend on a parameter: there is nothing to train";
        Err(Error::new(what)
            .at("give")
            .hint("`detach`, `item` and `tolist` remove the gradient graph"))
    }

    fn check_mixed(&self, tasks: &[usize]) -> Result<()> {
        let rows = self.rows(vec![vec![SHORTEST]; tasks.len()], tasks);
        self.inputs(&rows, BatchContext::inference(Selection::default())).map(|_| ())
    }

    /// First called without rows: if the function needs them, prompts depend on the row.
    fn task_inputs(&self, tasks: &[usize], selection: Selection) -> Result<TaskInputs> {
        let context = BatchContext::inference(selection);
        let batch = self.batch(self.rows(Vec::new(), tasks), context)?;
        let asked = tch::no_grad(|| self.call(&batch));
        let inputs = match asked {
            Ok(Inputs { prompts: Some(prompts), shift: None, changes }) if changes.is_empty() => {
                return Ok(TaskInputs::Prompts(Prompts { of_row: Vec::new(), ..prompts }));
            }
            _ => {
                let first = &tasks[..tasks.len().min(1)];
                self.inputs(&self.rows(vec![vec![SHORTEST]; first.len()], first), context)?
            }
        };
        inputs.changes.check(&self.setup.backbone().borrow().model.places())?;
        Ok(TaskInputs::PerRow {
            positions: inputs.prompts.map_or(0, |p| p.vectors.size()[1] as usize),
            apart: !inputs.changes.is_empty(),
        })
    }

    fn loss(
        &self,
        rows: &Rows,
        context: BatchContext,
        outputs: &Outputs,
    ) -> Result<Option<Tensor>> {
        let Some(function) = &self.loss else { return Ok(None) };
        let lua = self.lua.upgrade();
        let batch = self.batch(rows.clone(), context)?;
        let device = batch.device();
        let call = || -> mlua::Result<Tensor> {
            let (function, outputs) = (function.clone(), outputs.shallow_clone());
            let body = lua.create_function(move |lua, ()| {
                function.call::<LuaTensor>((batch.clone(), batch::outputs(lua, &outputs)?))
            })?;
            let loss: LuaTensor = default_device::on(device, || in_scope(&lua, body))?;
            Ok(loss.get()?)
        };
        let loss = call().map_err(|e| error_of(&e).at("loss"))?;
        match loss.numel() {
            1 => Ok(Some(loss.f_to_device(device)?)),
            _ => Err(Error::new(format!("it returned {:?}, not a single number", loss.size()))
                .at("loss")),
        }
    }

    fn begin(&self) -> Result<()> {
        match &self.begin {
            Some(function) => function.call::<()>(()).map_err(|e| error_of(&e).at("begin")),
            None => Ok(()),
        }
    }

    fn changes(&self, task: usize) -> Result<Changes> {
        let rows = self.rows(vec![vec![SHORTEST]], &[task]);
        Ok(self.inputs(&rows, BatchContext::inference(Selection::default()))?.changes)
    }

    fn sources(&self) -> usize {
        self.sources
    }
}
