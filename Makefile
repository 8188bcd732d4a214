# Each target does whatever set-up is missing first.

COMPT := target/release/compt
LONG := OMP_NUM_THREADS=1 cargo test --release --locked

.PHONY: help setup build demo test docs figures endurance bench lint

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## Fetch libtorch into .libtorch, unless LIBTORCH or LIBTORCH_USE_PYTORCH is set; CUDA=1 with its CUDA part
	@CUDA=$(CUDA) scripts/setup.sh

build: setup ## Build target/release/compt
	cargo build --release --locked

demo: build ## Train the methods on the built-in micro tasks and print the table
	$(COMPT) run examples/quickstart.lua

test: build ## Everything the project checks
	OMP_NUM_THREADS=1 cargo test --release --locked
	@for script in scripts/*.sh .ci/run; do bash -n $$script || exit 1; done

docs: build ## Write the editor's stubs and the reference manual from stdlib/doc
	target/release/compt stubs stdlib/meta
	target/release/compt stubs --manual > docs/reference.md

figures: build ## The prompt's figures: start, Ctrl-C, memory, 10,000 mutated inputs; 10,000 damaged files of each kind
	python3 scripts/bench/repl.py
	COMPT_FUZZ=10000 cargo test --release --locked --test repl_fuzz -- --nocapture
	COMPT_FUZZ=10000 $(LONG) --test damaged_models --test damaged_rows --test damaged_prompts -- --nocapture

endurance: build ## The long forms: 1,000 kill -9, 50 stopping points, 10,000 broken edits, 10,000 random ones, 20,000 claimants
	COMPT_CLAIMANTS=20000 $(LONG) --lib -- thousands_of_processes --nocapture
	COMPT_KILLS=1000 $(LONG) --test resume kill_9 -- --nocapture
	COMPT_STOPS=50 LUA_TEST=trainer/resume $(LONG) --test lua -- --nocapture
	COMPT_EDITS=10000 $(LONG) --test broken_edits -- --nocapture --test-threads 1
	$(LONG) --test hot_reload good_edits -- --nocapture

bench: build ## Speed and memory beside transformers and peft, as ratios
	scripts/bench/run.sh

lint: setup ## Formatting and clippy, and stylua if it is installed
	cargo fmt --check
	cargo clippy --release --all-targets --locked -- -D warnings
	@if command -v stylua >/dev/null; then stylua --check stdlib examples tests/lua scripts; fi
