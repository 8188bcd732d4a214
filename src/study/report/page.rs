//! The page; its style, script and data are embedded.

use super::live::Live;
use crate::plot::escape;

/// The parts common to all pages.
pub struct Template {
    /// With `{{title}}`, `{{policy}}`, `{{style}}`, `{{body}}`, `{{data}}` and `{{script}}`.
    pub skeleton: String,
    pub styles: Vec<String>,
    /// Concatenated into one function.
    pub scripts: Vec<String>,
}

/// The contents of a page.
pub struct Page<'a> {
    pub title: &'a str,
    /// The sections of tables and figures, as HTML.
    pub body: &'a [String],
    pub live: &'a Live,
    /// Whether the page may ask its own server for what is new.
    pub follows: bool,
}

impl Page<'_> {
    /// The page as HTML.
    pub fn html(&self, template: &Template) -> String {
        let script = format!("(() => {{\n\"use strict\";\n\n{}}})();", template.scripts.join("\n"));
        // "</script>" and "<!--" would end or corrupt the element with the data.
        let data = self.live.since(0).unwrap_or_else(|| "{}".into()).replace('<', "\\u003c");
        let (title, style, body) =
            (escape(self.title), template.styles.join("\n"), self.body.join("\n"));
        let mut out = String::with_capacity(body.len() + data.len() + (1 << 17));
        let mut rest = template.skeleton.as_str();
        // In one pass, because inserted text may contain placeholders.
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let (name, after) = after.split_once("}}").unwrap_or(("", after));
            out.push_str(match name {
                "title" => &title,
                "policy" if self.follows => "connect-src 'self'; ",
                "style" => &style,
                "body" => &body,
                "data" => &data,
                "script" => &script,
                _ => "",
            });
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::live::Parts;
    use super::*;

    #[test]
    fn what_is_filled_in_stays_as_it_is() {
        let template = Template {
            skeleton: "<title>{{title}}</title>{{policy}}{{body}}|{{data}}|{{script}}".into(),
            styles: vec![],
            scripts: vec!["let a = 1;\n".into()],
        };
        let mut live = Live::default();
        let parts = vec![("head".into(), "\"</script>\"".into())];
        live.publish(Parts { rest: parts, runs: Vec::new() });
        let body = ["{{script}}".to_string()];
        let page = Page { title: "a < b", body: &body, live: &live, follows: false };
        let data = "{\"version\":1,\"head\":\"\\u003c/script>\",\"runs\":[]}";
        let script = "(() => {\n\"use strict\";\n\nlet a = 1;\n})();";
        let wanted = format!("<title>a &lt; b</title>{{{{script}}}}|{data}|{script}");
        assert_eq!(page.html(&template), wanted);
        assert!(Page { follows: true, ..page }.html(&template).contains("connect-src 'self'"));
    }
}
