//! Options of `compt check-device`.

use clap::Args;

#[derive(Args)]
pub struct CheckDeviceOptions {
    /// Device to check: cuda, cuda:N, or cpu, which compares the CPU with itself
    #[arg(long, default_value = "auto")]
    pub device: String,

    /// Time a small model instead of T5-base's size
    #[arg(long)]
    pub small: bool,
}
