//! The entries of the documentation.

/// One documented name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `torch.softmax`, `compt.Trainer:run`, `compt.Trainer`.
    pub name: String,
    /// The section of the manual it belongs to.
    pub section: String,
    pub kind: Kind,
    /// Prose, its lines joined to paragraphs.
    pub text: Vec<String>,
    /// Lines of Lua.
    pub example: Vec<String>,
    /// Made from a signature, for checkers and completion: the manual shows the signature.
    pub implied: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Function(Signature),
    Class(Class),
    Alias(Alias),
}

/// The parameters and results of a function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signature {
    pub params: Vec<Param>,
    pub returns: Vec<String>,
    /// Whether a function of `torch` is also a method of tensors.
    pub both: bool,
    /// The parameters as they are written, if each of them can be given by name; `params` then has
    /// the table of named arguments, too.
    pub written: Option<Vec<Param>>,
    /// Further forms of the call.
    pub forms: Vec<Signature>,
}

/// A parameter, a field or an option.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Param {
    pub name: String,
    pub optional: bool,
    /// A type in LuaCATS notation.
    pub kind: String,
    pub default: Option<String>,
    pub text: String,
    /// Given by name only.
    pub named: bool,
}

/// A table or userdata with fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Class {
    pub parent: Option<String>,
    pub fields: Vec<Param>,
    /// A table of named options, in which unknown keys are errors.
    pub exact: bool,
    /// `add(number): torch.Tensor`
    pub operators: Vec<String>,
    /// The ways to call it.
    pub calls: Vec<String>,
}

/// An alias of a type, or a set of values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alias {
    pub of: Option<String>,
    /// Values in Lua notation, with their meanings.
    pub values: Vec<(String, String)>,
}

impl Entry {
    /// The table or class of a function, the separator, and its name there.
    pub fn split(&self) -> (&str, char, &str) {
        match self.name.rfind(['.', ':']) {
            Some(at) => (&self.name[..at], self.name.as_bytes()[at] as char, &self.name[at + 1..]),
            None => ("", '.', &self.name),
        }
    }

    pub fn signature(&self) -> Option<&Signature> {
        match &self.kind {
            Kind::Function(signature) => Some(signature),
            _ => None,
        }
    }

    pub fn class(&self) -> Option<&Class> {
        match &self.kind {
            Kind::Class(class) => Some(class),
            _ => None,
        }
    }
}

impl Param {
    /// Parameters as they are shown, with a `*` before those that are given by name only.
    pub fn list(params: &[Param]) -> Vec<String> {
        let mut shown: Vec<String> = params.iter().map(Param::shown).collect();
        if let Some(first) = params.iter().position(|param| param.named) {
            shown.insert(first, "*".to_string());
        }
        shown
    }

    /// `name?: type = default`
    pub fn shown(&self) -> String {
        let optional = if self.optional { "?" } else { "" };
        let default = self.default.as_ref().map(|d| format!(" = {d}")).unwrap_or_default();
        format!("{}{optional}: {}{default}", self.name, self.kind)
    }
}

impl Signature {
    /// `(input: torch.Tensor, dim?: integer = -1, *, dtype?: torch.dtype): torch.Tensor`
    pub fn shown(&self) -> String {
        let shown = Param::list(self.written());
        let returns = match self.returns[..] {
            [] => String::new(),
            _ => format!(": {}", self.returns.join(", ")),
        };
        format!("({}){returns}", shown.join(", "))
    }

    /// The parameters as they are written.
    pub fn written(&self) -> &[Param] {
        self.written.as_deref().unwrap_or(&self.params)
    }

    /// The parameters of all forms that have a text.
    pub fn told(&self) -> Vec<&Param> {
        let forms = [self].into_iter().chain(&self.forms);
        let params = forms.flat_map(|form| form.written());
        params.filter(|param| !param.text.is_empty()).collect()
    }

    /// Every form, as a function and as a method.
    pub fn lines(&self, entry: &Entry) -> Vec<String> {
        let (_, _, name) = entry.split();
        let mut lines = Vec::new();
        for form in [self].into_iter().chain(&self.forms) {
            lines.push(format!("{}{}", entry.name, form.shown()));
            if self.both {
                lines.push(format!("tensor:{name}{}", form.as_method().shown()));
            }
        }
        lines
    }

    /// The signature as a method: the first parameter is the object.
    pub fn as_method(&self) -> Signature {
        let without_first = |params: &[Param]| params.iter().skip(1).cloned().collect();
        Signature {
            params: without_first(&self.params),
            written: self.written.as_deref().map(without_first),
            forms: self.forms.iter().map(Signature::as_method).collect(),
            ..self.clone()
        }
    }
}
