#!/usr/bin/env bash
# Cargo starts programs through this (.cargo/config.toml): tests get a home of their own and none of
# the user's settings. Other programs (`cargo run`) are started as they are.
set -uo pipefail
case $1 in
  */deps/*) ;;
  *) exec "$@" ;;
esac
for name in $(compgen -e); do
  case $name in
    COMPT_STDLIB | COMPT_CACHE | COMPT_HISTORY | HF_* | XDG_* | SLURM_* | SBATCH_* | SQUEUE_* | *_PROXY | *_proxy | SSL_CERT_FILE | REQUESTS_CA_BUNDLE | NO_COLOR)
      unset "$name"
      ;;
  esac
done
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home "$@"
