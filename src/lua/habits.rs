//! Habits from Python and PyTorch: what to write in Lua instead.

use crate::Error;
use crate::lexer::{Kind, tokens};

/// What has a name: a global variable, a member of an object or module, or an option of a call.
const NAMES: &[(&str, &[(&str, &str)])] = &[
    (
        "global",
        &[
            ("True", "Lua writes true"),
            ("False", "Lua writes false"),
            ("None", "Lua writes nil"),
            ("null", "Lua writes nil"),
            ("len", "#x is the length of a list or string, and x:size(1) that of a tensor"),
            ("exit", "Ctrl-D or :quit leaves the prompt, os.exit() ends a script"),
            ("quit", "Ctrl-D or :quit leaves the prompt, os.exit() ends a script"),
            ("help", "?name shows the documentation of a name, and :help lists the commands"),
            ("dir", "?name shows the documentation of a name, and the Tab key completes it"),
            ("range", "Lua writes `for i = 1, n do ... end`; torch.arange makes a tensor"),
            ("enumerate", "Lua writes `for i, value in ipairs(list) do ... end`"),
            ("zip", "Lua writes `for i = 1, #a do ... end` with a[i] and b[i]"),
            ("list", "Lua writes { 1, 2, 3 }; t:tolist() makes a list of a tensor"),
            ("dict", "Lua writes { key = value }"),
            ("str", "tostring(x) makes a string"),
            ("int", "math.floor(x) or x // 1 rounds down, tonumber(s) reads a number"),
            ("float", "tonumber(s) reads a number"),
            ("isinstance", "type(x) is the type of a value as a string"),
            ("abs", "math.abs(x) is for numbers, x:abs() for tensors"),
            ("max", "math.max(a, b) is for numbers, x:max() for tensors"),
            ("min", "math.min(a, b) is for numbers, x:min() for tensors"),
            ("sum", "x:sum() sums a tensor"),
            ("round", "x:round() rounds a tensor"),
            ("open", "io.open(path) opens a file"),
            ("np", "there is no NumPy; `torch` has most of its functions"),
            ("numpy", "there is no NumPy; `torch` has most of its functions"),
            ("nn", "there are no modules: torch.linear, torch.relu ... are functions"),
            ("F", "torch.softmax, torch.cross_entropy ... are functions of `torch`"),
        ],
    ),
    (
        "option",
        &[
            (
                "learning_rate",
                "learning rates belong to the method: compt.methods.ssum { lr = { source = 0.05 } }, or \
                 to the control file",
            ),
            (
                "lr",
                "learning rates belong to the method: compt.methods.ssum { lr = { source = 0.05 } }, or \
                 to the control file",
            ),
        ],
    ),
    (
        "torch",
        &[
            ("nn", "there are no modules: torch.linear, torch.relu ... are functions of `torch`"),
            (
                "optim",
                "compt.optimizer.adamw({ w, b }, { lr = 0.1 }) is torch.optim.AdamW([w, b], lr=0.1), with \
                 :step() and :zero_grad(); compt.trainer { optimizer = ... } chooses that of a trainer",
            ),
            (
                "cuda",
                "`compt doctor` lists the devices; --device chooses the one of a session, and \
                 { device = \"cuda\" } that of a new tensor",
            ),
            ("device", "a device is a string: \"cpu\", \"cuda\" or \"cuda:1\""),
            ("float", "a dtype is a string: { dtype = \"float32\" }"),
            ("float32", "a dtype is a string: { dtype = \"float32\" }"),
            ("bfloat16", "a dtype is a string: { dtype = \"bfloat16\" }"),
            ("long", "a dtype is a string: { dtype = \"int64\" }"),
            ("int64", "a dtype is a string: { dtype = \"int64\" }"),
            ("from_numpy", "torch.tensor makes a tensor of nested lists, torch.load reads a file"),
        ],
    ),
    (
        "tensor",
        &[
            ("T", "x:t() transposes a matrix, x:transpose(1, 2) any two dimensions"),
            ("mT", "x:transpose(-2, -1) transposes the last two dimensions"),
            ("numpy", "x:tolist() makes nested lists, x:item() a number"),
            ("cuda", "x:to(\"cuda\") copies to the GPU"),
            ("data", "x:detach() is the tensor without its graph"),
        ],
    ),
    (
        "trainer",
        &[
            ("train", "t:run() trains to the end, t:step() one step"),
            ("fit", "t:run() trains to the end, t:step() one step"),
            ("eval", "t:evaluate() evaluates"),
            ("test", "t:evaluate() evaluates"),
        ],
    ),
    (
        "compt",
        &[
            ("train", "compt.trainer { ... } makes a trainer, and its method `run` trains"),
            ("Trainer", "compt.trainer { ... } makes a trainer, and its method `run` trains"),
            ("model", "compt.backbone(name) loads a backbone"),
            (
                "load",
                "compt.backbone(name) loads a backbone, compt.load_run(run) a recorded run, t:load(run) a run's \
                 checkpoint",
            ),
            ("optim", "compt.optimizer.adamw({ w, b }, { lr = 0.1 }) is an optimizer by hand"),
        ],
    ),
];

