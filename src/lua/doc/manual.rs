//! The documentation as the reference manual, in Markdown.

use super::{Docs, Entry, Kind, Param};

/// The whole of `docs/reference.md`.
pub fn manual(docs: &Docs) -> String {
    let mut out = String::from(
        "# Reference\n\nEvery name of the runtime. `?name` at the prompt prints the same. (Generated \
         from `stdlib/doc` by `compt stubs --manual`.)\n\n",
    );
    let mut sections: Vec<&str> = docs.entries.iter().map(|e| e.section.as_str()).collect();
    sections.dedup();
    for section in &sections {
        out.push_str(&format!("- [{section}](#{})\n", anchor(section)));
    }
    for section in sections {
        out.push_str(&format!("\n## {section}\n"));
        for entry in docs.entries.iter().filter(|entry| entry.section == section && !entry.implied)
        {
            self::entry(docs, &mut out, entry);
        }
    }
    out
}

/// A heading's anchor, as Markdown renderers create it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn entry(docs: &Docs, out: &mut String, entry: &Entry) {
    out.push_str(&format!("\n### `{}`\n", entry.name));
    if let Kind::Function(signature) = &entry.kind {
        out.push_str(&format!("\n```\n{}\n```\n", signature.lines(entry).join("\n")));
    }
    entry.text.iter().for_each(|paragraph| out.push_str(&format!("\n{paragraph}\n")));
    match &entry.kind {
        Kind::Function(signature) if signature.written.is_some() => {
            let told = signature.told();
            out.push_str(if told.is_empty() { "" } else { "\n" });
            for param in told {
                out.push_str(&format!("- `{}`: {}\n", param.name, param.text));
            }
        }
        Kind::Function(signature) => {
            for param in &signature.params {
                if let Some(class) = docs.options_in(&param.kind) {
                    out.push_str(&format!("\n`{}`: [`{class}`](#{})\n", param.name, anchor(class)));
                }
            }
        }
        Kind::Class(class) => {
            if let Some(parent) = &class.parent {
                out.push_str(&format!("\nAll of [`{parent}`](#{}), and\n", anchor(parent)));
            }
            fields(out, &class.fields);
            for call in &class.calls {
                out.push_str(&format!("\nCalled as `{call}`.\n"));
            }
        }
        Kind::Alias(alias) => {
            if let Some(of) = &alias.of {
                out.push_str(&format!("\n`{of}`\n"));
            }
            out.push_str(if alias.values.is_empty() { "" } else { "\n" });
            for (value, text) in &alias.values {
                let text = if text.is_empty() { String::new() } else { format!(": {text}") };
                out.push_str(&format!("- `{value}`{text}\n"));
            }
        }
    }
    if !entry.example.is_empty() {
        out.push_str(&format!("\n```lua\n{}\n```\n", entry.example.join("\n")));
    }
}

fn fields(out: &mut String, fields: &[Param]) {
    if fields.is_empty() {
        return;
    }
    out.push_str("\n| name | type | default | |\n| --- | --- | --- | --- |\n");
    for field in fields {
        let bar = |text: &str| text.replace('|', "\\|");
        let default = match (&field.default, field.optional) {
            (Some(default), _) => format!("`{}`", bar(default)),
            (None, _) => String::new(),
        };
        let optional = if field.optional { "?" } else { "" };
        out.push_str(&format!(
            "| `{}{optional}` | `{}` | {default} | {} |\n",
            field.name,
            bar(&field.kind),
            bar(&field.text)
        ));
    }
}
