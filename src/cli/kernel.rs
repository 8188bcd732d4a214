//! `compt kernel`: its options, and `compt kernel install`.

use crate::errors;
use crate::launch::program;
use crate::session_options::SessionOptions;
use crate::{Error, Result};
use clap::{Args, Subcommand};
use compt_base::files::exchange::write_folder;
use compt_base::output;
use compt_error::Context;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct KernelOptions {
    #[command(subcommand)]
    pub command: Option<KernelCommand>,

    /// The file by which Jupyter says where the kernel is reached
    #[arg(long, value_name = "FILE", required = true)]
    pub connection_file: Option<PathBuf>,

    #[command(flatten)]
    pub session: SessionOptions,
}

#[derive(Subcommand)]
pub enum KernelCommand {
    /// Make compt known to Jupyter, as the kernel 'Lua (compt)'
    Install(InstallOptions),
}

#[derive(Args)]
pub struct InstallOptions {
    /// For this user, in Jupyter's data folder: $JUPYTER_DATA_DIR or ~/.local/share/jupyter (the default)
    #[arg(long, conflicts_with = "prefix")]
    pub user: bool,

    /// For an environment, in DIR/share/jupyter: a virtual environment, /usr/local
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<PathBuf>,
}

const NAME: &str = "compt";
const LOGO: &str = include_str!("kernel_logo.svg");

/// Carries out a command of `compt kernel` that needs no tensors. `None`: the kernel is to be started.
pub fn answer(options: &KernelOptions) -> Option<ExitCode> {
    let Some(KernelCommand::Install(install)) = &options.command else { return None };
    Some(errors::exit(self::install(install)))
}

/// Writes the specification of the kernel.
fn install(options: &InstallOptions) -> Result<()> {
    let folder = match &options.prefix {
        Some(prefix) if !prefix.is_dir() => {
            let hint =
                "it is the folder of an environment, which exists: --prefix \"$VIRTUAL_ENV\"";
            return Err(Error::new("there is no such folder").at(prefix.display()).hint(hint));
        }
        Some(prefix) => std::path::absolute(prefix).at(prefix.display())?.join("share/jupyter"),
        None => of_user(|name| {
            std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
        })?,
    };
    let folder = folder.join("kernels").join(NAME);
    let text = serde_json::to_string_pretty(&specification(&program()?)).unwrap_or_default() + "\n";
    let files = [("kernel.json", text.as_bytes()), ("logo-svg.svg", LOGO.as_bytes())];
    write_folder(&folder, &files, &[])
        .map_err(|e| e.hint("--user and --prefix DIR name folders that you may write to"))?;
    output::line(format!("the kernel '{NAME}' is installed in {}", folder.display()));
    output::line(
        "`jupyter lab` lists it as 'Lua (compt)'; Jupyter itself is installed by `pip install jupyterlab`",
    );
    Ok(())
}

/// Jupyter's data folder of the user
/// (<https://docs.jupyter.org/en/latest/use/jupyter-directories.html>).
fn of_user(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    if let Some(folder) = variable("JUPYTER_DATA_DIR") {
        return Ok(folder);
    }
    let home = || {
        variable("HOME").ok_or_else(|| {
            Error::new("there is no home folder").hint("set HOME, or use --prefix DIR")
        })
    };
    if cfg!(target_os = "macos") {
        return Ok(home()?.join("Library/Jupyter"));
    }
    let data = match variable("XDG_DATA_HOME") {
        Some(data) => data,
        None => home()?.join(".local/share"),
    };
    Ok(data.join("jupyter"))
}

/// <https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs>
fn specification(program: &Path) -> serde_json::Value {
    json!({
        "argv": [program.display().to_string(), "kernel", "--connection-file", "{connection_file}"],
        "display_name": "Lua (compt)",
        "language": "lua",
        "interrupt_mode": "message",
        "metadata": { "debugger": false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_user_is_jupyters() {
        let folder = |set: &[(&str, &str)]| {
            let get = |name: &str| {
                set.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value))
            };
            of_user(get).map(|folder| folder.display().to_string())
        };
        assert_eq!(folder(&[("JUPYTER_DATA_DIR", "/j"), ("HOME", "/h")]).unwrap(), "/j");
        if cfg!(target_os = "linux") {
            assert_eq!(folder(&[("HOME", "/h")]).unwrap(), "/h/.local/share/jupyter");
            assert_eq!(folder(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d")]).unwrap(), "/d/jupyter");
        }
        assert!(folder(&[]).unwrap_err().to_string().contains("--prefix"));
    }
}
