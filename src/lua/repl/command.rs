//! The commands of the prompt; the terminal carries them out.

/// A command of the prompt: `:name arguments`.
pub struct Command {
    pub name: &'static str,
    pub arguments: &'static str,
    pub help: &'static str,
}

const fn command_of(name: &'static str, arguments: &'static str, help: &'static str) -> Command {
    Command { name, arguments, help }
}

/// The prompt's commands.
pub const COMMANDS: [Command; 12] = [
    command_of("time", "CODE", "run code once and show its time"),
    command_of("timeit", "CODE", "run code repeatedly and show its median time"),
    command_of("run", "FILE [KEY=VALUE ...]", "run a script as `compt run` does, in this session"),
    command_of("load", "FILE", "run a script and keep its outermost locals as globals"),
    command_of("reload", "", "reload changed files and control files"),
    command_of("vars", "", "list the names defined in this session and their values"),
    command_of("mem", "", "show live tensors and their bytes, by device and by line of creation"),
    command_of("forget", "[NAME ...]", "delete names, or all of them, and free their tensors"),
    command_of("inputs", "", "list the inputs so far that raised no error"),
    command_of("save", "FILE", "write these inputs to a script"),
    command_of("help", "", "this list"),
    command_of("quit", "", "leave, as Ctrl-D does"),
];
