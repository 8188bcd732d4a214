# Each target does whatever set-up is missing first.

COMPT := target/release/compt
# One thread a test: as many tests run side by side as there are cores.
TESTS := OMP_NUM_THREADS=1 cargo test --release --locked --no-fail-fast
# What scripts/tools.sh installed comes first.
export PATH := $(CURDIR)/target/tools/bin:$(CURDIR)/.venv-tools/bin:$(PATH)

.PHONY: help setup build demo check test tools lint docs book wheel figures endurance bench

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## Fetch libtorch into .libtorch, unless LIBTORCH or LIBTORCH_USE_PYTORCH is set; CUDA=1 with its CUDA part
	@CUDA=$(CUDA) scripts/setup.sh

build: setup ## Build target/release/compt
	cargo build --release --locked

demo: build ## Train the methods on the built-in micro tasks and print the table
	$(COMPT) run examples/quickstart.lua

check: lint build ## Formatting, clippy, unit and Lua tests: the quick part of lint and test
	$(TESTS) --workspace --lib --bins --test lua

test: build ## Everything the project checks; one file: cargo test --release --test all resume::
	$(TESTS) --workspace
	@for script in scripts/*.sh .ci/run; do bash -n $$script || exit 1; done

tools: ## Install what tests and lint use beyond a build, else skipped: chromium, Slurm, peft, stylua ...
	scripts/tools.sh

lint: setup ## Formatting and clippy, and stylua if it is installed
	cargo fmt --check
	cargo clippy --release --workspace --all-targets --locked -- -D warnings
	@if command -v stylua >/dev/null || [ -n "$$CI" ]; then stylua --check examples; \
	else echo "SKIPPED: no stylua (make tools)"; fi

docs: build ## Write the editor's stubs and the reference manual from stdlib/doc
	target/release/compt stubs stdlib/meta
	target/release/compt stubs --manual > docs/reference.md

book: ## Build the documentation as a book, target/book; needs mdbook (make tools)
	@command -v mdbook >/dev/null || { echo "there is no mdbook (make tools)" >&2; exit 1; }
	mdbook build

wheel: build ## Write dist/compt-VERSION-py3-none-manylinux_*.whl, which uses the torch of its environment
	python3 scripts/wheel.py

figures: build ## The prompt's figures: start, Ctrl-C, memory, 10,000 mutated inputs; 10,000 damaged files and records of each kind, endless code, failed system calls
	python3 scripts/bench/repl.py
	COMPT_FUZZ=10000 $(TESTS) --test all -- repl_fuzz:: --nocapture
	COMPT_FUZZ=10000 $(TESTS) --test all -- damaged_models:: damaged_rows:: damaged_prompts:: --nocapture
	COMPT_FUZZ=10000 $(TESTS) --test all -- damaged_records:: --nocapture
	COMPT_FUZZ=1 $(TESTS) -p compt-lua --lib -- endless --nocapture
	python3 scripts/bench/faults.py
	COMPT_BOMBS=long $(TESTS) --test all -- bombs:: --nocapture

endurance: build ## The long forms: 1,000 kill -9, 50 stopping points, 10,000 broken edits, 10,000 random ones, 20,000 claimants, 1,000 tables of each kind
	COMPT_CLAIMANTS=20000 $(TESTS) --workspace --lib -- thousands_of_processes --nocapture
	COMPT_KILLS=1000 $(TESTS) --test all -- resume::kill_9 --nocapture
	COMPT_STOPS=50 $(TESTS) --test lua -- trainer/resume --nocapture
	COMPT_TABLES=1000 $(TESTS) --test lua -- analysis/false_marks --nocapture
	COMPT_EDITS=10000 $(TESTS) --test all -- broken_edits:: --nocapture --test-threads 1
	$(TESTS) --test all -- hot_reload::good_edits --nocapture

bench: build ## Speed and memory beside transformers and peft, as ratios
	scripts/bench/run.sh
