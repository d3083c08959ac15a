#!/usr/bin/env bash
# Installs what `npm run services` tests against: a server of the S3 interface, MLflow and TensorBoard from PyPI, in
# a virtual environment of their own, and Redis from the system's packages. Does nothing where they are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian has Python's venv in a package of its own.
packages=()
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv)
command -v redis-server >/dev/null || packages+=(redis-server)
if [ ${#packages[@]} -gt 0 ]; then
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
fi

# MLflow comes without what its tracking server does not need, such as pandas and scikit-learn.
wanted() { cat requirements.txt requirements-alone.txt; }

if ! cmp -s <(wanted) .venv/installed.txt; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements-alone.txt
  wanted >.venv/installed.txt
fi
