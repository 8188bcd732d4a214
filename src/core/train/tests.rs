//! Training and evaluation with a backbone that is not T5.

use super::batch::{Inputs, Outputs, Placement, Rows};
use super::composition::{Composition, Selection};
use super::control::{Control, Setting, View};
use super::knobs::{Knobs, Value};
use super::learner::{BatchContext, Learner, TaskInputs};
use super::optimizer::{Flat, Gradients, Group, Optimizer};
use super::predict::{Decoding, Evaluation};
use super::prompt_predictor::PromptPredictor;
use super::rows::tokenize;
use super::sampler::Sampler;
use super::{NonFinite, Parts, Recompute, Settings, Stage, TaskBatches, Trainer};
use crate::Result;
use crate::backbone::toy::{HEAD, Toy};
use crate::backbone::{Beams, Change, Changes, Generate, Generation, LoadedBackbone, Origin};
use crate::compose::built_in;
use crate::data::{
    Example, Form, Labels, Prefix, Remarks, Split, Task, TaskSet, Template, TextDecoding, Tokenizer,
};
use crate::metric::Metric;
use crate::nn::Named;
use crate::prompt::{BankOptions, EncoderKind, Init, Material, PromptBank};
use crate::router::{Given, Keep, Normalisation, Phase, Router};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const D_MODEL: i64 = 16;
const LENGTH: i64 = 12;
const WORDS: [&str; 2] = ["good", "bad"];

