//! Questions about code: completion, documentation, whether it is complete, and earlier inputs. Positions in messages
//! count Unicode code points.

use crate::repl::prompt::{Input, Prompt};
use compt_lua::repl::assistant::Assistant;
use serde_json::{Value, json};

/// The byte position of a position in code points.
fn byte_of(code: &str, position: usize) -> usize {
    code.char_indices().nth(position).map_or(code.len(), |(at, _)| at)
}

fn code_and_cursor(content: &Value) -> (&str, usize) {
    let code = content["code"].as_str().unwrap_or_default();
    let end = code.chars().count();
    let position = content["cursor_pos"].as_i64().map_or(end, |at| at.max(0) as usize);
    (code, position.min(end))
}

pub fn complete(prompt: &Prompt, content: &Value) -> Value {
    let (code, cursor) = code_and_cursor(content);
    let before = &code[..byte_of(code, cursor)];
    let found = Assistant::new(&prompt.repl).complete(before);
    let start = before.get(..found.start).map_or(cursor, |head| head.chars().count());
    json!({
        "status": "ok",
        "matches": found.texts,
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {},
    })
}

pub fn inspect(prompt: &Prompt, content: &Value) -> Value {
    let (code, cursor) = code_and_cursor(content);
    let found =
        names_at(code, byte_of(code, cursor)).into_iter().find_map(|name| about(prompt, name));
    let data = found.as_ref().map_or(json!({}), |text| json!({ "text/plain": text }));
    json!({ "status": "ok", "found": found.is_some(), "data": data, "metadata": {} })
}

