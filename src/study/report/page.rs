//! Filling the page: style, script and data are part of the file.

use serde_json::Value;

/// The page's parts, as the library has them.
pub struct Template {
    /// With `{{title}}`, `{{style}}`, `{{body}}`, `{{data}}` and `{{script}}`.
    pub skeleton: String,
    pub style: String,
    /// Put one after the other into one function.
    pub scripts: Vec<String>,
}

/// The page. `body` is HTML; the title is text.
pub fn page(template: &Template, title: &str, body: &str, data: &Value) -> String {
    let script = format!("(() => {{\n\"use strict\";\n\n{}}})();", template.scripts.join("\n"));
    // "</script>" and "<!--" would end or confuse the element that holds the data.
    let data = data.to_string().replace('<', "\\u003c");
    let title = escaped(title);
    let mut out = String::with_capacity(body.len() + data.len() + (1 << 16));
    let mut rest = template.skeleton.as_str();
    // In one pass: what is filled in may hold anything.
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or(("", after));
        out.push_str(match name {
            "title" => &title,
            "style" => &template.style,
            "body" => body,
            "data" => &data,
            "script" => &script,
            _ => "",
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_filled_in_stays_as_it_is() {
        let template = Template {
            skeleton: "<title>{{title}}</title>{{body}}|{{data}}|{{script}}".into(),
            style: String::new(),
            scripts: vec!["let a = 1;\n".into()],
        };
        let text = page(&template, "a < b", "{{script}}", &json!({ "text": "</script>" }));
        let script = "(() => {\n\"use strict\";\n\nlet a = 1;\n})();";
        let wanted = "<title>a &lt; b</title>{{script}}|{\"text\":\"\\u003c/script>\"}|";
        assert_eq!(text, format!("{wanted}{script}"));
    }
}
