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
    command_of("time", "CODE", "run code once and say how long it took"),
    command_of("timeit", "CODE", "run code often and say how long it takes"),
    command_of("run", "FILE [KEY=VALUE ...]", "run a script as `compt run` does, in this session"),
    command_of("load", "FILE", "run a script whose outermost locals stay as globals"),
    command_of("reload", "", "load changed files again; trainers look at their control files"),
    command_of("vars", "", "the names defined here, and what they are"),
    command_of("mem", "", "live tensors and their bytes, by device and by where they were made"),
    command_of("forget", "[NAME ...]", "drop names, or all of them, and free what they held"),
    command_of("inputs", "", "what was typed so far and worked"),
    command_of("save", "FILE", "write these inputs as a script"),
    command_of("help", "", "this list"),
    command_of("quit", "", "leave, as Ctrl-D does"),
];
