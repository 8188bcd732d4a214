//! README.md and docs/: every code block is run, or a comment says why not; links lead somewhere.

use crate::program::pages::{Block, Page, Use, blocks, pages};
use crate::program::{Study, apart, read, root};
use std::fs;
use std::path::{Path, PathBuf};

/// Pages whose commands take hours; what they measured is dated there.
const MEASURED: [&str; 2] = ["docs/results.md", "docs/performance.md"];

/// Its examples are run by the tests of `src/lua/doc`.
const GENERATED: &str = "docs/reference.md";

/// A test for each page, which follows it from its beginning to its end.
macro_rules! followed {
    ($($test:ident $page:literal)*) => {
        const FOLLOWED: &[&str] = &[$($page),*];
        $(#[test] fn $test() { follow($page); })*
    };
}

followed! {
    readme "README.md"
    first_study "docs/tutorials/first-study.md"
    steering "docs/tutorials/steering.md"
    own_method "docs/tutorials/own-method.md"
    notebook "docs/tutorials/notebook.md"
    cluster "docs/tutorials/cluster.md"
    data "docs/howto/data.md"
    custom_tasks "docs/howto/custom-tasks.md"
    hub "docs/howto/hub.md"
    samplers "docs/howto/samplers.md"
    resume "docs/howto/resume.md"
    grids "docs/howto/grids.md"
    tables "docs/howto/tables.md"
    figures "docs/howto/figures.md"
    report "docs/howto/report.md"
    trackers "docs/howto/trackers.md"
    peft "docs/howto/peft.md"
    predict "docs/howto/predict.md"
    gpu "docs/howto/gpu.md"
    prompt "docs/howto/prompt.md"
    tensors "docs/howto/tensors.md"
    optimizers "docs/howto/optimizers.md"
    command_line "docs/reference/command-line.md"
    knobs "docs/reference/knobs.md"
    environment "docs/reference/environment.md"
    methods "docs/explanation/methods.md"
    mcat "docs/explanation/mcat.md"
    packed "docs/explanation/packed.md"
    reproducible "docs/explanation/reproducible.md"
}

fn is_run(block: &Block) -> bool {
    block.used == Use::Run && ["sh", "lua"].contains(&block.language.as_str())
}

#[test]
fn every_page_with_code_is_followed() {
    for page in pages() {
        let name = page.name.as_str();
        if MEASURED.contains(&name) || name == GENERATED {
            continue;
        }
        let has_code = page.blocks().iter().any(is_run);
        assert_eq!(has_code, FOLLOWED.contains(&name), "{name} in `followed!`");
        for block in page.blocks() {
            let at = format!("{name}:{}", block.line);
            match &block.used {
                Use::NotRun(why) => assert!(why.len() > 5, "{at}: why is it not run?"),
                Use::File(_) => {}
                Use::Run => {
                    let known = ["sh", "lua", "text"].contains(&block.language.as_str());
                    assert!(known, "{at}: a comment says why '{}' is not run", block.language);
                    let typed = |line: &str| line.starts_with("$ ") || line.starts_with("> ");
                    let is_session = block.language == "text" && block.code.lines().any(typed);
                    assert!(!is_session, "{at}: a comment says why this session is not run");
                }
            }
        }
    }
}

/// Runs the blocks of a page in their order in one folder. Blocks of Lua that follow each other are one
/// script. So that it takes seconds, scripts of the project get `--set quick=true`, and those of the page
/// train for one epoch.
fn follow(name: &str) {
    let folder = Study::new(&[]);
    for name in ["docs", "examples", "scripts", "tests"] {
        let target = folder.path(name);
        match name {
            // Edited by some pages.
            "examples" => copy(&root().join(name), &target),
            _ => std::os::unix::fs::symlink(root().join(name), target).unwrap(),
        }
    }
    let (mut script, mut first) = (String::new(), 0);
    let mut scripts = 0;
    let blocks = Page::read(name).blocks();
    for (i, block) in blocks.iter().enumerate() {
        let at = format!("{name}:{}", block.line);
        if let Use::File(file) = &block.used {
            let path = folder.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, quick(&block.code)).unwrap();
        } else if is_run(block) && block.language == "lua" {
            first = if script.is_empty() { block.line } else { first };
            script.push_str(&quick(&block.code));
            let goes_on = blocks[i + 1..].iter().find(|next| is_run(next));
            if goes_on.is_none_or(|next| next.language != "lua") {
                scripts += 1;
                let file = format!("snippet-{scripts}.lua");
                fs::write(folder.path(&file), std::mem::take(&mut script)).unwrap();
                run(&folder, &format!("{name}:{first}"), &format!("compt run {file}"));
            }
        } else if is_run(block) {
            run(&folder, &at, &block.code.lines().map(quick_command).collect::<String>());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, target).unwrap()),
        }
    }
}

fn run(folder: &Study, at: &str, commands: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_compt")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut bash = apart("bash");
    bash.args(["-euo", "pipefail", "-c", commands]).env("PATH", path);
    let (code, out, err) = read(bash.current_dir(folder.0.path()).output().unwrap());
    assert_eq!(code, 0, "{at}\n{commands}\n{out}{err}");
}

