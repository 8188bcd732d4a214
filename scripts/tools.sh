#!/usr/bin/env bash
# Installs what tests, lint and the book use beyond a build, as far as it is missing: chromium and Slurm as
# packages of Debian, Python packages into .venv-tools, programs of Rust into target/tools. The
# Makefile finds them there.
set -uo pipefail
cd "$(dirname "$0")/.."

torch=2.11.0
python=(tensorboard==2.21.0 wandb==0.31.0 "torch==$torch" transformers==5.23.0 peft==0.21.0 pandas==3.1.1 pyarrow==26.0.1
  jupyter_client==8.10.0 jupyter_kernel_test==0.7.0 nbclient==0.11.0 nbformat==5.11.1)
venv=.venv-tools
tools=target/tools
PATH=$PWD/$tools/bin:$PWD/$venv/bin:$PATH:/usr/sbin
status=0

failed() {
  echo "tools: $*" >&2
  status=1
}

debian() {
  local missing=()
  command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium)
  command -v slurmctld slurmd sbatch munged | wc -l | grep -qx 4 ||
    missing+=(slurmctld slurmd slurm-client munge)
  command -v strace >/dev/null || missing+=(strace)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    failed "install ${missing[*]} (on Debian: apt install ${missing[*]})."
    return
  fi
  echo "tools: installing ${missing[*]}"
  (apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}") >/dev/null ||
    failed "${missing[*]} could not be installed."
}

packages() {
  # The last line of what was installed completely.
  [ "$(cat $venv/complete 2>/dev/null)" != "${python[*]}" ] || return 0
  echo "tools: installing ${python[*]}"
  rm -rf $venv
  # python3 was found there.
  hash -r
  if python3 -m venv $venv && $venv/bin/python -m pip install --quiet --disable-pip-version-check "${python[@]}"; then
    echo "${python[*]}" >$venv/complete
  else
    failed "${python[*]} could not be installed into $venv."
  fi
}

# Quick to build rather than quick to run: they read a few hundred files.
program() {
  local name=$1 version=$2
  shift 2
  # Some print "NAME VERSION", others "NAME vVERSION".
  case "$($name --version 2>/dev/null)" in "$name $version" | "$name v$version") return 0 ;; esac
  echo "tools: building $name $version"
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --locked --root $tools "$name" --version "$version" "$@" ||
    failed "$name could not be built."
}

debian
packages
program stylua 2.5.2 --no-default-features --features lua54
program emmylua_check 0.25.1
program mdbook 0.5.4 --no-default-features --features search
exit $status
