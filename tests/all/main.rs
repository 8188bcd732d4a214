//! The program and the library, from outside: a module a subject, `cargo test --test all resume::`
//! runs one. One binary, for linking libtorch takes longer than most of its tests.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod architecture;
mod bad_input;
mod bombs;
mod broken_edits;
mod cli;
mod compared_runs;
mod control_limits;
mod damaged_models;
mod damaged_prompts;
mod damaged_records;
mod damaged_rows;
mod damaged_runs;
mod devices;
mod docs;
mod encodings;
mod eval;
mod examples;
mod exchange;
mod exported_tables;
mod faults;
mod free_text;
mod gpu;
mod grid;
mod hot_reload;
mod hub;
mod hub_cache;
mod hub_models;
mod interrupt;
mod kernel;
mod launch;
mod live_runs;
mod load_run;
mod micro_margin;
mod operators;
mod optimizers;
mod output;
mod packaging;
mod plans;
mod plot_control;
mod predict;
mod program;
mod prompts;
mod rebuilt;
mod reference_pages;
mod repl;
mod repl_fuzz;
mod repl_interrupt;
mod report;
mod report_live;
mod resume;
mod routers;
mod run_folders;
mod runs;
mod samplers;
mod saved_in_place;
mod search;
mod setup;
mod slurm;
mod slurm_clusters;
mod steering;
mod stopping;
mod sweep;
mod t5;
mod tensor_memory;
mod tensor_ops;
mod told;
mod typing;

#[test]
fn every_file_of_tests_is_a_module() {
    let names = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(program::root().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let source = include_str!("main.rs");
    for name in names("tests/all") {
        let module = format!("\nmod {};\n", name.trim_end_matches(".rs"));
        assert!(name == "main.rs" || source.contains(&module), "main.rs lacks{module}");
    }
    let stray = names("tests").into_iter().find(|name| name.ends_with(".rs") && name != "lua.rs");
    assert_eq!(stray, None, "it is in no test binary: move it to tests/all");
}
