//! Backbones and tasks of the hub, from a script: a hub on the loopback gives what a folder would.

use crate::program::cache::Home;
use crate::program::hub_server::{COMMIT, Repo, Server};
use crate::program::{read, root};
use std::fs;
use std::path::Path;

/// Every file of a folder, as a repository.
fn repo(api: &str, folder: &str, files: &[&str]) -> Repo {
    let folder = root().join("tests").join(folder);
    let read = |name: &&str| (name.to_string(), fs::read(folder.join(name)).unwrap(), true);
    Repo { files: files.iter().map(read).collect(), ..Repo::new(api, &[]) }
}

fn hub(repos: Vec<Repo>) -> Server {
    Server::start(move |request| {
        let owns = |repo: &&Repo| request.path.contains(repo.api.split_once('/').unwrap().1);
        repos.iter().find(owns).unwrap_or(&repos[0]).answer(request)
    })
}

fn datasets() -> Vec<Repo> {
    let rte = ["rte/train-00000-of-00002.parquet", "rte/train-00001-of-00002.parquet"];
    let rte = [rte[0], rte[1], "rte/validation-00000-of-00001.parquet"];
    let scitail = ["train", "validation"].map(|s| format!("tsv_format/{s}-00000-of-00001.parquet"));
    let scitail: Vec<&str> = scitail.iter().map(String::as_str).collect();
    vec![
        repo("datasets/nyu-mll/glue", "fixtures/parquet", &rte),
        repo("datasets/allenai/scitail", "fixtures/parquet", &scitail),
    ]
}

#[test]
fn tasks_of_the_hub_are_those_of_a_folder() {
    let (home, server) = (Home::new(), hub(datasets()));
    let code = "
      for _, name in ipairs { 'rte', 'scitail' } do
        local here = compt.tasks(name, { shots = 8, seed = 3, data = 'tests/fixtures/rows' })
        local there = compt.tasks(name, { shots = 8, seed = 3 })
        for _, split in ipairs { 'train', 'validation', 'test' } do
          local a, b = here:rows(1, split), there:rows(1, split)
          assert(#a == #b, #b)
          for i = 1, #a do assert(a[i].source == b[i].source and a[i].target == b[i].target) end
        end
        print(name, there:size(1, 'train'), there:size(1, 'test') > 0)
      end";
    let run = |offline: &str| {
        let mut command = home.compt(&server, &["-e", code]);
        read(command.env("HF_HUB_OFFLINE", offline).current_dir(root()).output().unwrap())
    };
    let (code, out, err) = run("0");
    assert_eq!((code, &out[..]), (0, "rte\t8\ttrue\nscitail\t8\ttrue\n"), "{err}");
    assert!(err.contains("datasets/nyu-mll/glue: 2 files"), "{err}");
    let asked = server.requests().len();
    let (code, again, err) = run("1");
    assert_eq!((code, &again), (0, &out), "from the cache: {err}");
    assert_eq!(server.requests().len(), asked);
    let other = "compt.tasks({ t = { fields = { 'a' }, labels = { 'x', 'y' },
      files = { train = 'hf://datasets/nyu-mll/glue/cola/train-*.parquet' } } })";
    let (code, _, err) = home.run(&server, &["-e", other]);
    assert_eq!(code, 1);
    assert!(err.contains("no file matches 'cola/train-*.parquet'"), "{err}");
}

/// The repositories of the sets as they are, of made-up rows that end with what the set calls their
/// label; see tests/fixtures/make_hub.py.
#[test]
fn each_set_is_read_in_the_form_of_its_repository() {
    let repositories = [
        ("nyu-mll/glue", &["mnli", "qnli", "qqp", "rte", "sst2", "mrpc", "cola", "stsb"][..]),
        ("allenai/scitail", &["tsv_format"]),
        ("google-research-datasets/paws", &["labeled_final"]),
        ("stanfordnlp/imdb", &["plain_text"]),
        ("fancyzhx/yelp_polarity", &["plain_text"]),
    ];
    let repos = repositories.map(|(name, configurations)| {
        let below = format!("fixtures/hub/{name}");
        let files = configurations.iter().flat_map(|configuration| {
            let entries = fs::read_dir(root().join("tests").join(&below).join(configuration));
            entries.unwrap().map(move |entry| {
                format!("{configuration}/{}", entry.unwrap().file_name().to_str().unwrap())
            })
        });
        let files: Vec<String> = files.collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        repo(&format!("datasets/{name}"), &below, &files)
    });
    let (home, server) = (Home::new(), hub(repos.to_vec()));
    let code = "
      -- What the set calls a label, and the word the model is to say, where they differ.
      local words = {
        scitail = { entails = 'entailment' },
        paws = { ['0'] = 'not_equivalent', ['1'] = 'equivalent' },
        imdb = { neg = 'negative', pos = 'positive' },
        yelp_polarity = { ['1'] = 'negative', ['2'] = 'positive' },
        stsb = { ['0.0'] = '0.0', ['1.1'] = '1.2', ['2.2'] = '2.2', ['3.3'] = '3.2' },
      }
      local held_out = { mnli = 'validation_matched', multinli = 'validation_matched', imdb = 'test',
        yelp_polarity = 'test' }
      local seen = {}
      for _, set in ipairs { 'glue', 'set2', 'mrpc', 'sst2' } do
        local tasks = compt.tasks(set, { validation_size = 0 })
        for _, name in ipairs(tasks.names) do
          local found = {}
          for _, split in ipairs { 'train', 'validation', 'test' } do
            for _, row in ipairs(tasks:rows(name, split)) do
              local from, called = row.source:match ': (%S+) [^:]*, called (%S+)$'
              local word = (words[name] or {})[called] or called
              if name == 'stsb' then word = words.stsb[called] end
              assert(row.target == word, name .. ': ' .. row.source .. ' -> ' .. row.target)
              local expected = split == 'train' and 'train' or held_out[name] or 'validation'
              assert(from == expected, name .. ': ' .. row.source)
              found[#found + 1] = row.target
            end
          end
          assert(#found == 8, name)
          seen[name] = true
        end
      end
      local names = {}
      for name in pairs(seen) do names[#names + 1] = name end
      table.sort(names)
      print(table.concat(names, ' '))";
    let (status, out, err) = home.run(&server, &["-e", code]);
    assert_eq!(status, 0, "{err}");
    let all = "cola imdb mnli mrpc multinli paws qnli qqp rte scitail sst2 stsb yelp_polarity\n";
    assert_eq!(out, all);
    let test = "compt.tasks({ t = { fields = { 'sentence' }, labels = { 'negative', 'positive' },
      files = { train = 'hf://datasets/nyu-mll/glue/sst2/test-*.parquet' } } })";
    let (status, _, err) = home.run(&server, &["-e", test]);
    assert_eq!(status, 1);
    assert!(err.contains("row 1: no label: 'label' is -1"), "{err}");
}

