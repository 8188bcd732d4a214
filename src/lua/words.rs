//! Values, types and errors in Lua's terms.

use mlua::Value;

/// The Lua type of a value, or the name of its class.
pub fn kind(value: &Value) -> String {
    let own = value.as_userdata().and_then(|object| object.type_name().ok());
    match own {
        Some(name) => name.to_string_lossy(),
        None if value.is_userdata() => "object".to_string(),
        None if value.is_integer() => "number".to_string(),
        None => value.type_name().to_string(),
    }
}

/// A Rust type's name in Lua's terms.
pub fn type_name(to: &str) -> &str {
    match to {
        "i64" | "i32" | "usize" | "u64" | "u32" => "whole number",
        "f64" | "f32" => "number",
        "bool" => "boolean",
        "String" | "&str" | "OsString" | "PathBuf" => "string",
        "AnyUserData" | "userdata" => "object",
        list if list.starts_with("Vec<") => "list",
        table if table.contains("Map<") => "table",
        other => other,
    }
}

/// `3`, `nil`, `a tensor`.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Integer(n) => n.to_string(),
        Value::Number(x) => x.to_string(),
        other => a(&kind(other)),
    }
}

/// A kind of value with its article.
pub fn a(kind: &str) -> String {
    match kind {
        "nil" => "nil".to_string(),
        "userdata" => "an object".to_string(),
        kind if kind.starts_with(['a', 'e', 'i', 'o']) => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

/// An error in Lua's terms, if mlua's text names Rust types.
pub fn in_words(error: &mlua::Error) -> Option<String> {
    use mlua::Error::*;
    Some(match error {
        FromLuaConversionError { from, to, message } => {
            let note = message.as_ref().filter(|m| !m.starts_with("expected "));
            let note = note.map_or(String::new(), |m| format!(" ({m})"));
            format!("expected a {}, got {}{note}", type_name(to), a(from))
        }
        BadArgument { name: Some(name), to, .. } if name == "self" => {
            let method = to.as_deref().and_then(|to| to.rsplit('.').next()).unwrap_or("method");
            with_colon(method)
        }
        BadArgument { pos, cause, .. } => {
            let cause = in_words(cause).unwrap_or_else(|| cause.to_string());
            format!("argument {pos}: {cause}")
        }
        UserDataTypeMismatch => "expected an object of another kind".to_string(),
        UserDataDestructed | CallbackDestructed => "the object was freed".to_string(),
        UserDataBorrowError | UserDataBorrowMutError | RecursiveMutCallback => {
            "another call of one of its methods is still running".to_string()
        }
        SerializeError(text) | DeserializeError(text) => text.clone(),
        _ => return None,
    })
}

pub fn with_colon(method: &str) -> String {
    format!("a method is called with a colon, as in object:{method}()")
}
