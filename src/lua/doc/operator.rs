//! Functions of torch: each argument can be given by name in a last table.

use super::entry::{Class, Entry, Kind, Param, Signature};
use super::parse::{self, Body};
use crate::{Error, Result};

/// How the names of the classes begin that are made here.
pub const CLASSES: &str = "torch.options.";

/// Gives a signature the last table of named arguments, the texts of its parameters and its further
/// forms, and returns the class of that table.
pub fn name_all(name: &str, signature: &mut Signature, body: &Body) -> Result<Option<Entry>> {
    for call in &body.calls {
        let (_, form) = parse::function(call)?;
        signature.forms.push(Signature { both: signature.both, ..form });
    }
    for item in &body.items {
        let (param, text) = item.split_once(" -- ").unwrap_or((item, ""));
        let mut found = false;
        let forms = signature.forms.iter_mut().map(|form| &mut form.params);
        for params in [&mut signature.params].into_iter().chain(forms) {
            if let (false, Some(known)) = (found, params.iter_mut().find(|p| p.name == param)) {
                (known.text, found) = (text.to_string(), true);
            }
        }
        if !found {
            return Err(Error::new(format!("{name} has no parameter '{param}'")));
        }
    }
    let class = format!("{CLASSES}{}", name.trim_start_matches("torch.").replace(':', "."));
    let first = usize::from(signature.both);
    let mut fields: Vec<Param> = Vec::new();
    for form in [&*signature].into_iter().chain(&signature.forms) {
        for param in &form.params[first.min(form.params.len())..] {
            let plain = param.name.trim_start_matches("...");
            if !fields.iter().any(|known| known.name == plain) {
                fields.push(Param { name: plain.to_string(), optional: true, ..param.clone() });
            }
        }
    }
    let is_open = |param: &Param| param.optional || param.named || param.name.starts_with("...");
    let forms = || [&*signature].into_iter().chain(&signature.forms);
    if !forms().any(|form| form.params.iter().any(is_open)) {
        return Ok(None);
    }
    with_table(signature, &class);
    signature.forms.iter_mut().for_each(|form| with_table(form, &class));
    let kind = Kind::Class(Class { fields, exact: true, ..Class::default() });
    let text = vec![format!("Arguments of {name} by name.")];
    Ok(Some(Entry { implied: true, ..parse::entry(&class, kind, text, Vec::new()) }))
}

/// Adds the table of named arguments, which can take the place of every optional argument.
fn with_table(signature: &mut Signature, class: &str) {
    signature.written = Some(signature.params.clone());
    let has_rest = signature.params.iter().any(|param| param.name.starts_with("..."));
    signature.params.retain(|param| !param.named);
    for (i, param) in signature.params.iter_mut().enumerate() {
        if i > 0 || param.optional || param.name.starts_with("...") {
            param.kind = format!("{}|{class}", param.kind);
        }
    }
    if !has_rest {
        signature.params.push(Param {
            name: "options".to_string(),
            optional: true,
            kind: class.to_string(),
            ..Param::default()
        });
    }
}
