//! The arguments of one call: which form they fit, and the value of each parameter.

use super::arg::type_of;
use super::op::{Form, Outcome, Param};
use super::read::{Arg, elements};
use crate::{Error, Result};
use mlua::{Lua, Table, Value};

/// The arguments as they were given.
pub struct Args {
    op: &'static str,
    /// Whether the first value is the tensor before a colon.
    is_method: bool,
    values: Vec<Value>,
}

/// The value of a parameter, nil if it is not given, and how errors call it.
pub struct Bound {
    pub value: Value,
    /// The position from 1; 0 for a named or absent argument.
    position: usize,
}

/// Why the arguments do not fit a form, and how many parameters they did fit.
struct Misfit(Error, usize);

impl Args {
    pub fn new(op: &'static str, values: Vec<Value>, is_method: bool) -> Self {
        Args { op, is_method, values }
    }

    /// The function's name for the user, `torch.sum` or `tensor:sum`.
    pub fn call(&self) -> String {
        format!("{}{}", if self.is_method { "tensor:" } else { "torch." }, self.op)
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The form that the arguments fit, and the value of each of its parameters.
    pub fn bind(&self, lua: &Lua, forms: &'static [Form]) -> Result<(&'static Form, Vec<Bound>)> {
        if let [form] = forms {
            let bound = self.fit(lua, form, forms).map_err(|misfit| misfit.0)?;
            return Ok((form, bound));
        }
        let mut nearest: Option<Misfit> = None;
        for form in forms {
            match self.fit(lua, form, forms).and_then(|bound| self.check(form, bound)) {
                Ok(bound) => return Ok((form, bound)),
                Err(misfit) if nearest.as_ref().is_none_or(|n| n.1 < misfit.1) => {
                    nearest = Some(misfit);
                }
                Err(_) => {}
            }
        }
        Err(nearest.expect("an operation has a form").0)
    }

    /// Gives each argument to its parameter.
    fn fit(
        &self,
        lua: &Lua,
        form: &'static Form,
        forms: &'static [Form],
    ) -> std::result::Result<Vec<Bound>, Misfit> {
        let params = form.params;
        let most = params.iter().take_while(|param| !param.named).count();
        let (given, named) = self.split(params).map_err(|e| Misfit(e, 0))?;
        let absent = || Bound { value: Value::Nil, position: 0 };
        let mut bound: Vec<Bound> = params.iter().map(|_| absent()).collect();
        for (i, value) in given.iter().enumerate() {
            if i >= most {
                return Err(Misfit(self.too_many(form, most, given.len()), 0));
            }
            let mut value = value.clone();
            let rest = params[i].rest;
            if rest && !(given.len() == i + 1 && value.is_table()) {
                let list = lua.create_sequence_from(given[i..].iter().cloned());
                value = Value::Table(list.map_err(|e| Misfit(Error::new(e.to_string()), i))?);
            }
            bound[i] = Bound { value, position: i + 1 };
            if rest {
                break;
            }
        }
        if let Some(named) = named {
            let fitted = given.len();
            self.name(params, forms, named, &mut bound).map_err(|e| Misfit(e, fitted))?;
        }
        let missing = |(param, bound): &(&Param, &Bound)| !param.optional && bound.value.is_nil();
        if let Some((i, (param, bound))) =
            params.iter().zip(&bound).enumerate().find(|(_, pair)| missing(pair))
        {
            return Err(Misfit(self.wrong(i, param, bound), i));
        }
        Ok(bound)
    }

    /// The positional arguments, and the last table of named ones.
    fn split(&self, params: &[Param]) -> Result<(&[Value], Option<&Table>)> {
        let Some((Value::Table(table), given)) = self.values.split_last() else {
            return Ok((&self.values, None));
        };
        let has_names = || table.pairs::<Value, Value>().flatten().any(|(key, _)| key.is_string());
        if params.get(given.len()).is_some_and(|param| param.names) || !has_names() {
            return Ok((&self.values, None));
        }
        if table.raw_len() > 0 {
            return Err(Error::new("a table with both positions and names").hint(
                "arguments by position come before the table: t:sum(1, { keepdim = true })",
            ));
        }
        Ok((given, Some(table)))
    }

    fn name(
        &self,
        params: &[Param],
        forms: &[Form],
        named: &Table,
        bound: &mut [Bound],
    ) -> Result<()> {
        for pair in named.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|e| Error::new(e.to_string()))?;
            let name = key.to_string().unwrap_or_default();
            let Some(i) = params.iter().position(|param| param.name == name) else {
                let own = usize::from(self.is_method);
                let of_all = forms.iter().flat_map(|form| form.params.iter().skip(own));
                let mut known: Vec<&str> = of_all.map(|param| param.name).collect();
                known.sort_unstable();
                known.dedup();
                return Err(Error::unknown("option", &name, known));
            };
            if bound[i].position > 0 && !bound[i].value.is_nil() {
                let what = format!("'{name}' is given by position and by name");
                return Err(Error::new(what));
            }
            bound[i] = Bound { value, position: 0 };
        }
        Ok(())
    }

    /// Refuses values that a parameter does not take.
    fn check(
        &self,
        form: &'static Form,
        bound: Vec<Bound>,
    ) -> std::result::Result<Vec<Bound>, Misfit> {
        for (i, (param, bound)) in form.params.iter().zip(&bound).enumerate() {
            if !bound.value.is_nil() && !(param.takes)(&bound.value) {
                return Err(Misfit(self.wrong(i, param, bound), i));
            }
        }
        Ok(bound)
    }

    fn too_many(&self, form: &Form, most: usize, given: usize) -> Error {
        let own = usize::from(self.is_method);
        let most = match most - own.min(most) {
            0 => "no arguments".to_string(),
            1 => "at most 1 argument".to_string(),
            n => format!("at most {n} arguments"),
        };
        let error = Error::new(format!("takes {most}, got {}", given - own));
        let by_name = form.params.iter().filter(|param| param.named);
        let by_name: Vec<&str> = by_name.map(|param| param.name).collect();
        match by_name[..] {
            [] => error,
            _ => error.hint(format!("by name, in a last table: {}", by_name.join(", "))),
        }
    }

    /// How the user gave, or could have given, a parameter.
    fn place(&self, i: usize, param: &Param, bound: &Bound) -> String {
        if param.named || (bound.position == 0 && !bound.value.is_nil()) {
            return format!("option '{}'", param.name);
        }
        match i + 1 - usize::from(self.is_method) {
            0 => "the value before the colon".to_string(),
            i => format!("argument {i} ({})", param.name),
        }
    }

    fn wrong(&self, i: usize, param: &Param, bound: &Bound) -> Error {
        let got = match &bound.value {
            Value::Nil if self.values.len() <= i => "nothing".to_string(),
            Value::Table(list) if param.rest => {
                let wrong = elements(list).into_iter().find(|value| !(param.takes)(value));
                type_of(&wrong.unwrap_or_else(|| bound.value.clone()))
            }
            value => type_of(value),
        };
        Error::new(format!("{} must be {}, got {got}", self.place(i, param, bound), param.wanted))
    }
}