/// A script that trains for one epoch where it says `epochs = NUMBER`.
fn quick(code: &str) -> String {
    let mut parts = code.split("epochs");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str("epochs");
        let value = part.trim_start().strip_prefix('=').map(str::trim_start);
        let rest = value.map(|value| value.trim_start_matches(|c: char| c.is_ascii_digit()));
        match (value, rest) {
            (Some(value), Some(rest)) if rest.len() < value.len() => {
                out.push_str(" = 1");
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// A line of a block of commands, with `--set quick=true` after a script of the project.
fn quick_command(line: &str) -> String {
    let takes = ["compt run ", "compt sweep plan ", "compt sweep submit "];
    let mut words: Vec<String> = line.split(' ').map(String::from).collect();
    if takes.iter().any(|start| line.contains(start)) {
        let is_script = |word: &String| {
            ["examples/", "scripts/"].iter().any(|folder| word.starts_with(folder))
                && word.ends_with(".lua")
        };
        if let Some(word) = words.iter_mut().find(|word| is_script(word)) {
            word.push_str(" --set quick=true");
        }
    }
    words.join(" ") + "\n"
}

#[test]
fn the_quick_form_is_that_of_the_page_with_fewer_epochs() {
    assert_eq!(quick("epochs   = 30, batch_size = 16,"), "epochs = 1, batch_size = 16,");
    assert_eq!(quick("{ epochs = s.epochs, n = 30 }"), "{ epochs = s.epochs, n = 30 }");
    assert_eq!(
        quick_command("compt run examples/a.lua --jobs 2"),
        "compt run examples/a.lua --set quick=true --jobs 2\n"
    );
    assert_eq!(quick_command("cat examples/a.lua"), "cat examples/a.lua\n");
}

#[test]
fn blocks_are_read_with_what_is_said_of_them() {
    let text = "a\n```lua\nx = 1\n```\n<!-- file: c.lua -->\n\n```lua\nreturn {}\n```\n\
                <!-- not run: no network -->\nbut\n```sh\nls\n```\n<!-- run sh\nmkdir d\n-->\n";
    let block = |line, language: &str, code: &str, used| Block {
        line,
        language: language.into(),
        code: code.into(),
        used,
    };
    let wanted = [
        block(3, "lua", "x = 1\n", Use::Run),
        block(8, "lua", "return {}\n", Use::File("c.lua".into())),
        // The comment is not the line before it.
        block(13, "sh", "ls\n", Use::Run),
        block(16, "sh", "mkdir d\n", Use::Run),
    ];
    assert_eq!(blocks(text), wanted);
}

/// What follows `](` up to `)`, links and pictures.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// Where a link of a page leads: a page or file from the repository's root, and an anchor.
fn resolve(page: &str, link: &str) -> (PathBuf, Option<String>) {
    let (file, anchor) =
        link.split_once('#').map_or((link, None), |(f, a)| (f, Some(a.to_string())));
    if file.is_empty() {
        return (page.into(), anchor);
    }
    let mut path = Path::new(page).parent().unwrap().to_path_buf();
    for part in file.split('/') {
        match part {
            ".." => assert!(path.pop(), "{page}: {link} leads out of the repository"),
            "." | "" => {}
            part => path.push(part),
        }
    }
    (path, anchor)
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut all = pages();
    all.extend(["CONTRIBUTING.md", "CHANGELOG.md"].map(Page::read));
    let mut checked = 0;
    for page in &all {
        let prose = page.prose();
        for link in links(&prose).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = resolve(&page.name, link);
            assert!(root().join(&path).exists(), "{}: {link}", page.name);
            // The book holds docs/ only.
            let inside = !page.name.starts_with("docs/") || path.starts_with("docs");
            assert!(inside, "{}: {link} leads out of the book", page.name);
            if let Some(anchor) = anchor {
                let target = Page::read(path.to_str().unwrap());
                assert!(target.anchors().contains(&anchor), "{}: {link}", page.name);
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} links");
}

#[test]
fn the_book_has_every_page() {
    let summary = Page::read("docs/SUMMARY.md");
    let mut listed: Vec<String> =
        links(&summary.text).into_iter().map(|link| format!("docs/{link}")).collect();
    listed.push("docs/SUMMARY.md".to_string());
    listed.sort();
    let pages = pages().into_iter().map(|page| page.name);
    let mut names: Vec<String> = pages.filter(|name| name.starts_with("docs/")).collect();
    names.sort();
    assert_eq!(listed, names);
}

#[test]
fn the_readme_is_short() {
    let lines = Page::read("README.md").text.lines().count();
    assert!(lines <= 150, "{lines} lines");
}

/// Error messages, help texts and comments name pages that exist.
#[test]
fn the_sources_name_pages_that_exist() {
    fn search(folder: &Path, found: &mut usize) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                search(&path, found);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for (at, _) in text.match_indices("docs/") {
                let name = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
                let word = text[at..].split(|c| !name(c)).next().unwrap().trim_end_matches('.');
                if word.ends_with(".md") {
                    assert!(root().join(word).is_file(), "{}: {word}", path.display());
                    *found += 1;
                }
            }
        }
    }
    let mut found = 0;
    for folder in ["src", "stdlib", "scripts", "examples"] {
        search(&root().join(folder), &mut found);
    }
    assert!(found > 2);
}
