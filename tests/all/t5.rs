//! The T5 against `transformers`: tests/golden/t5.py made the checkpoints and what they compute.

use compt_base::data::EarlyStopping;
use compt_core::backbone::{Backbone, Beams, Encoded, Generate, Generation, GroupCost};
use compt_core::t5::T5;
use std::collections::HashMap;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};

const CASES: [&str; 13] = [
    "v1_0",
    "v1_1",
    "v1_1_shared",
    "flan",
    "odd",
    "mt5",
    "mt5_4",
    "umt5",
    "umt5_4",
    "ul2",
    "madlad",
    "byt5",
    "codet5",
];
const COSTS: [GroupCost; 3] = [GroupCost::PADDED, GroupCost(6.0), GroupCost::EXACT];

struct Case {
    model: T5,
    tensors: HashMap<String, Tensor>,
    numbers: serde_json::Value,
}

impl Case {
    fn load(name: &str, kind: Kind) -> Case {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/t5").join(name);
        let tensors = Tensor::read_safetensors(folder.join("golden.safetensors")).unwrap();
        let numbers = std::fs::read_to_string(folder.join("golden.json")).unwrap();
        Case {
            model: T5::load(&folder, kind, Device::Cpu).unwrap(),
            tensors: tensors.into_iter().collect(),
            numbers: serde_json::from_str(&numbers).unwrap(),
        }
    }

    fn get(&self, name: &str) -> Tensor {
        let t = &self.tensors[name];
        if t.kind() == Kind::Int { t.to_kind(Kind::Int64) } else { t.shallow_clone() }
    }

    /// The generated ids of a golden `[B, n]`, without the start token and what follows the end.
    fn tokens(&self, name: &str) -> Vec<Vec<i64>> {
        let t = self.get(name);
        (0..t.size()[0])
            .map(|row| {
                let ids: Vec<i64> = t.get(row).try_into().unwrap();
                let eos = self.model.config.eos_token_id;
                let end = ids.iter().position(|&id| id == eos).map_or(ids.len(), |end| end + 1);
                ids[1..end].to_vec()
            })
            .collect()
    }

    fn encode(&self, embeds: &str, cost: GroupCost) -> Encoded {
        let embeds = match embeds {
            "input_ids" => self.model.embed(&self.get(embeds)).unwrap(),
            other => self.get(other),
        };
        let mask = self.get("attention_mask");
        self.model.encode_padded(&embeds, Some(&mask), cost, 0.0).unwrap()
    }
}

#[track_caller]
fn assert_close(got: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(got.size(), expected.size(), "{what}");
    let gap = (got - expected).abs().max().double_value(&[]);
    assert!(gap <= tolerance, "{what}: off by {gap}");
}

#[test]
fn logits_loss_and_gradients_are_those_of_transformers() {
    for name in CASES {
        let case = Case::load(name, Kind::Float);
        for cost in COSTS {
            let what = format!("{name} {cost:?}");
            let mask = case.get("attention_mask");
            let embeds = case.model.embed(&case.get("input_ids")).unwrap().set_requires_grad(true);
            let encoded = case.model.encode_padded(&embeds, Some(&mask), cost, 0.0).unwrap();
            let states = encoded.layout.unpack(&encoded.states, mask.size()[1]).unwrap();
            let expected = case.get("encoder") * mask.unsqueeze(-1);
            assert_close(&states, &expected, 1e-4, &format!("{what} encoder"));

            let labels = case.get("labels");
            let inputs = case.model.shift_right(&labels).unwrap();
            let logits = case.model.decode(&encoded, &inputs, 0.0).unwrap().logits;
            assert_close(&logits, &case.get("logits"), 1e-4, &format!("{what} logits"));

            let losses = case.model.token_losses(&logits, &labels).unwrap();
            assert_close(&losses.losses, &case.get("token_loss"), 1e-4, &what);
            let loss = losses.mean().unwrap();
            let expected = case.numbers["loss"].as_f64().unwrap();
            assert!((loss.double_value(&[]) - expected).abs() < 1e-4, "{what} loss");

            loss.backward();
            let real = mask.unsqueeze(-1);
            let expected = case.get("embeds_grad") * &real;
            assert_close(&embeds.grad(), &expected, 1e-4, &format!("{what} gradient"));
        }
    }
}

#[test]
fn generated_tokens_are_those_of_transformers() {
    for name in CASES {
        let case = Case::load(name, Kind::Float);
        let max_new_tokens = case.numbers["max_new_tokens"].as_i64().unwrap();
        let generation = Generation::up_to(max_new_tokens);
        let beams =
            Beams { num_beams: case.numbers["num_beams"].as_i64().unwrap(), ..Beams::default() };
        for cost in COSTS {
            let what = format!("{name} {cost:?}");
            let encoded = case.encode("input_ids", cost);
            let greedy = case.model.greedy(&encoded, generation).unwrap();
            assert_eq!(greedy, case.tokens("greedy"), "{what}");
            let best = case.model.beam_search(&encoded, generation, beams).unwrap();
            assert_eq!(best, case.tokens("beam"), "{what}");
            let encoded = case.encode("prompted_embeds", cost);
            let greedy = case.model.greedy(&encoded, generation).unwrap();
            assert_eq!(greedy, case.tokens("greedy_embeds"), "{what}");
        }
    }
}

