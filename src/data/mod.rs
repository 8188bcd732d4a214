//! Tasks as text: files and rows in, prompts' sources and targets out, and the tokenizer.

mod definition;
mod example;
mod form;
mod labels;
mod number;
mod parquet;
mod reader;
mod sample;
mod spiece;
mod split;
mod task_set;
mod template;
mod tokenizer;

pub use definition::{Definition, Plan, Source, Sources};
pub use example::{Example, Split, Task};
pub use form::Form;
pub use labels::Labels;
pub use number::Rounding;
pub use reader::{Row, Rows};
pub use sample::Per;
pub use task_set::TaskSet;
pub use template::Template;
pub use tokenizer::Tokenizer;