/// Options as other libraries call them, and what they are called here.
const OPTIONS: &[(&str, &str)] = &[
    ("model", "backbone"),
    ("model_name_or_path", "backbone"),
    ("learning_rate", "lr"),
    ("num_epochs", "epochs"),
    ("num_train_epochs", "epochs"),
    ("train_batch_size", "batch_size"),
    ("per_device_train_batch_size", "batch_size"),
    ("gradient_accumulation_steps", "accumulate"),
    ("num_virtual_tokens", "length"),
    ("prompt_length", "length"),
    ("num_shots", "shots"),
    ("k", "shots"),
    ("random_seed", "seed"),
    ("output_dir", "out"),
    ("beams", "num_beams"),
    ("max_length", "max_new_tokens"),
    ("max_tokens", "max_new_tokens"),
    ("inputs", "text"),
];

/// What to use in place of an unknown name; `of` is "global", or what has no such member: "tensor".
pub fn of_name(of: &str, name: &str) -> Option<&'static str> {
    let (_, names) = NAMES.iter().find(|(known, _)| *known == of)?;
    names.iter().find(|(known, _)| *known == name).map(|(_, instead)| *instead)
}

/// What an option is called here, if it is one of the `known`.
pub fn of_option<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let (_, here) = OPTIONS.iter().find(|(other, _)| *other == name)?;
    known.iter().find(|known| *known == here).copied()
}

/// An error for an unknown option, with what it is called here or the nearest known one.
pub fn unknown_option(name: &str, known: &[&str]) -> Error {
    let error = Error::new(format!("unknown option '{name}'"));
    match (of_option(name, known), of_name("option", name)) {
        (Some(here), _) => error.hint(format!("it is called '{here}'")),
        (None, Some(instead)) => error.hint(instead),
        (None, None) => Error::unknown("option", name, known.iter().copied()),
    }
}

/// What to write in place of a line that raised an error.
pub fn of_line(message: &str, source: &str) -> Option<String> {
    let line = Line::new(source);
    if message.contains("(global '") {
        let name = message.split('\'').nth(1)?;
        return of_name("global", name).map(String::from);
    }
    if message.starts_with("attempt to compare") && message.contains("tensor") {
        return Some(
            "a comparison operator gives one boolean; x:gt(0), x:ge(0), x:lt(0), x:le(0) and \
             x:eq(0) compare elements"
                .into(),
        );
    }
    if message.contains("the value before the colon must be") {
        let (object, method) = line.dotted_call()?;
        return Some(format!("methods are called with a colon: {object}:{method}(...)"));
    }
    let is_syntax = ["expected", "unexpected symbol", "syntax error", "malformed"];
    is_syntax.iter().any(|part| message.contains(part)).then(|| line.syntax()).flatten()
}

/// The words of a line of code.
struct Line<'s> {
    words: Vec<&'s str>,
    kinds: Vec<Kind>,
    /// Whether a word follows the one before it without a space.
    joined: Vec<bool>,
}

