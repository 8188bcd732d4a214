//! `compt plot-control FILE`: plots the settings of a control file over a run, without training.

mod chart;
mod text;
mod trace;

use super::errors;
use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::output;
use compt_cli::plot_control::Options;
use compt_core::train::control::Setting;
use compt_lua::control::ControlFile;
use compt_run::steering::Origin;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trace::Trace;

/// The number of training rows of each task, and the number of source prompts.
const ROWS: u64 = 16;
const SOURCES: usize = 3;

/// Evaluates the control at all steps and draws its settings.
pub fn plot_control(options: &Options) -> ExitCode {
    plot(options).map_or_else(|e| errors::refuse(&e), |()| ExitCode::SUCCESS)
}

fn plot(options: &Options) -> Result<()> {
    let out = svg_file(options)?;
    let setting = setting(options);
    let trace = trace_of(&options.file, &setting)?;
    let svg = chart::chart(&title(options), &trace).svg().map_err(Error::new)?;
    let Some(out) = out else {
        output::exact(svg);
        return Ok(());
    };
    write_atomic(&out, svg.as_bytes())?;
    let width = options.width.or_else(terminal_width).unwrap_or(80);
    output::text(text::text(&title(options), &trace, usize::from(width)));
    output::line(format!("\n{} written", out.display()));
    Ok(())
}

fn trace_of(file: &Path, setting: &Setting) -> Result<Trace> {
    let traced = ControlFile::load(file, Origin::Disk, std::slice::from_ref(setting))
        .program
        .and_then(|mut control| {
            let trace = Trace::of(&mut *control, setting)?;
            let lines = control.output().count();
            if lines > 0 {
                let (file, s) = (file.display(), if lines == 1 { "" } else { "s" });
                output::error(format!(
                    "note: {file} printed {lines} line{s}, which only a run shows"
                ));
            }
            Ok(trace)
        });
    traced.map_err(|e| match setting.tasks.is_empty() && e.to_string().contains("task_weights") {
        true => e.hint("a curriculum needs names of tasks: --tasks a,b,c"),
        false => e,
    })
}

fn setting(options: &Options) -> Setting {
    let epochs = options.epochs.unwrap_or(30);
    Setting {
        stage: String::new(),
        total_steps: options.steps,
        steps_per_epoch: options.steps_per_epoch.unwrap_or(options.steps.div_ceil(epochs)),
        groups: options.groups.clone(),
        tasks: options.tasks.iter().map(|task| (task.clone(), ROWS)).collect(),
        sources: SOURCES,
        seed: 0,
        by_row: false,
    }
}

/// `control.lua over 240 steps, 8 an epoch`
fn title(options: &Options) -> String {
    let name = options.file.file_name().unwrap_or(options.file.as_os_str()).to_string_lossy();
    let epoch = setting(options).steps_per_epoch;
    let plural = if options.steps == 1 { "" } else { "s" };
    format!("{name} over {} step{plural}, {epoch} an epoch", options.steps)
}

/// The file of the SVG; `None`: standard output.
fn svg_file(options: &Options) -> Result<Option<PathBuf>> {
    let out = match &options.out {
        Some(out) if out.as_os_str() == "-" => return Ok(None),
        Some(out) => out.clone(),
        None => Path::new(options.file.file_stem().unwrap_or_default()).with_added_extension("svg"),
    };
    if out.exists() && out.canonicalize().ok() == options.file.canonicalize().ok() {
        return Err(Error::new("the SVG would replace the control file")
            .at(out.display())
            .hint("choose another file with --out"));
    }
    Ok(Some(out))
}

/// The width of the terminal that standard output is connected to.
#[cfg(unix)]
fn terminal_width() -> Option<u16> {
    // SAFETY: the call fills in the structure, or returns an error.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        let done = libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &mut size);
        (done == 0).then_some(size)
    };
    size.map(|size| size.ws_col).filter(|columns| *columns >= 40)
}

#[cfg(not(unix))]
fn terminal_width() -> Option<u16> {
    None
}
