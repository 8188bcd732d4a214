//! Wrong usage: clap's error, and how to pass a value to the script.

use crate::cli::Cli;
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use compt_base::{output, shown};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// The exit code of wrong usage.
const USAGE: u8 = 2;

/// Parses the command line. If it is invalid or asks for help, that is printed, and the exit code is returned.
pub fn parse() -> Result<Cli, ExitCode> {
    output::end_with_reader();
    let words = expanded(std::env::args_os().collect());
    Cli::try_parse_from(&words).map_err(|error| {
        let words = words.iter().map(|word| word.to_string_lossy().into_owned());
        let words: Vec<String> = words.collect();
        print(&with_tip(error, &words), &words)
    })
}

/// `compt FILE.lua [KEY=VALUE ...]` as `compt run FILE.lua [--set KEY=VALUE ...]`; other words as they are.
fn expanded(words: Vec<OsString>) -> Vec<OsString> {
    let is_script = |word: &OsString| Path::new(word).extension().is_some_and(|e| e == "lua");
    if !words.get(1).is_some_and(is_script) {
        return words;
    }
    let mut all = Vec::with_capacity(words.len() + 1);
    let mut is_value = false;
    for (i, word) in words.into_iter().enumerate() {
        let text = word.to_string_lossy();
        let is_option = text.starts_with('-');
        match i {
            1 => all.push("run".into()),
            // A word after an option is its value.
            2.. if !is_option && !is_value && text.contains('=') => all.push("--set".into()),
            _ => {}
        }
        is_value = is_option && !text.contains('=');
        all.push(word);
    }
    all
}

fn print(error: &clap::Error, words: &[String]) -> ExitCode {
    let is_help = !error.use_stderr();
    match words.iter().any(|word| shown::one_line(word) != *word) {
        // Not in clap's colours: they cannot be told from the argument's own.
        true => output::error(error.render()),
        false => match error.print() {
            Err(e) if is_help => output::lost(&e),
            _ => {}
        },
    }
    if is_help { ExitCode::SUCCESS } else { ExitCode::from(USAGE) }
}

/// `--epochs 3`, `--epochs=3` and `epochs=3` are values of the script: `--set epochs=3`.
fn with_tip(mut error: clap::Error, words: &[String]) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => {
            argument.clone()
        }
        _ => return error,
    };
    if let Some(setting) = setting(&argument, words).filter(|_| takes_values(words)) {
        let tip = format!("a value for the script is given by --set {setting}");
        let mut tips = match error.remove(ContextKind::Suggested) {
            Some(ContextValue::StyledStrs(tips)) => tips,
            _ => Vec::new(),
        };
        tips.insert(0, tip.into());
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Whether the command runs a script that accepts values.
fn takes_values(words: &[String]) -> bool {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    match word(1) {
        "run" | "repl" => true,
        "sweep" => ["plan", "submit"].contains(&word(2)),
        // `compt -e CODE`.
        first => first.starts_with('-'),
    }
}

/// `epochs=3`, in the form of `--set`, for an unknown argument.
fn setting(argument: &str, words: &[String]) -> Option<String> {
    let Some(_) = argument.strip_prefix('-') else {
        let (key, value) = argument.split_once('=')?;
        return Some(format!("{}={value}", key_of(key)?));
    };
    // clap reports an option without its value, and a short one by its first letter.
    let is_it = |word: &&String| match argument.starts_with("--") {
        true => *word == argument || word.starts_with(&format!("{argument}=")),
        false => word.starts_with(argument),
    };
    let place = words.iter().position(|word| is_it(&word))?;
    match words[place].split_once('=') {
        Some((key, value)) => Some(format!("{}={value}", key_of(key)?)),
        None => {
            let next = words.get(place + 1).filter(|word| !word.starts_with("--"));
            Some(format!("{}={}", key_of(&words[place])?, next.map_or("true", String::as_str)))
        }
    }
}

/// The script's name of an option: `--batch-size` is `batch_size`.
fn key_of(option: &str) -> Option<String> {
    let key = option.trim_start_matches('-').replace('-', "_");
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        let error = Cli::try_parse_from(&words).err().expect("wrong usage");
        with_tip(error, &words).to_string()
    }

    #[test]
    fn a_script_alone_is_run_with_its_values() {
        for (line, wanted) in [
            ("compt a.lua", "compt run a.lua"),
            ("compt a.lua k=1 --seed 2 m=x", "compt run a.lua --set k=1 --seed 2 --set m=x"),
            ("compt a.lua --set k=1 --out r=1", "compt run a.lua --set k=1 --out r=1"),
            ("compt run a.lua k=1", "compt run a.lua k=1"),
            ("compt runs a.lua", "compt runs a.lua"),
        ] {
            let words = line.split(' ').map(OsString::from).collect();
            let wanted: Vec<OsString> = wanted.split(' ').map(OsString::from).collect();
            assert_eq!(expanded(words), wanted);
        }
    }

    #[test]
    fn values_of_the_script_are_given_by_set() {
        let script = "a value for the script is given by --set";
        for (line, setting) in [
            ("compt run a.lua --epochs 3", "epochs=3"),
            ("compt run a.lua --epochs=3", "epochs=3"),
            ("compt run --epochs 3 a.lua", "epochs=3"),
            ("compt run a.lua epochs=3", "epochs=3"),
            ("compt run a.lua --batch-size 8 --seed 1", "batch_size=8"),
            ("compt run a.lua --verbose", "verbose=true"),
            ("compt run a.lua -lr -1", "lr=-1"),
            ("compt sweep plan a.lua --shots 16", "shots=16"),
            ("compt sweep submit a.lua shots=16", "shots=16"),
            ("compt repl --shots=16", "shots=16"),
            ("compt -e print(1) --shots=16", "shots=16"),
        ] {
            let text = message(line);
            assert!(text.contains(&format!("{script} {setting}\n")), "{line}: {text}");
        }
    }

    #[test]
    fn a_negative_seed_is_an_invalid_value() {
        for line in
            ["compt run a.lua --seed -1", "compt run a.lua --seed=-1", "compt repl --seed x"]
        {
            let text = message(line);
            assert!(text.contains("for '--seed <N>': a seed is a whole number from 0"), "{text}");
            assert!(!text.contains("--set"), "{text}");
        }
    }

    #[test]
    fn other_wrong_usage_is_told_as_it_was() {
        let text = message("compt run a.lua --sed 3");
        assert!(text.contains("'--seed'") && text.contains("--set sed=3"), "{text}");
        for line in
            ["compt resume a --epochs 3", "compt run a.lua more", "compt sweep status a x=3"]
        {
            assert!(!message(line).contains("a value for the script"), "{line}");
        }
    }
}
