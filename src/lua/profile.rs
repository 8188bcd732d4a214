//! A user's profile of a cluster: a Lua file that returns a table.

use super::failure::Failure;
use super::options::{Options, kind};
use super::runtime::Runtime;
use super::text;
use crate::{Error, Result};
use compt_study::slurm::{self, Profile};
use mlua::{Lua, Value};
use std::env;
use std::path::{Path, PathBuf};

/// The resources of runs, and those of merging: the same without GPUs, apart from the settings in `merge`.
#[derive(Debug, Clone, PartialEq)]
pub struct Profiles {
    pub runs: Profile,
    pub merging: Profile,
}

/// Seconds before the time limit at which elements receive a signal.
const WARNING: u32 = 120;

/// Slurm may send the signal earlier by this many seconds.
const EARLY: u32 = 60;

/// The profile in this file; else in `slurm.lua` here, or in the user's configuration folder; else an
/// empty one.
pub fn find(given: Option<&Path>) -> Result<Profiles> {
    let settings = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
    let own = settings.or_else(home).map(|folder| folder.join("compt/slurm.lua"));
    let usual =
        || [Some("slurm.lua".into()), own].into_iter().flatten().find(|path| path.is_file());
    match given.map(Path::to_path_buf).or_else(usual) {
        Some(path) => read(&path),
        None => {
            let runs = Profile { warning: WARNING, ..Profile::default() };
            Ok(Profiles { merging: runs.clone(), runs })
        }
    }
}

fn read(path: &Path) -> Result<Profiles> {
    let text = text::read(path)?;
    let runtime = Runtime::new().map_err(|e| Error::new(e.to_string()))?;
    let lua = runtime.lua();
    let name = path.display().to_string();
    let read = || -> mlua::Result<Profiles> {
        let value: Value = lua.load(text::code(&text)).set_name(format!("@{name}")).eval()?;
        if !value.is_table() {
            let what = format!("expected 'return {{ ... }}', got a {}", kind(&value));
            return Err(Error::new(what).at(&name).into());
        }
        profiles(lua, &name, value)
    };
    read().map_err(|e| Error::new(Failure::in_state(lua, &e).to_string()))
}

fn profiles(lua: &Lua, name: &str, value: Value) -> mlua::Result<Profiles> {
    let options = Options::new(name, value)?;
    let merge: Option<Value> = options.get(lua, "merge")?;
    let runs = asked(lua, &options, &Profile { warning: WARNING, ..Profile::default() })?;
    options.finish()?;
    if let Some(limit) = runs.time.as_deref().and_then(slurm::seconds)
        && limit <= u64::from(runs.warning + EARLY)
    {
        let what = format!(
            "time is {limit} seconds, and the warning may come {} before its end",
            runs.warning + EARLY
        );
        let error = Error::new(what).at(name);
        return Err(error
            .hint("a longer time, or a smaller 'warning': nothing would be done")
            .into());
    }
    if runs.throttle == Some(0) {
        let none = Error::new("throttle is the number of elements at a time: at least 1");
        return Err(none.at(name).into());
    }
    let above = Profile { gpus: None, throttle: None, ..runs.clone() };
    let merging = match merge {
        Some(value) => {
            let options = Options::new(&format!("{name}: merge"), value)?;
            let merging = asked(lua, &options, &above)?;
            options.finish()?;
            merging
        }
        None => above,
    };
    Ok(Profiles { runs, merging })
}

/// The settings of a table; missing ones are taken from another profile.
fn asked(lua: &Lua, options: &Options, or: &Profile) -> mlua::Result<Profile> {
    let text = |key, or: &Option<String>| -> mlua::Result<Option<String>> {
        Ok(options.get::<String>(lua, key)?.or_else(|| or.clone()))
    };
    let lines = |key, or: &Vec<String>| -> mlua::Result<Vec<String>> {
        options.get_or(lua, key, or.clone())
    };
    Ok(Profile {
        partition: text("partition", &or.partition)?,
        account: text("account", &or.account)?,
        qos: text("qos", &or.qos)?,
        time: text("time", &or.time)?,
        memory: text("memory", &or.memory)?,
        cpus: options.get(lua, "cpus")?.or(or.cpus),
        gpus: text("gpus", &or.gpus)?,
        throttle: options.get(lua, "throttle")?.or(or.throttle),
        warning: options.get_or(lua, "warning", or.warning)?,
        sbatch: lines("sbatch", &or.sbatch)?,
        setup: lines("setup", &or.setup)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Profiles> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slurm.lua");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn merging_is_asked_for_what_runs_are_but_for_gpus() {
        let text = "return { partition = 'gpu', gpus = 1, time = 90, memory = '8G', throttle = 4,
            setup = { 'module load cuda' }, merge = { time = '0:10:00' } }";
        let Profiles { runs, merging } = read_text(text).unwrap();
        assert_eq!(runs.gpus.as_deref(), Some("1"));
        assert_eq!((runs.time.as_deref(), runs.throttle, runs.warning), (Some("90"), Some(4), 120));
        assert_eq!((merging.gpus, merging.throttle), (None, None));
        assert_eq!(merging.time.as_deref(), Some("0:10:00"));
        assert_eq!((merging.partition, merging.setup), (runs.partition, runs.setup));
    }

    #[test]
    fn a_misspelt_or_wrong_entry_is_refused() {
        let error = |text: &str| read_text(text).unwrap_err().to_string();
        assert!(error("return { partitoin = 'gpu' }").contains("partition"));
        assert!(error("return { merge = { tine = 1 } }").contains("time"));
        assert!(error("return { cpus = 'many' }").contains("cpus"));
        assert!(error("return { time = 3 }").contains("time is 180 seconds"));
        assert!(error("return 3").contains("return"));
        assert!(error("return {").contains("slurm.lua"));
    }
}
