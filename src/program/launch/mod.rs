pub fn runtime() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
