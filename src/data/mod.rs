//! Tasks as text: files and rows in, prompts' sources and targets out, and the tokenizer.

pub mod answered;
mod answers;
mod definition;
pub mod draws;
mod example;
mod form;
mod labels;
mod lengths;
mod number;
mod parquet;
mod reader;
mod row_label;
mod sample;
mod spiece;
mod split;
mod task_set;
mod template;
mod tokenizer;
mod word;

pub use answers::Answers;
pub use definition::{DataFile, Definition, Plan, Source, Sources};
pub use example::{Example, Split, Task};
pub use form::Form;
pub use labels::Labels;
pub use lengths::Lengths;
pub use number::Rounding;
pub use reader::Row;
pub use row_label::{LabelIs, RowLabels};
pub use sample::Per;
pub use task_set::{Part, TaskSet};
pub use template::Template;
pub use tokenizer::Tokenizer;
pub use word::{normal, number, truth};
