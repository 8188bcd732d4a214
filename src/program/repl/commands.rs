//! The prompt's commands: `:name arguments`.

use super::prompt::{Answer, Prompt};
use super::timing;
use crate::{Error, Result};
use compt_base::files::atomic;
use compt_base::output;
use compt_cli::setting::parse_arg;
use compt_error::nearest;
use compt_lua::doc::Docs;
use compt_lua::repl::command::{COMMANDS, Command};
use compt_lua::text;
use std::path::{Path, PathBuf};

/// Runs a command.
pub fn run(prompt: &mut Prompt, input: &str) -> Answer {
    let (name, rest) = input[1..].split_once(char::is_whitespace).unwrap_or((&input[1..], ""));
    let rest = rest.trim();
    let done = match name {
        "time" => timing::time(prompt, rest),
        "timeit" => timing::timeit(prompt, rest),
        "run" => run_file(prompt, rest),
        "load" => load(prompt, rest),
        "reload" => Ok(reload(prompt)),
        "vars" => Ok(prompt.show(prompt.repl.variables(prompt.look))),
        "mem" => Ok(prompt.show(prompt.repl.memory())),
        "forget" => forget(prompt, rest),
        "inputs" => Ok(inputs(prompt)),
        "save" => save(prompt, rest),
        "help" => Ok(help()),
        "quit" => Ok(Answer::Quit),
        _ => {
            let near = nearest(name, &COMMANDS.map(|command| command.name));
            let near = near.map_or(" (:help)".into(), |near| format!("; did you mean :{near}?"));
            return prompt.complain(&format!("no command :{name}{near}"));
        }
    };
    done.unwrap_or_else(|e| prompt.complain(&format!(":{name}: {e}")))
}

/// The text of `?` alone.
pub fn overview(docs: &Docs) -> String {
    let mut text = String::from(
        "?name prints the documentation of a name: ?compt.trainer, ?torch.softmax, ?t.run\n",
    );
    let mut sections: Vec<&str> = docs.entries.iter().map(|e| e.section.as_str()).collect();
    sections.dedup();
    for section in sections {
        let entries = docs.entries.iter().filter(|entry| entry.section == section);
        let names = entries.filter(|e| e.signature().is_some()).map(|e| e.split().2);
        let names: Vec<&str> = names.take(12).collect();
        if !names.is_empty() {
            text.push_str(&format!("  {section}: {}\n", names.join(", ")));
        }
    }
    text.push_str(":help lists the commands");
    text
}

fn help() -> Answer {
    let usage = |command: &Command| format!(":{} {}", command.name, command.arguments);
    let width = COMMANDS.iter().map(|command| usage(command).len()).max().unwrap_or(0);
    for command in &COMMANDS {
        output::line(format!("{:width$}  {}", usage(command), command.help));
    }
    output::line(format!(
        "{:width$}  the documentation of a name; without a name: a list of all",
        "?NAME"
    ));
    output::line(
        "\nTab completes, Ctrl-R searches the history, Ctrl-C interrupts, Ctrl-D exits.\n\
         `_` is the last value.",
    );
    Answer::Done
}

/// A typed path: `~` is the home folder.
fn path(typed: &str) -> Result<PathBuf> {
    let typed = needed(typed, "a file")?;
    Ok(match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    })
}

fn needed<'a>(argument: &'a str, what: &str) -> Result<&'a str> {
    match argument {
        "" => Err(Error::new(format!("needs {what}"))),
        argument => Ok(argument),
    }
}

fn run_file(prompt: &mut Prompt, rest: &str) -> Result<Answer> {
    let mut words = words(rest).into_iter();
    let path = path(words.next().unwrap_or_default())?;
    let args = words.map(parse_arg).collect::<Result<Vec<_>>>()?;
    let text = text::read(&path)?;
    let look = prompt.look;
    let reply = prompt.repl.run(&path, &text, args, look)?;
    watch(prompt, &path);
    Ok(prompt.show(reply))
}

/// Words separated by white space; quoted text belongs to its word, as in `name="a b"`.
fn words(text: &str) -> Vec<&str> {
    let mut quote = None;
    let between = |c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
        quote.is_none() && c.is_whitespace()
    };
    text.split(between).filter(|word| !word.is_empty()).collect()
}

/// Reports changes of the file from now on, if files can be watched.
fn watch(prompt: &mut Prompt, path: &Path) {
    if let Some(watch) = &prompt.watch {
        watch.add(path);
    }
}

fn load(prompt: &mut Prompt, typed: &str) -> Result<Answer> {
    let path = path(typed)?;
    let text = text::read(&path)?;
    let look = prompt.look;
    let reply = prompt.repl.load(&path, &text, look);
    watch(prompt, &path);
    Ok(prompt.show(reply))
}

fn reload(prompt: &mut Prompt) -> Answer {
    let look = prompt.look;
    let replies = prompt.repl.reload(look);
    if replies.is_empty() {
        output::line("there is nothing to load again");
    }
    replies
        .into_iter()
        .map(|reply| prompt.show(reply))
        .fold(Answer::Done, |all, one| if one == Answer::Done { all } else { one })
}

fn forget(prompt: &mut Prompt, names: &str) -> Result<Answer> {
    let names: Vec<String> = names.split_whitespace().map(String::from).collect();
    prompt.repl.forget(&names)?;
    Ok(Answer::Done)
}

fn inputs(prompt: &Prompt) -> Answer {
    prompt.repl.inputs().iter().for_each(output::line);
    Answer::Done
}

fn save(prompt: &mut Prompt, typed: &str) -> Result<Answer> {
    let path = path(typed)?;
    atomic::write_atomic(&path, prompt.repl.script().as_bytes())?;
    output::line(format!("{} inputs written to {}", prompt.repl.worked(), path.display()));
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_keep_white_space() {
        assert_eq!(words(" a.lua  x=1 "), ["a.lua", "x=1"]);
        assert_eq!(
            words("a.lua name=\"a b\" y='c \"d' z"),
            ["a.lua", "name=\"a b\"", "y='c \"d'", "z"]
        );
    }
}