#[test]
fn a_model_of_the_hub_is_that_of_a_folder_and_its_commit_is_recorded() {
    let folder = "golden/t5/v1_1";
    let files: Vec<String> = fs::read_dir(root().join("tests").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("golden"))
        .collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut model = repo("models/org/t5", folder, &files);
    let tokenizer = fs::read(root().join("stdlib/micro/backbone/tokenizer.json")).unwrap();
    model.files.push(("tokenizer.json".to_string(), tokenizer, false));
    let (home, server) = (Home::new(), hub(vec![model]));
    let code = format!(
        "local here, there = compt.backbone('tests/{folder}'), compt.backbone('org/t5')
         local ids = torch.tensor {{ {{ 3, 4, 5 }} }}
         local a, b = here:encode {{ input_ids = ids }}, there:encode {{ input_ids = ids }}
         assert(torch.equal(a, b))
         local t = compt.trainer {{ backbone = there, steps = 1, name = 'run', out = compt.args.out,
           stream = function() return {{ source = {{ {{ 3, 4 }} }}, target = {{ {{ 5 }} }} }} end,
           method = {{ compose = 'private', encoder = 'none', length = 2, lr = {{ private = 0.1 }} }} }}
         t:run()
         print(there.name)"
    );
    let out = home.path().join("run");
    let set = format!("out={}", out.display());
    let mut command = home.compt(&server, &["-e", &code, "--set", &set]);
    let (code, said, err) = read(command.current_dir(root()).output().unwrap());
    assert_eq!((code, &said[..]), (0, "org/t5\n"), "{err}");
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("config.json")).unwrap()).unwrap();
    assert_eq!(config["backbone"]["revision"], COMMIT);
    let (code, _, err) = home.run(&server, &["-e", "compt.backbone 'org/t6'"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no folder 'org/t6'; as a model of the hub"), "{err}");
    assert!(Path::new(&home.hub()).join("models--org--t5").is_dir());
}

#[test]
fn a_run_records_where_its_rows_came_from() {
    let (home, server) = (Home::new(), hub(datasets()));
    let out = home.path().join("run");
    let code = "
      local t = compt.trainer { backbone = compt.backbone 'micro', steps = 1, out = compt.args.out,
        tasks = compt.tasks('rte', { shots = 2, max_test = 2 }), method = compt.methods.pt { alone = false } }
      t:run()";
    let set = format!("out={}", out.display());
    let (code, _, err) = home.run(&server, &["-e", code, "--set", &set]);
    assert_eq!(code, 0, "{err}");
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("config.json")).unwrap()).unwrap();
    let files = &config["tasks"]["files"]["rte"];
    let place = format!("hf://datasets/nyu-mll/glue@{COMMIT}/rte");
    assert_eq!(files["train"][1], format!("{place}/train-00001-of-00002.parquet"));
    assert_eq!(files["validation"][0], format!("{place}/validation-00000-of-00001.parquet"));
}

/// The same repository at two times, each with a commit and rows of its own.
#[test]
fn a_dataset_is_read_whole_and_at_one_commit() {
    let line = |n: usize| format!("{{\"text\": \"row {n}\", \"label\": {}}}\n", n % 2).repeat(2);
    let files = ["a", "b", "sub/c"];
    let named = |f: &&str| (format!("data/{f}.jsonl"), line(f.len()).into_bytes(), false);
    let repo =
        Repo { files: files.iter().map(named).collect(), ..Repo::new("datasets/org/rows", &[]) };
    let (home, server) = (Home::new(), hub(vec![repo]));
    let count = |pattern: &str| {
        let code = format!(
            "local t = compt.tasks({{ t = {{ fields = {{ 'text' }}, labels = {{ 'x', 'y' }},
               files = {{ train = '{pattern}', test = 'hf://datasets/org/rows/data/a.jsonl' }} }} }})
             print(t:size('t', 'train') + t:size('t', 'validation'))"
        );
        let (status, out, err) = home.run(&server, &["-e", &code]);
        assert_eq!(status, 0, "{err}");
        out.trim().to_string()
    };
    // One file is there; what else fits is not taken to be there.
    assert_eq!(count("hf://datasets/org/rows/data/a.jsonl"), "2");
    assert_eq!(count("hf://datasets/org/rows/data/*.jsonl"), "6");
    assert_eq!(count("hf://datasets/org/rows/*/c.jsonl"), "2");
}