fn toy() -> LoadedBackbone {
    tch::manual_seed(1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tokenizer");
    let tokenizer = Tokenizer::load(&folder).unwrap();
    let model = Toy::new(tokenizer.vocab_size() as i64, D_MODEL).unwrap();
    LoadedBackbone {
        name: "toy".into(),
        revision: None,
        model: Box::new(model),
        tokenizer: Some(Rc::new(tokenizer)),
        origin: Origin::Random,
    }
}

/// Rows of different lengths whose first word is their label.
fn task(name: &str) -> Task {
    let row = |i: usize| Example {
        index: i,
        source: format!("{}{}", WORDS[i % 2], " and so on".repeat(i % 3)),
        target: WORDS[i % 2].to_string(),
        ..Example::default()
    };
    let rows: Vec<Example> = (0..12).map(row).collect();
    Task {
        name: name.to_string(),
        form: None,
        prefix: Prefix { text: name.to_string(), is_applied: false },
        labels: Labels::of(WORDS.map(String::from).to_vec()).unwrap(),
        metrics: vec![Metric::parse("accuracy").unwrap()],
        origins: BTreeMap::new(),
        remarks: Remarks::default(),
        train: rows.clone(),
        validation: rows.clone(),
        test: rows,
    }
}

/// The same weight for every source.
struct Equal;

impl Router for Equal {
    fn logits(&self) -> Option<&Tensor> {
        None
    }

    fn normalisation(&self, _: Phase) -> Normalisation {
        Normalisation::Softmax
    }

    fn weights(&self, given: &Given, _: Phase, _: Option<&Keep>) -> Result<Tensor> {
        Ok(Tensor::f_full([given.tasks.size()[0], 2], 0.5, (Kind::Float, Device::Cpu))?)
    }
}

fn composition(tasks: &[String]) -> Composition {
    let options = BankOptions {
        tasks,
        sources: 2,
        length: LENGTH,
        private_length: LENGTH,
        init: Init::default(),
        encoder: EncoderKind::None,
        material: Material { dim: D_MODEL, device: Device::Cpu, vocabulary: None, tokenizer: None },
    };
    let bank = Rc::new(PromptBank::new(&options).unwrap());
    Composition {
        bank,
        router: Some(Rc::new(Equal)),
        operator: built_in("sum").unwrap(),
        device: Device::Cpu,
    }
}

/// Steps against the sign of the gradient, of the size of the learning rate.
struct SignDescent;

impl Optimizer for SignDescent {
    fn step(&mut self, flat: &Flat, gradients: &Gradients, lr: f64, _decay: f64) -> Result<()> {
        for part in gradients.parts(flat) {
            let (_, parameter, gradient) = part?;
            let step = gradient.f_sign()?.f_mul_scalar(lr)?;
            let _ = tch::no_grad(|| parameter.shallow_clone().f_sub_(&step))?;
        }
        Ok(())
    }

    fn state(&self) -> Result<Named> {
        Ok(Named::new())
    }

    fn load_state(&mut self, _groups: &[Group], _state: &[(String, Tensor)]) -> Result<()> {
        Ok(())
    }
}

/// The same learning rate for every group.
struct Fixed;

impl Control for Fixed {
    fn knobs(&mut self, _view: &View) -> Result<Knobs> {
        let mut knobs = Knobs::default();
        for group in ["source", "private", "head"] {
            knobs.set(format!("lr.{group}"), Value::Number(0.1));
        }
        Ok(knobs)
    }
}

fn evaluation(decoding: Decoding) -> Evaluation {
    Evaluation {
        split: Split::Validation,
        limit: None,
        decoding,
        max_new_tokens: 4,
        text: TextDecoding::default(),
        batch_tokens: 64,
        max_source: 32,
        placement: Placement::Append,
    }
}

fn trainer(learner: Rc<dyn Learner>, groups: Vec<Group>) -> Trainer {
    let backbone = toy();
    let tokenizer = backbone.need_tokenizer().unwrap();
    let set = TaskSet::of("set", ["a", "b"].map(task).to_vec());
    let names: Vec<String> = set.names().iter().map(|name| name.to_string()).collect();
    let rows = set.tasks.iter().map(|task| tokenize(&tokenizer, &task.train, 32, None).unwrap().0);
    let rows: Vec<_> = rows.collect();
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let samplers = vec![Sampler::new(&sizes, &[0, 1], 8, None, 1)];
    let stage = Stage {
        name: String::new(),
        setting: Setting { total_steps: 60, steps_per_epoch: 3, ..Setting::default() },
        learner: Some(learner),
        from: false,
        trains: groups.iter().map(|group| group.name.clone()).collect(),
        begins: true,
        afresh: false,
    };
    Trainer::new(Parts {
        backbone: Rc::new(RefCell::new(backbone)),
        tasks: Some(Rc::new(set)),
        task_names: names.clone(),
        groups,
        optimizer: Box::new(SignDescent),
        batches: Box::new(TaskBatches { names, rows: Rc::new(rows), samplers, by_row: None }),
        stages: vec![stage],
        control: Box::new(Fixed),
        settings: Settings {
            placement: Placement::Append,
            max_source: 32,
            accumulate: 1,
            clip: 1.0,
            dropout: 0.0,
            seed: 1,
            group_cost: None,
            recompute: Recompute::Never,
            non_finite: NonFinite::Stop,
            evaluate_every: 0,
            evaluation: evaluation(Decoding::Greedy),
            anchor_every: 1,
        },
    })
}

/// Trains all steps: the mean loss of an epoch must decrease, and every decoding method must return a
/// prediction for each row.
fn train(trainer: &mut Trainer) {
    let mut losses = Vec::new();
    while trainer.steps() < trainer.total_steps() {
        losses.push(trainer.step(false).unwrap().unwrap().loss);
    }
    let epochs: Vec<f64> = losses.chunks(3).map(|steps| steps.iter().sum::<f64>() / 3.0).collect();
    let (first, last) = (epochs[0], epochs[epochs.len() - 1]);
    // A prompt can hardly tell the rows apart here: what can be gained depends on the random head.
    assert!(last < 0.97 * first, "{first} to {last}");
    for decoding in [Decoding::Greedy, Decoding::Full, Decoding::Rank] {
        let all = Selection::default();
        let found = trainer.evaluate(&[0, 1], all, &evaluation(decoding), &mut |_, _| Ok(()));
        for scores in found.unwrap().tasks {
            assert_eq!(scores.predictions.len(), 12, "{decoding:?}");
            let known = |p: &super::evaluate::Prediction| WORDS.contains(&&p.prediction[..]);
            let share = scores.predictions.iter().filter(|p| known(p)).count();
            assert!(decoding != Decoding::Rank || share == 12, "{:?}", scores.predictions);
        }
    }
}

#[test]
fn a_composition_is_trained_over_another_backbone() {
    let composition = Rc::new(composition(&["a", "b"].map(String::from)));
    let groups = composition.groups(0.0);
    let mut trainer = trainer(composition, groups);
    train(&mut trainer);
    let prompts = trainer.prompts(Selection::default()).unwrap().unwrap();
    assert_eq!(prompts.vectors.size(), [2, LENGTH, D_MODEL]);
    let form = Form {
        template: Template::Pattern("{text}".into()),
        prefix: None,
        columns: BTreeMap::new(),
        pad_punctuation: false,
        labels: task("a").labels,
    };
    let backbone = trainer.parts().backbone.borrow();
    let prompt = prompts.vectors.get(0);
    let predictor =
        PromptPredictor::new(&backbone, "a", form, &prompt, 32, Placement::Append).unwrap();
    let row = predictor.form().row("good").unwrap();
    let predicted = predictor.predict(&[row]).map_err(|(_, e)| e).unwrap();
    assert_eq!(predicted[0].scores.len(), 2);
}

/// A bias of the head for every task.
struct HeadBias(Tensor);

impl Learner for HeadBias {
    fn inputs(&self, _rows: &Rows, _context: BatchContext) -> Result<Inputs> {
        let bias = Change::Bias(self.0.shallow_clone());
        let changes = Changes(BTreeMap::from([(HEAD.to_string(), vec![bias])]));
        Ok(Inputs { changes, ..Inputs::default() })
    }

    fn task_inputs(&self, _tasks: &[usize], _selection: Selection) -> Result<TaskInputs> {
        Ok(TaskInputs::PerRow { positions: 0, apart: true })
    }

    fn loss(&self, _: &Rows, _: BatchContext, outputs: &Outputs) -> Result<Option<Tensor>> {
        outputs.losses.mean().map(Some)
    }
}

#[test]
fn a_change_is_trained_over_another_backbone() {
    let size = toy().model.model_config().vocab_size;
    let bias = Tensor::zeros([size], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let parameters = vec![("head.bias".to_string(), bias.shallow_clone())];
    let group = Group { name: "head".into(), parameters, weight_decay: 0.0 };
    let mut trainer = trainer(Rc::new(HeadBias(bias)), vec![group]);
    let head = |trainer: &Trainer| trainer.parts().backbone.borrow().model.config_json();
    let before = head(&trainer);
    train(&mut trainer);
    assert_eq!(head(&trainer), before);
}

#[test]
fn generation_is_for_every_backbone() {
    let backbone = toy();
    let model = &*backbone.model;
    let ids = Tensor::from_slice(&[5i64, 9, 1, 7, 1, 0]).view([2, 3]);
    let mask = ids.ne(0).to_kind(Kind::Float);
    let embedded = model.embed(&ids).unwrap();
    let encoded = model.encode_padded(&embedded, Some(&mask), model.group_cost(), 0.0).unwrap();
    let options = Generation::up_to(5);
    let greedy = model.greedy(&encoded, options).unwrap();
    let cut = |row: usize, ids: &[i64]| ids.len() > 1 + row;
    let read_at_once = |interval| model.greedy_by(interval, &encoded, options, cut).unwrap();
    assert_eq!(read_at_once(1), [&greedy[0][..2], &greedy[1][..3]]);
    for interval in [2, 3, 8] {
        assert_eq!(read_at_once(interval), read_at_once(1), "{interval}");
    }
    let one = Beams { num_beams: 1, ..Beams::default() };
    assert_eq!(model.beam_search(&encoded, options, one).unwrap(), greedy);
    // The first token of greedy decoding is the most likely one.
    let every: Vec<Vec<i64>> = (0..model.model_config().vocab_size).map(|id| vec![id]).collect();
    for (scores, ids) in model.score(&encoded, &every).unwrap().iter().zip(&greedy) {
        let best = (0..every.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        assert_eq!(best, Some(ids[0] as usize));
    }
}
