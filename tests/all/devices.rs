//! No Lua of the project makes a tensor on the CPU beside a backbone that can be on a GPU: a creator names its
//! device, or is in a function whose new tensors are on the backbone's.

use crate::program::pages::pages;
use crate::program::root;
use std::fs;
use std::path::Path;

const CREATORS: [&str; 11] = [
    "zeros", "ones", "empty", "full", "arange", "linspace", "eye", "tensor", "rand", "randn",
    "randint",
];

/// What `build`, `give`, `compose` and `loss` are called with.
const ARGUMENTS: [&str; 5] = ["batch", "setup", "private", "sources", "outputs"];

/// Lines whose tensors are moved by what takes them.
const MOVED: [&str; 4] = [
    // Called in `build`.
    "function parts.uniform(bound, ...)",
    "return torch.tensor(values, { dtype = \"float32\" }):reshape(rows, columns)",
    // Initial values of a parameter.
    "local prompt = torch.tensor(t:prompt(from):tolist())",
    // Token ids.
    "local ids = torch.tensor { backbone.tokenizer:encode",
];

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

fn creates(line: &str) -> bool {
    let code = line.split("--").next().unwrap_or_default();
    !code.contains("device") && CREATORS.iter().any(|name| is_word(code, &format!("torch.{name}")))
}

/// The lines of a chunk that make a tensor without a device, beside a backbone.
fn stray(text: &str) -> Vec<&str> {
    if !["backbone", "batch", "setup"].iter().any(|word| is_word(text, word)) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| creates(line)) {
        let mut depth = usize::MAX;
        let is_placed = lines[..=i].iter().rev().filter(|l| !l.trim().is_empty()).any(|l| {
            let encloses = indent(l) < depth;
            depth = depth.min(indent(l));
            let head = l.split("function").nth(1).unwrap_or_default();
            encloses && ARGUMENTS.iter().any(|argument| is_word(head, argument))
        });
        if !is_placed && !MOVED.iter().any(|moved| line.trim().starts_with(moved)) {
            found.push(*line);
        }
    }
    found
}

fn chunks(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() && !name.ends_with("/doc") && !name.ends_with("/meta") {
            chunks(&path, found);
        } else if name.ends_with(".lua") {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn new_tensors_beside_a_backbone_have_its_device() {
    let mut all = Vec::new();
    for folder in ["stdlib", "scripts", "examples"] {
        chunks(&root().join(folder), &mut all);
    }
    for page in pages() {
        let blocks = page.blocks().into_iter().filter(|block| block.language == "lua");
        all.extend(blocks.map(|block| (format!("{}:{}", page.name, block.line), block.code)));
    }
    for (name, text) in &all {
        assert_eq!(stray(text), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn the_lint_finds_a_stray_tensor() {
    let method = "local b = 1\nreturn { build = function(setup)\n  local a = torch.zeros(3)\n  return a\nend }\n";
    assert_eq!(stray(method), Vec::<&str>::new());
    let late = format!("{method}local c = torch.ones(2)\n");
    assert_eq!(stray(&late), ["local c = torch.ones(2)"]);
    assert_eq!(stray(&late.replace("ones(2)", "ones(2, { device = d })")), Vec::<&str>::new());
}