/// tests/golden/generation.py.
#[test]
fn lengths_penalties_and_early_stopping_are_those_of_transformers() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../golden/generation.json")).unwrap();
    let load = |name: &str| (name.to_string(), Case::load(name, Kind::Float));
    let models: HashMap<String, Case> = ["v1_0", "flan", "mt5"].map(load).into();
    for case in &cases {
        let model = &models[case["model"].as_str().unwrap()];
        let encoded = model.encode("input_ids", GroupCost::PADDED);
        let options = &case["options"];
        let number = |key: &str| options[key].as_i64().unwrap();
        let generation = Generation {
            max_new_tokens: number("max_new_tokens"),
            min_new_tokens: number("min_new_tokens"),
        };
        let found = match options.get("num_beams") {
            None => model.model.greedy(&encoded, generation).unwrap(),
            Some(_) => {
                let beams = Beams {
                    num_beams: number("num_beams"),
                    length_penalty: options["length_penalty"].as_f64().unwrap(),
                    early_stopping: match options["early_stopping"].as_bool() {
                        Some(true) => EarlyStopping::Yes,
                        Some(false) => EarlyStopping::No,
                        None => EarlyStopping::Never,
                    },
                };
                model.model.beam_search(&encoded, generation, beams).unwrap()
            }
        };
        let expected: Vec<Vec<i64>> = serde_json::from_value(case["tokens"].clone()).unwrap();
        assert_eq!(found, expected, "{} {options}", case["model"]);
        // What `generate` of a trainer tells of a text: its tokens forced on the decoder.
        let Some(scores) = case["scores"].as_array() else { continue };
        let sums = model.model.score_rows(&encoded, &expected).unwrap();
        let penalty = options["length_penalty"].as_f64().unwrap();
        for ((sum, tokens), score) in sums.iter().zip(&expected).zip(scores) {
            let (own, score) = (sum / (tokens.len() as f64).powf(penalty), score.as_f64().unwrap());
            let about = 1e-4 * score.abs().max(1.0);
            assert!((own - score).abs() < about, "{options}: {own}, not {score}");
        }
    }
}

/// Rows that end early leave the others as they are, whatever groups they were in.
#[test]
fn rows_can_end_one_by_one() {
    for name in CASES {
        let case = Case::load(name, Kind::Float);
        for cost in COSTS {
            let encoded = case.encode("input_ids", cost);
            // Long enough for projected keys and values, and for absorbed ones.
            for max_new_tokens in [3, 200] {
                let options = Generation::up_to(max_new_tokens);
                let whole = case.model.greedy(&encoded, options).unwrap();
                let done = |row: usize, tokens: &[i64]| tokens.len() > row;
                // Read token by token, as on a CPU, and 8 at once, as on a GPU.
                for interval in [1, 8] {
                    let all = |_: usize, _: &[i64]| false;
                    let again = case.model.greedy_by(interval, &encoded, options, all).unwrap();
                    assert_eq!(again, whole, "{name} {cost:?} read by {interval}");
                    let cut = case.model.greedy_by(interval, &encoded, options, done).unwrap();
                    for (row, (cut, whole)) in cut.iter().zip(&whole).enumerate() {
                        let length = whole.len().min(row + 1);
                        assert_eq!(cut, &whole[..length], "{name} {cost:?} row {row}");
                    }
                }
            }
        }
    }
}

/// Keys and values of the encoder's states, or the matrices applied to the queries: the same sums.
#[test]
fn both_forms_of_cross_attention_agree() {
    for name in CASES {
        let case = Case::load(name, Kind::Float);
        let encoded = case.encode("input_ids", GroupCost::EXACT);
        // The longer the target, the sooner keys and values are projected.
        let short = case.model.greedy(&encoded, Generation::up_to(1)).unwrap();
        let long = case.model.greedy(&encoded, Generation::up_to(200)).unwrap();
        for (short, long) in short.iter().zip(&long) {
            assert_eq!(short[0], long[0], "{name}");
        }
    }
}

#[test]
fn bfloat16_stays_near_float32() {
    for name in CASES {
        let case = Case::load(name, Kind::BFloat16);
        let encoded = case.encode("input_ids", GroupCost::EXACT);
        let inputs = case.model.shift_right(&case.get("labels")).unwrap();
        let logits = case.model.decode(&encoded, &inputs, 0.0).unwrap().logits.to_kind(Kind::Float);
        let expected = case.get("logits");
        let gap = (logits - &expected).square().mean(Kind::Float).sqrt().double_value(&[]);
        let spread = expected.std(true).double_value(&[]);
        assert!(gap < 0.1 * spread, "{name}: off by {gap} of {spread}");
    }
}

/// The log-probability of a candidate is minus the sum of its token losses.
#[test]
fn scores_of_candidates_are_sums_of_token_losses() {
    for name in CASES {
        let case = Case::load(name, Kind::Float);
        let encoded = case.encode("input_ids", GroupCost(6.0));
        let candidates = vec![vec![7, 9, 1], vec![5, 1], vec![11, 4, 8, 1]];
        let scores = case.model.score(&encoded, &candidates).unwrap();
        for (i, candidate) in candidates.iter().enumerate() {
            let labels = Tensor::from_slice(candidate).unsqueeze(0).repeat([4, 1]);
            let inputs = case.model.shift_right(&labels).unwrap();
            let logits = case.model.decode(&encoded, &inputs, 0.0).unwrap().logits;
            let losses = case.model.token_losses(&logits, &labels).unwrap().losses;
            for row in 0..4 {
                let expected = -losses.get(row).sum(Kind::Double).double_value(&[]);
                let got = scores[row as usize][i];
                assert!((got - expected).abs() < 1e-4, "{name}: {got} is not {expected}");
            }
        }
    }
}
