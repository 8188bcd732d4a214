//! `math.random` with a seeded generator: the same numbers in every process.

use super::call;
use super::options::kind;
use mlua::{Lua, Result, Table, Value};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The state's generator, stored in its app data.
struct Generator(ChaCha8Rng);

/// Replaces `math.random` and `math.randomseed`; without a number, `math.randomseed()` resets the generator
/// to `seed`.
pub fn install(lua: &Lua, seed: u64) -> Result<()> {
    lua.set_app_data(Generator(ChaCha8Rng::seed_from_u64(seed)));
    let math: Table = lua.globals().get("math")?;
    math.set("random", call::function(lua, "math.random", random)?)?;
    let randomseed = lua.create_function(move |lua, value: Value| {
        let seed = match value {
            Value::Nil => seed,
            Value::Integer(i) => i as u64,
            Value::Number(x) => x.to_bits(),
            other => {
                let got = kind(&other);
                return Err(crate::Error::new(format!("expected a number, got a {got}"))
                    .at("math.randomseed")
                    .into());
            }
        };
        lua.set_app_data(Generator(ChaCha8Rng::seed_from_u64(seed)));
        Ok(())
    })?;
    math.set("randomseed", randomseed)
}

/// Seeds the generator.
pub fn seed(lua: &Lua, seed: u64) {
    lua.set_app_data(Generator(ChaCha8Rng::seed_from_u64(seed)));
}

/// The generator as plain data, for a checkpoint.
pub fn state(lua: &Lua) -> serde_json::Value {
    let generator = lua.app_data_ref::<Generator>();
    generator.and_then(|g| serde_json::to_value(&g.0).ok()).unwrap_or_default()
}

/// Restores a state that [`state`] returned.
pub fn restore(lua: &Lua, state: &serde_json::Value) {
    if let Ok(generator) = serde_json::from_value(state.clone()) {
        lua.set_app_data(Generator(generator));
    }
}

/// Runs `f` with `math.random` seeded by the run's seed and the step, then restores the
/// generator: random numbers in a control function depend only on the step.
pub fn by_step<R>(lua: &Lua, seed: u64, step: u64, f: impl FnOnce() -> R) -> R {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(step);
    let before = lua.set_app_data(Generator(generator));
    let result = f();
    if let Some(before) = before {
        lua.set_app_data(before);
    }
    result
}

/// As in Lua's manual: no argument, a float in [0, 1); `n`, an integer in [1, n]; `m, n`, an integer
/// in [m, n]; 0, all 64 bits.
fn random(lua: &Lua, bounds: (Option<i64>, Option<i64>)) -> Result<Value> {
    let mut generator =
        lua.app_data_mut::<Generator>().expect("the generator is installed with the function");
    let (low, high) = match bounds {
        (None, _) => {
            let bits = generator.0.random::<u64>() >> 11;
            return Ok(Value::Number(bits as f64 / (1u64 << 53) as f64));
        }
        (Some(0), None) => return Ok(Value::Integer(generator.0.random())),
        (Some(high), None) => (1, high),
        (Some(low), Some(high)) => (low, high),
    };
    if low > high {
        return Err(crate::Error::new(format!("the interval [{low}, {high}] is empty"))
            .at("math.random")
            .into());
    }
    Ok(Value::Integer(generator.0.random_range(low..=high)))
}