/// Reads the values of a form one after another.
pub struct Reader<'a> {
    args: &'a Args,
    form: &'static Form,
    bound: &'a [Bound],
    next: usize,
}

impl<'a> Reader<'a> {
    pub fn new(args: &'a Args, form: &'static Form, bound: &'a [Bound]) -> Self {
        Reader { args, form, bound, next: 0 }
    }

    /// The value of the next parameter.
    pub fn next<T: Arg>(&mut self) -> Outcome<T> {
        let i = self.next;
        self.next += 1;
        let (param, bound) = (&self.form.params[i], &self.bound[i]);
        if !bound.value.is_nil() && !(param.takes)(&bound.value) {
            return Err(self.args.wrong(i, param, bound).into());
        }
        Ok(T::read(&bound.value, param.name).map_err(|e| e.at(self.args.place(i, param, bound)))?)
    }

    /// The value of the next parameter, or its default.
    pub fn next_or<T: Arg>(&mut self, default: impl FnOnce() -> T) -> Outcome<T> {
        if self.bound[self.next].value.is_nil() {
            self.next += 1;
            return Ok(default());
        }
        self.next()
    }
}

/// Converts values that must all be tensors.
pub fn tensors(list: &Table) -> Result<Vec<tch::Tensor>> {
    let tensor = |(i, value): (usize, &Value)| match super::handle::of(value) {
        Some(tensor) => tensor.get(),
        None => Err(Error::new(format!("[{}] is a {}, not a tensor", i + 1, type_of(value)))),
    };
    elements(list).iter().enumerate().map(tensor).collect()
}