impl<'s> Line<'s> {
    fn new(source: &'s str) -> Self {
        let code: Vec<_> = tokens(source).into_iter().filter(|token| token.is_code()).collect();
        let follows = |i: usize| i > 0 && code[i - 1].end == code[i].start;
        Line {
            words: code.iter().map(|token| token.text(source)).collect(),
            kinds: code.iter().map(|token| token.kind).collect(),
            joined: (0..code.len()).map(follows).collect(),
        }
    }

    fn word(&self, i: usize) -> &'s str {
        self.words.get(i).copied().unwrap_or_default()
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// The places of a word.
    fn places(&self, word: &'static str) -> impl Iterator<Item = usize> + '_ {
        (0..self.words.len()).filter(move |i| self.words[*i] == word)
    }

    /// Whether two words stand side by side without a space.
    fn pair(&self, first: &'static str, second: &str) -> bool {
        self.places(first).any(|i| self.word(i + 1) == second && self.joined[i + 1])
    }

    /// `x.mean(`: the object and its method.
    fn dotted_call(&self) -> Option<(&'s str, &'s str)> {
        let is_call = |i: &usize| *i > 0 && self.word(i + 2) == "(";
        let i = self.places(".").filter(is_call).last()?;
        Some((self.word(i - 1), self.word(i + 1)))
    }

    /// `x += 1`: the name and the operator.
    fn assigned(&self) -> Option<(&'s str, &'s str)> {
        let is_one = |i: usize| {
            ["+", "-", "*", "/"].contains(&self.word(i))
                && self.word(i + 1) == "="
                && self.joined[i + 1]
        };
        let i = (1..self.words.len()).find(|i| is_one(*i))?;
        (self.kinds[i - 1] == Kind::Name).then(|| (self.word(i - 1), self.word(i)))
    }

    /// `f([1, 2])`: whether a bracket follows an opening one, a comma or an equals sign.
    fn list_in_call(&self) -> bool {
        self.places("[")
            .any(|i| i > 0 && ["(", ",", "=", "[", "return"].contains(&self.word(i - 1)))
    }

    /// `f(x, dim=1)`: whether a name is assigned within the brackets of a call.
    fn named_argument(&self) -> bool {
        self.places("=").any(|i| {
            let mut open = Vec::new();
            for word in &self.words[..i] {
                match *word {
                    "(" | "{" | "[" => open.push(*word),
                    ")" | "}" | "]" => drop(open.pop()),
                    _ => {}
                }
            }
            i > 1 && self.kinds[i - 1] == Kind::Name && open.last() == Some(&"(")
        })
    }

    /// `x[1, 2]`: whether an index has a comma or a colon.
    fn indexed_by(&self, separator: &'static str) -> bool {
        let depth = |words: &[&str]| {
            let count = |word: &str| words.iter().filter(|w| **w == word).count();
            (count("["), count("]"), count("{"), count("}"))
        };
        self.places(separator).any(|i| {
            let (open, closed, tables, ended) = depth(&self.words[..i]);
            open > closed && tables == ended
        })
    }

    /// What to write instead of a line that is not Lua.
    fn syntax(&self) -> Option<String> {
        let first = self.word(0);
        let instead = match first {
            "import" | "from" => {
                "`local torch = require \"compt.torch\"` loads a module; at the prompt `compt` and \
                 `torch` are loaded"
            }
            "%" => "`:time CODE` and `:timeit CODE` measure; :help lists the commands",
            "def" => "Lua writes `function f(x) ... end`",
            "class" => "Lua has tables and functions in place of classes",
            "elif" => "Lua writes `elseif CONDITION then`",
            "with" => "torch.no_grad(function() ... end) computes without gradients",
            "try" => "pcall(function() ... end) catches errors",
            "print" if self.kinds.get(1) != Some(&Kind::Symbol) => "Lua writes `print(x)`",
            "#" => "a comment begins with --",
            "for" if self.words.last() == Some(&":") => {
                "Lua writes `for i = 1, n do ... end` or `for i, x in ipairs(list) do ... end`"
            }
            "if" | "while" if self.words.last() == Some(&":") => {
                "Lua writes `if CONDITION then ... end` and `while CONDITION do ... end`"
            }
            _ => return self.operator(),
        };
        Some(instead.to_string())
    }

    /// What to write instead of an operator or form that Lua lacks.
    fn operator(&self) -> Option<String> {
        if let Some((name, operator)) = self.assigned() {
            return Some(format!("Lua writes `{name} = {name} {operator} ...`"));
        }
        let field = self.places(":").find(|i| {
            let call = self.word(i + 2);
            let opens = ["(", "{"].contains(&call) || call.starts_with(['"', '\'', '[']);
            self.kinds.get(i + 1) == Some(&Kind::Name) && *i > 0 && !opens
        });
        let instead = match () {
            () if self.named_argument() => {
                "options by name are a table: x:mean { dim = 1, keepdim = true } or f(x, { dim = 1 })"
            }
            () if self.has("@") => "a:matmul(b) is the matrix product",
            () if self.pair("!", "=") => "Lua writes `a ~= b`; a:ne(b) compares elements",
            () if self.has("!") => "Lua writes `not x`",
            () if self.pair("&", "&") => "Lua writes `a and b`",
            () if self.pair("|", "|") => "Lua writes `a or b`",
            () if self.pair("*", "*") => "Lua writes `a ^ b`",
            () if self.list_in_call() => "Lua writes lists with braces: { 1, 2, 3 }",
            () if self.indexed_by(":") => {
                "a range of an index is a list of its ends: x[{ {1, 3} }]; see ?torch.Tensor"
            }
            () if self.indexed_by(",") => "several indices are a list: x[{1, 2}], or x[1][2]",
            () if self.has("lambda") => "Lua writes `function(x) return ... end`",
            () if field.is_some() => {
                let name = self.word(field? + 1);
                return Some(format!(
                    "a field is read with a dot, .{name}; a method is called with brackets, \
                     :{name}()"
                ));
            }
            () => return None,
        };
        Some(instead.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hint for a line that does not compile.
    fn refused(source: &str) -> String {
        let lua = mlua::Lua::new();
        let error = lua.load(source).into_function().expect_err(source).to_string();
        of_line(&error, source).unwrap_or_default()
    }

    #[test]
    fn what_is_not_lua_is_answered_with_lua() {
        for (source, wanted) in [
            ("x[1,1]", "x[{1, 2}]"),
            ("x[1:3]", "{1, 3}"),
            ("x @ y", "matmul"),
            ("x.mean(dim=0)", "x:mean { dim = 1"),
            ("torch.tensor([1, 2, 3])", "{ 1, 2, 3 }"),
            ("torch.zeros(2, 3, requires_grad=True)", "options by name are a table"),
            ("loss += 1", "`loss = loss + ...`"),
            ("x:shape", ".shape"),
            ("import torch", "require \"compt.torch\""),
            ("from torch import nn", "require \"compt.torch\""),
            ("%timeit x", ":timeit"),
            ("x != 1", "~="),
            ("x = !y", "not"),
            ("y = x ** 2", "^"),
            ("if a && b then end", "and"),
            ("def f(x):", "function"),
            ("for i in range(3):", "for i = 1, n"),
            ("if x > 1:", "then"),
            ("with torch.no_grad():", "no_grad(function()"),
            ("# a comment", "--"),
            ("print x", "print(x)"),
            ("f = lambda x: x", "function(x)"),
        ] {
            let hint = refused(source);
            assert!(hint.contains(wanted), "{source}: {hint}");
        }
    }

    #[test]
    fn other_mistakes_are_left_alone() {
        for source in ["local = 2", "x = = 1", "f(", "t = { a = 1, b = 2", "x = 'a"] {
            assert_eq!(refused(source), "", "{source}");
        }
    }

    #[test]
    fn an_option_of_another_library_is_found_if_the_call_has_it() {
        assert_eq!(of_option("learning_rate", &["lr", "epochs"]), Some("lr"));
        assert_eq!(of_option("learning_rate", &["epochs"]), None);
        assert_eq!(of_option("epoch", &["epochs"]), None);
    }
}
