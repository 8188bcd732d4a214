//! The pages of the documentation and the code blocks in them.
//!
//! A comment in the line before a block says what the tests do with it:
//!
//! - `<!-- file: NAME -->`: it is written to this file;
//! - `<!-- not run: WHY -->`: nothing.
//!
//! `<!-- run sh` or `<!-- run lua`, code, and `-->` is a block that readers do not see.

use super::root;
use std::fs;
use std::path::Path;

/// What the tests do with a block.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    Run,
    File(String),
    NotRun(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The line of its first line of code, from 1.
    pub line: usize,
    pub language: String,
    pub code: String,
    pub used: Use,
}

/// A page by its path from the repository's root.
pub struct Page {
    pub name: String,
    pub text: String,
}

impl Page {
    pub fn read(name: &str) -> Page {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        Page { name: name.to_string(), text }
    }

    pub fn blocks(&self) -> Vec<Block> {
        blocks(&self.text)
    }

    /// Its scripts in Lua, as the tests run them: blocks that follow each other are one, a file is one by itself.
    pub fn scripts(&self) -> Vec<String> {
        let (mut scripts, mut open) = (Vec::new(), String::new());
        for block in self.blocks() {
            match (&block.used, block.language.as_str()) {
                (Use::File(_), "lua") => scripts.push(block.code),
                (Use::Run, "lua") => open.push_str(&block.code),
                (Use::Run, "sh") => scripts.push(std::mem::take(&mut open)),
                _ => {}
            }
        }
        scripts.push(open);
        scripts.retain(|script| !script.is_empty());
        scripts
    }

    /// The text without code: blocks, and words in back ticks.
    pub fn prose(&self) -> String {
        let (mut prose, mut end) = (String::new(), None);
        for line in self.text.lines() {
            match (end, opening(line)) {
                (Some(until), _) if line.trim_end() == until => end = None,
                (Some(_), _) => {}
                (None, Some((_, until))) => end = Some(until),
                (None, None) => {
                    prose.extend(line.split('`').step_by(2));
                    prose.push('\n');
                }
            }
        }
        prose
    }

    /// The anchors of its headings, as GitHub and mdBook make them.
    pub fn anchors(&self) -> Vec<String> {
        let (mut anchors, mut end) = (Vec::<String>::new(), None);
        for line in self.text.lines() {
            match (end, opening(line)) {
                (Some(until), _) if line.trim_end() == until => end = None,
                (Some(_), _) => {}
                (None, Some((_, until))) => end = Some(until),
                (None, None) if line.starts_with('#') => {
                    let title = line.trim_start_matches('#').trim().to_lowercase();
                    let kept = |c: &char| c.is_alphanumeric() || ['-', '_', ' '].contains(c);
                    let id = title.chars().filter(kept).collect::<String>().replace(' ', "-");
                    let before = anchors.iter().filter(|anchor| **anchor == id).count();
                    anchors.push(if before == 0 { id } else { format!("{id}-{before}") });
                }
                (None, None) => {}
            }
        }
        anchors
    }
}

/// README.md and every page below docs/, sorted.
pub fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_string()];
    below(&root().join("docs"), "docs", &mut names);
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

fn below(folder: &Path, name: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            below(&path, &name, found);
        } else if name.ends_with(".md") {
            found.push(name);
        }
    }
}

/// The language of a block that begins at this line, and the line that ends it.
fn opening(line: &str) -> Option<(&str, &'static str)> {
    if let Some(language) = line.strip_prefix("<!-- run ") {
        return Some((language.trim(), "-->"));
    }
    Some((line.strip_prefix("```")?.trim(), "```"))
}

fn comment<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let inner = line.strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    Some(inner.strip_prefix(name)?.strip_prefix(':')?.trim())
}

pub fn blocks(text: &str) -> Vec<Block> {
    let (mut found, mut used) = (Vec::new(), Use::Run);
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_end();
        if let Some((language, end)) = opening(line) {
            let code =
                lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_end() != end);
            let code = code.flat_map(|line| [line, "\n"]).collect();
            let used = std::mem::replace(&mut used, Use::Run);
            found.push(Block { line: at + 2, language: language.to_string(), code, used });
        } else if let Some(name) = comment(line, "file") {
            used = Use::File(name.to_string());
        } else if let Some(why) = comment(line, "not run") {
            used = Use::NotRun(why.to_string());
        } else if !line.is_empty() {
            used = Use::Run;
        }
    }
    found
}
