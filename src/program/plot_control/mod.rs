//! `compt plot-control FILE`: plots the settings of a control file over a run, without training.

mod chart;
mod text;
mod trace;

use super::errors;
use crate::{Error, Result};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};
use compt_core::files::atomic::write_atomic;
use compt_core::train::control::Setting;
use compt_lua::control::ControlFile;
use compt_study::run::steering::Origin;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trace::Trace;

#[derive(Args)]
pub struct Options {
    /// Control file
    file: PathBuf,

    /// Number of steps of the run
    #[arg(long, value_name = "N", default_value_t = 240)]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    steps: u64,

    /// Number of epochs
    #[arg(long, value_name = "N", conflicts_with = "steps_per_epoch")]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    epochs: Option<u64>,

    /// Steps per epoch [default: the steps divided by 30]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u64).range(1..=MOST_STEPS))]
    steps_per_epoch: Option<u64>,

    /// Tasks that the control can name, with 16 rows each; by default any
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    tasks: Vec<String>,

    /// Parameter groups that the control can name
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(default_value = "router,source,private,operator")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    groups: Vec<String>,

    /// SVG file to write; with `-` only the SVG is printed [default: the name of the control with
    /// .svg, in the current folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Width of the text in characters [default: width of the terminal, or 80]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(40..=1000))]
    width: Option<u16>,
}

/// The maximum number of steps on an axis.
const MOST_STEPS: u64 = 1_000_000_000;
/// The number of training rows of each task, and the number of source prompts.
const ROWS: u64 = 16;
const SOURCES: usize = 3;

/// Evaluates the control at all steps and draws its settings.
pub fn plot_control(options: &Options) -> ExitCode {
    plot(options).map_or_else(|e| errors::refuse(&e), |()| ExitCode::SUCCESS)
}

fn plot(options: &Options) -> Result<()> {
    let out = options.out()?;
    let setting = options.setting();
    let trace = trace_of(&options.file, &setting)?;
    let svg = chart::chart(&options.title(), &trace).svg();
    let Some(out) = out else {
        print!("{svg}");
        return Ok(());
    };
    write_atomic(&out, svg.as_bytes())?;
    let width = options.width.or_else(terminal_width).unwrap_or(80);
    print!("{}", text::text(&options.title(), &trace, usize::from(width)));
    println!("\n{} written", out.display());
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
                eprintln!("note: {file} printed {lines} line{s}, which only a run shows");
            }
            Ok(trace)
        });
    traced.map_err(|e| match setting.tasks.is_empty() && e.to_string().contains("task_weights") {
        true => e.hint("a curriculum needs names of tasks: --tasks a,b,c"),
        false => e,
    })
}

impl Options {
    fn setting(&self) -> Setting {
        let epochs = self.epochs.unwrap_or(30);
        Setting {
            stage: String::new(),
            total_steps: self.steps,
            steps_per_epoch: self.steps_per_epoch.unwrap_or(self.steps.div_ceil(epochs)),
            groups: self.groups.clone(),
            tasks: self.tasks.iter().map(|task| (task.clone(), ROWS)).collect(),
            sources: SOURCES,
            seed: 0,
        }
    }

    /// `control.lua over 240 steps, 8 an epoch`
    fn title(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy();
        let epoch = self.setting().steps_per_epoch;
        let plural = if self.steps == 1 { "" } else { "s" };
        format!("{name} over {} step{plural}, {epoch} an epoch", self.steps)
    }

    /// The file of the SVG; `None`: standard output.
    fn out(&self) -> Result<Option<PathBuf>> {
        let out = match &self.out {
            Some(out) if out.as_os_str() == "-" => return Ok(None),
            Some(out) => out.clone(),
            None => {
                Path::new(self.file.file_stem().unwrap_or_default()).with_added_extension("svg")
            }
        };
        if out.exists() && out.canonicalize().ok() == self.file.canonicalize().ok() {
            return Err(Error::new("the SVG would replace the control file")
                .at(out.display())
                .hint("choose another file with --out"));
        }
        Ok(Some(out))
    }
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
