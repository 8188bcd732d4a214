//! An entry as text for the terminal.

use super::{Class, Docs, Entry, Kind, Param};

/// Signature, prose, options with their defaults, and the example, in lines of at most `width`.
pub fn describe(docs: &Docs, entry: &Entry, width: usize) -> String {
    let mut out = Text { lines: Vec::new(), width: width.max(30) };
    match &entry.kind {
        Kind::Function(signature) => {
            for line in signature.lines(entry) {
                out.wrap(&line, 0, 4);
            }
            out.prose(entry);
            if let Some(written) = &signature.written {
                out.fields(docs, "arguments", &signature.told());
                written.iter().for_each(|param| out.values(docs, param));
            }
            for param in signature.params.iter().filter(|_| signature.written.is_none()) {
                out.option_table(docs, &param.name, &param.kind);
                out.values(docs, param);
            }
        }
        Kind::Class(class) => {
            out.wrap(&entry.name, 0, 4);
            out.prose(entry);
            let title = if class.exact { "options" } else { "fields" };
            out.fields(docs, title, &docs.fields(&entry.name));
            out.callable(class);
            let methods: Vec<String> = docs.functions(&entry.name).map(|f| f.0.into()).collect();
            out.names(if entry.is_userdata() { "methods" } else { "functions" }, methods);
        }
        Kind::Alias(alias) => {
            let of = alias.of.as_ref().map(|of| format!(" = {of}")).unwrap_or_default();
            out.wrap(&format!("{}{of}", entry.name), 0, 4);
            out.prose(entry);
            for (value, text) in &alias.values {
                let text = if text.is_empty() { String::new() } else { format!("  {text}") };
                out.wrap(&format!("{value}{text}"), 2, 6);
            }
        }
    }
    if !entry.example.is_empty() {
        out.lines.extend([String::new(), "example:".to_string()]);
        out.lines.extend(entry.example.iter().map(|line| format!("  {line}")));
    }
    out.lines.join("\n")
}

impl Entry {
    /// Whether it has methods, as objects do, rather than functions, as modules do.
    fn is_userdata(&self) -> bool {
        self.split().2.starts_with(char::is_uppercase)
    }
}

struct Text {
    lines: Vec<String>,
    width: usize,
}

impl Text {
    fn prose(&mut self, entry: &Entry) {
        for paragraph in &entry.text {
            self.lines.push(String::new());
            self.wrap(paragraph, 0, 0);
        }
    }

    /// The options of a parameter.
    fn option_table(&mut self, docs: &Docs, name: &str, kind: &str) {
        let own = docs.options_in(kind).map(String::from);
        if let Some(class) = own.or_else(|| docs.options_behind(kind)) {
            self.fields(docs, name, &docs.fields(&class));
        }
    }

    fn values(&mut self, docs: &Docs, param: &Param) {
        let values = docs.values(&param.kind);
        if !values.is_empty() && !param.kind.contains('"') {
            let values: Vec<String> = values.into_iter().map(|v| v.0).collect();
            self.lines.push(String::new());
            self.wrap(&format!("{}: {}", param.name, values.join(", ")), 0, 4);
        }
    }

    fn fields(&mut self, docs: &Docs, title: &str, fields: &[&Param]) {
        if fields.is_empty() {
            return;
        }
        self.lines.extend([String::new(), format!("{title}:")]);
        for field in fields {
            self.wrap(&field.shown(), 2, 6);
            let mut text = field.text.clone();
            let values = docs.values(&field.kind);
            if !values.is_empty() && !field.kind.contains('"') {
                let values: Vec<String> = values.into_iter().map(|v| v.0).collect();
                let space = if text.is_empty() { "" } else { ": " };
                text = format!("{text}{space}{}", values.join(", "));
            }
            if !text.is_empty() {
                self.wrap(&text, 6, 6);
            }
        }
    }

    fn callable(&mut self, class: &Class) {
        for call in &class.calls {
            self.lines.push(String::new());
            self.wrap(&format!("called as {call}"), 0, 4);
        }
    }

    fn names(&mut self, title: &str, mut names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        names.sort();
        names.dedup();
        self.lines.push(String::new());
        self.wrap(&format!("{title}: {}", names.join(", ")), 0, 2);
    }

    /// Adds wrapped text, the first line indented by `first`, the others by `rest`.
    fn wrap(&mut self, text: &str, first: usize, rest: usize) {
        let mut line = " ".repeat(first);
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > self.width {
                self.lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.lines.push(line);
    }
}
