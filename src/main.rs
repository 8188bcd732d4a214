use std::process::ExitCode;

fn main() -> ExitCode {
    compt::cli::parse().run()
}