/// The value of a global variable, and the documentation of a name.
fn about(prompt: &Prompt, name: &str) -> Option<String> {
    let value = prompt.repl.variable(name, prompt.look);
    let documentation = prompt.documentation(name).ok();
    let parts: Vec<String> = value.into_iter().chain(documentation).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The names to look for, the best first: the one at the cursor, and those of the calls around it.
fn names_at(code: &str, cursor: usize) -> Vec<&str> {
    let mut names = Vec::new();
    names.extend(name_at(code, cursor));
    let mut depth = 0;
    for (at, c) in code[..cursor].char_indices().rev() {
        match c {
            ')' | '}' | ']' => depth += 1,
            '(' | '{' | '[' if depth > 0 => depth -= 1,
            '(' | '{' => names.extend(name_at(code, code[..at].trim_end().len())),
            _ => {}
        }
    }
    names
}

/// The name that ends or stands at a byte position: `compt.trainer`, `t:run`.
fn name_at(code: &str, at: usize) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let head = code[..at].trim_end_matches(|c| is_part(c) || c == '.' || c == ':');
    let tail = code[at..].find(|c| !is_part(c)).map_or(code.len(), |end| at + end);
    let name = code[head.len()..tail].trim_matches(['.', ':']);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

pub fn is_complete(prompt: &Prompt, content: &Value) -> Value {
    let (code, _) = code_and_cursor(content);
    let is_lua = matches!(Input::of(code), Input::Lua);
    // Lua's compiler takes a name at the end for the beginning of a statement.
    let is_whole = || code.trim().is_empty() || prompt.repl.ends_in_expression(code);
    match is_lua {
        true if is_whole() => json!({ "status": "complete" }),
        true if prompt.repl.is_incomplete(code) => {
            json!({ "status": "incomplete", "indent": "  " })
        }
        true if !prompt.is_valid(code) => json!({ "status": "invalid" }),
        _ => json!({ "status": "complete" }),
    }
}

/// The number of this session; those before have the number before.
const SESSION: i64 = 2;

pub fn history(earlier: &[String], own: &[String], content: &Value) -> Value {
    let line = |session: i64| move |(i, input): (usize, &String)| (session, i + 1, input.clone());
    let own: Vec<_> = own.iter().enumerate().map(line(SESSION)).collect();
    let all = || earlier.iter().enumerate().map(line(SESSION - 1)).chain(own.clone());
    let number = |key: &str| content[key].as_i64();
    let mut found: Vec<(i64, usize, String)> = match content["hist_access_type"].as_str() {
        Some("range") => {
            let (start, stop) = (number("start").unwrap_or(0), number("stop").unwrap_or(i64::MAX));
            let session = match number("session").unwrap_or(0) {
                0 => SESSION,
                back if back < 0 => SESSION + back,
                session => session,
            };
            let within = |line: &(i64, usize, String)| {
                line.0 == session && (start..stop).contains(&(line.1 as i64))
            };
            all().filter(within).collect()
        }
        Some("search") => {
            let pattern: Vec<char> = content["pattern"].as_str().unwrap_or("*").chars().collect();
            let fits = |line: &(i64, usize, String)| {
                matches(&pattern, &line.2.chars().collect::<Vec<_>>())
            };
            all().filter(fits).collect()
        }
        _ => all().collect(),
    };
    if content["unique"] == true {
        let mut seen = std::collections::HashSet::new();
        found = found.into_iter().rev().filter(|line| seen.insert(line.2.clone())).collect();
        found.reverse();
    }
    if content["hist_access_type"] != "range"
        && let Some(n) = number("n").and_then(|n| usize::try_from(n).ok())
    {
        found.drain(..found.len().saturating_sub(n));
    }
    let with_output = content["output"] == true;
    let item = |(session, line, input): (i64, usize, String)| match with_output {
        // Outputs are not kept.
        true => json!([session, line, [input, null]]),
        false => json!([session, line, input]),
    };
    let found: Vec<Value> = found.into_iter().map(item).collect();
    json!({ "status": "ok", "history": found })
}

/// Whether a text fits a pattern as a whole: `*` is any text, `?` any character.
fn matches(pattern: &[char], text: &[char]) -> bool {
    // The positions after the last `*`, from where another try begins.
    let (mut p, mut t, mut again) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match again {
                Some((after, from)) => {
                    again = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_at_the_cursor_and_around_it() {
        let code = "t = compt.trainer { backbone = b, n = f(1) }";
        let at = |what: &str| names_at(code, code.find(what).unwrap());
        assert_eq!(at("trainer"), ["compt.trainer"]);
        assert_eq!(at("= b"), ["compt.trainer"]);
        assert_eq!(at("1)"), ["f", "compt.trainer"]);
        assert_eq!(names_at("t:run", 5), ["t:run"]);
        assert_eq!(names_at("12", 2), Vec::<&str>::new());
        assert_eq!(names_at("é.x(ü", 7), ["ü", "é.x"]);
    }

    #[test]
    fn positions_are_code_points() {
        let content = json!({ "code": "é = ü", "cursor_pos": 4 });
        let (code, cursor) = code_and_cursor(&content);
        assert_eq!((cursor, &code[byte_of(code, cursor)..]), (4, "ü"));
        assert_eq!(code_and_cursor(&json!({ "code": "ab", "cursor_pos": 99 })).1, 2);
        assert_eq!(code_and_cursor(&json!({ "code": "ab", "cursor_pos": -1 })).1, 0);
    }

    #[test]
    fn patterns_are_those_of_file_names() {
        let fits = |pattern: &str, text: &str| {
            matches(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
        };
        assert!(fits("*", "") && fits("a*c", "abbc") && fits("a?c", "abc") && fits("*b*b", "abcb"));
        assert!(!fits("a", "ab") && !fits("a*d", "abc") && !fits("", "a"));
    }

    #[test]
    fn histories_are_ranges_tails_and_searches() {
        let (earlier, own) = (["x".to_string()], ["a = 1", "b = 2", "a = 1"].map(String::from));
        let ask = |content: Value| {
            let found = history(&earlier, &own, &content);
            let lines = found["history"].as_array().unwrap().iter();
            lines.map(|line| line[2].as_str().unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            ask(json!({ "hist_access_type": "range", "session": 0, "start": 1, "stop": 3 })),
            ["a = 1", "b = 2"]
        );
        assert_eq!(ask(json!({ "hist_access_type": "range", "session": -1 })), ["x"]);
        assert_eq!(ask(json!({ "hist_access_type": "tail", "n": 2 })), ["b = 2", "a = 1"]);
        assert_eq!(
            ask(json!({ "hist_access_type": "search", "pattern": "a*", "n": 9, "unique": true })),
            ["a = 1"]
        );
        assert_eq!(ask(json!({ "hist_access_type": "tail" })).len(), 4);
    }
}
