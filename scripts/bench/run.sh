#!/usr/bin/env bash
# Speed and memory compared with transformers and peft, as ratios within one run.
#
#   scripts/bench/run.sh [PART ...]    of: fixed real evaluate micro busy start policy load tokenize launches (default: all)
#
# ROUNDS   rounds of each comparison (default 5; the evaluation of T5-base a third of it)
# THREADS  threads of each side (default 2)
# DATA     the folder with the GLUE rows (default ../shared/data, else the tests' generated rows)
# PYTHON   a Python that has torch, transformers and peft (default: one in .venv-bench, made here)
#
# Prints a table, and writes it with all figures to runs/bench/.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(torch==2.11.0 transformers==5.23.0 peft==0.21.0 safetensors)
venv=.venv-bench

if [ -z "${PYTHON:-}" ]; then
  PYTHON=$venv/bin/python
  if [ "$(cat $venv/complete 2>/dev/null)" != "${packages[*]}" ]; then
    echo "bench: installing ${packages[*]} into $venv (5 GB, once)"
    rm -rf $venv
    python3 -m venv $venv
    $PYTHON -m pip install --quiet --disable-pip-version-check "${packages[@]}"
    echo "${packages[*]}" >$venv/complete
  fi
fi
if [ ! -x target/release/compt ]; then
  echo "bench: building target/release/compt"
  scripts/setup.sh
  cargo build --release --locked
fi
export HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_OFFLINE=1 PYTHONWARNINGS=ignore::FutureWarning
OMP_NUM_THREADS=${THREADS:-2} exec "$PYTHON" scripts/bench/bench.py "$@"
