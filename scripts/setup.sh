#!/usr/bin/env bash
# Checks the tools of a build and fetches libtorch into .libtorch, once.
#
# LIBTORCH or LIBTORCH_USE_PYTORCH in the environment name another libtorch; then nothing is
# fetched. CUDA=1 fetches the CUDA build and its dependencies (5 GB instead of 0.7).
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.11.0
folder=.libtorch
stamp=$folder/complete # written last: a folder without it is made again
kind=cpu
if [ "${CUDA:-0}" = 1 ]; then kind=cuda; fi

fail() {
  echo "setup: $*" >&2
  exit 1
}

check_tools() {
  command -v cargo >/dev/null ||
    fail "cargo is missing: install Rust 1.95 or newer (on Debian: apt install rustup && rustup default stable)."
  command -v "${CXX:-c++}" >/dev/null ||
    fail "a C++ compiler is missing: install one (on Debian: apt install g++)."
}

# A CUDA build of libtorch also works without CUDA.
is_complete() {
  [ -f "$stamp" ] || return 1
  case "$(cat "$stamp")" in
    "$version $kind" | "$version cuda") return 0 ;;
    *) return 1 ;;
  esac
}

install_wheels() {
  # --python-version: the Python that runs pip need not be one that this torch supports.
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts \
    --only-binary=:all: --python-version 3.11 --target "$1" "${@:2}"
}

fetch() {
  python3 -m pip --version >/dev/null 2>&1 ||
    fail "pip is missing: install it (on Debian: apt install python3-pip)."
  local partial
  partial=$(mktemp -d "$folder.partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  echo "setup: fetching libtorch $version ($kind)"
  if [ "$kind" = cuda ]; then
    install_wheels "$partial" "torch==$version"
  else
    # libtorch_cpu.so links the two small NVIDIA libraries, on a machine without a GPU too.
    install_wheels "$partial" --no-deps "torch==$version" \
      'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cupti==13.0.*'
    (cd "$partial/torch/lib" && rm -f libtorch_cuda*.so libc10_cuda.so libtorch_python.so libtorch_nvshmem.so)
  fi
  [ -f "$partial/torch/lib/libtorch_cpu.so" ] || fail "the wheel of torch $version holds no libtorch."
  echo "$version $kind" >"$partial/complete"
  chmod 755 "$partial"
  rm -rf "$folder"
  mv "$partial" "$folder"
  trap - EXIT
  echo "setup: libtorch $version ($kind) is in $folder"
}

check_tools
if [ -n "${LIBTORCH_USE_PYTORCH+set}" ]; then
  echo "setup: using the libtorch of Python's torch, which must be $version (LIBTORCH_USE_PYTORCH is set)"
elif [ -n "${LIBTORCH:-}" ]; then
  [ -d "$LIBTORCH/lib" ] || fail "LIBTORCH is $LIBTORCH, which holds no libtorch; correct it or unset it."
  echo "setup: using libtorch in $LIBTORCH (LIBTORCH is set)"
elif ! is_complete; then
  fetch
fi
