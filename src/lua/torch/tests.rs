//! The operations are documented as they are declared.

use super::op::{Op, Param};
use super::{BOTH, FUNCTIONS, METHODS};
use crate::doc::{self, Docs};

/// A parameter in the notation of the documentation, without its type.
fn declared(param: &Param) -> String {
    let dots = if param.rest { "..." } else { "" };
    let optional = if param.optional && !param.rest { "?" } else { "" };
    let named = if param.named { "*" } else { "" };
    let default = param.default.map(|default| format!(" = {default}")).unwrap_or_default();
    format!("{named}{dots}{}{optional}{default}", param.name)
}

fn documented(param: &doc::Param) -> String {
    let optional = if param.optional { "?" } else { "" };
    let named = if param.named { "*" } else { "" };
    let default = param.default.as_ref().map(|default| format!(" = {default}"));
    format!("{named}{}{optional}{}", param.name, default.unwrap_or_default())
}

fn compare(docs: &Docs, op: &Op, name: &str, own: usize) -> Option<String> {
    let entry = docs.find(name).filter(|entry| entry.name == name);
    let Some(signature) = entry.and_then(|entry| entry.signature()) else {
        return Some(format!("{name} has no entry"));
    };
    let told: Vec<Vec<String>> = [signature]
        .into_iter()
        .chain(&signature.forms)
        .map(|form| form.written().iter().map(documented).collect())
        .collect();
    let there: Vec<Vec<String>> =
        op.forms.iter().map(|form| form.params[own..].iter().map(declared).collect()).collect();
    (told != there).then(|| format!("{name}: documented {told:?}, declared {there:?}"))
}

#[test]
fn every_form_is_documented_with_its_parameters_and_defaults() {
    let docs = Docs::load().unwrap();
    let of = |ops: &[&'static [Op]]| ops.iter().copied().flatten().collect::<Vec<_>>();
    let functions = of(BOTH).into_iter().chain(of(FUNCTIONS));
    let functions = functions.map(|op| compare(&docs, op, &format!("torch.{}", op.name), 0));
    let methods = of(METHODS).into_iter();
    let methods = methods.map(|op| compare(&docs, op, &format!("torch.Tensor:{}", op.name), 1));
    let wrong: Vec<String> = functions.chain(methods).flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn forms_are_told_apart_by_position_and_no_required_parameter_follows_an_optional_one() {
    for op in BOTH.iter().chain(FUNCTIONS).chain(METHODS).copied().flatten() {
        for form in op.forms {
            let positional: Vec<&Param> = form.params.iter().filter(|p| !p.named).collect();
            let first_optional = positional.iter().position(|p| p.optional);
            let last_required = positional.iter().rposition(|p| !p.optional);
            if let (Some(optional), Some(required)) = (first_optional, last_required) {
                assert!(required < optional, "{}", op.name);
            }
            let rest = positional.iter().position(|p| p.rest);
            assert!(rest.is_none_or(|i| i + 1 == positional.len()), "{}", op.name);
            let mut names: Vec<&str> = form.params.iter().map(|p| p.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), form.params.len(), "{}", op.name);
        }
    }
}
