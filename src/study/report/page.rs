//! The page; its style, script and data are embedded.

use super::curves;
use super::data::data;
use crate::plot::escape;
use crate::records::catalog::Entry;
use serde_json::Value;

/// The parts common to all pages.
pub struct Template {
    /// With `{{title}}`, `{{style}}`, `{{body}}`, `{{curves}}`, `{{data}}` and `{{script}}`.
    pub skeleton: String,
    pub style: String,
    /// Concatenated into one function.
    pub scripts: Vec<String>,
}

/// The contents of a page.
pub struct Page<'a> {
    pub title: &'a str,
    /// The date.
    pub made: &'a str,
    /// The sections above the runs, as HTML.
    pub body: &'a str,
    pub runs: &'a [Entry],
}

impl Page<'_> {
    /// The page as HTML.
    pub fn html(&self, template: &Template) -> String {
        let data = data(self.title, self.made, self.runs);
        filled(template, self.title, self.body, &curves::templates(self.runs), &data)
    }
}

fn filled(template: &Template, title: &str, body: &str, curves: &str, data: &Value) -> String {
    let script = format!("(() => {{\n\"use strict\";\n\n{}}})();", template.scripts.join("\n"));
    // "</script>" and "<!--" would end or corrupt the element with the data.
    let data = data.to_string().replace('<', "\\u003c");
    let title = escape(title);
    let mut out = String::with_capacity(body.len() + curves.len() + data.len() + (1 << 16));
    let mut rest = template.skeleton.as_str();
    // In one pass, because inserted text may contain placeholders.
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or(("", after));
        out.push_str(match name {
            "title" => &title,
            "style" => &template.style,
            "body" => body,
            "curves" => curves,
            "data" => &data,
            "script" => &script,
            _ => "",
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_filled_in_stays_as_it_is() {
        let template = Template {
            skeleton: "<title>{{title}}</title>{{body}}|{{curves}}|{{data}}|{{script}}".into(),
            style: String::new(),
            scripts: vec!["let a = 1;\n".into()],
        };
        let text =
            filled(&template, "a < b", "{{script}}", "{{data}}", &json!({ "text": "</script>" }));
        let script = "(() => {\n\"use strict\";\n\nlet a = 1;\n})();";
        let wanted = "<title>a &lt; b</title>{{script}}|{{data}}|{\"text\":\"\\u003c/script>\"}|";
        assert_eq!(text, format!("{wanted}{script}"));
    }
}
