//! The process stays small while Lua makes many tensors.

use crate::program::alone;
use compt_lua::Runtime;

/// Resident bytes of this process.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// The growth of resident memory, in MB, over a chunk that calls `sample()` now and then.
fn growth(source: &str) -> usize {
    use std::{cell::Cell, rc::Rc};
    let runtime = Runtime::new().unwrap();
    runtime.exec("require 'compt.torch'.ones(4):exp()", "warm").unwrap();
    let (before, most) = (resident(), Rc::new(Cell::new(0)));
    let seen = most.clone();
    let sample = runtime.lua().create_function(move |_, ()| {
        seen.set(seen.get().max(resident()));
        Ok(())
    });
    runtime.lua().globals().set("sample", sample.unwrap()).unwrap();
    runtime.exec(source, "loop").unwrap();
    most.get().saturating_sub(before) / 1_000_000
}

#[test]
fn loops_over_tensors_run_in_flat_memory() {
    alone(|| {
        let factor: usize = std::env::var("MEMORY_TEST_FACTOR").map_or(1, |f| f.parse().unwrap());
        let small = growth(&format!(
            "local torch = require 'compt.torch'
         local a = torch.ones(4)
         for i = 1, {} do a = a * 1.0001; if i % 1000 == 0 then sample() end end",
            100_000 * factor
        ));
        assert!(small < 50, "small operations took {small} MB");
        let large = growth(&format!(
            "local torch = require 'compt.torch'
         local a = torch.zeros(4, 2 ^ 20)
         for i = 1, {} do a = a + 1; if i % 20 == 0 then sample() end end",
            400 * factor
        ));
        assert!(large < 600, "operations on 16 MiB tensors took {large} MB");
        println!("resident growth: {small} MB over small tensors, {large} MB over large ones");
    });
}
