#!/usr/bin/env bash
# Installs the browser that `npm run browser` tests with: Debian's Chromium. Does nothing where it is there, or
# where the variable CHROMIUM names another one.
set -euo pipefail

[ -x "${CHROMIUM:-/usr/bin/chromium}" ] && exit 0
if [ -n "${CHROMIUM:-}" ]; then
  echo "CHROMIUM is $CHROMIUM, and there is no such program." >&2
  exit 1
fi

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Ubuntu's package of this name only leads to a snap, which containers and test machines have not.
if ! command -v apt-get >/dev/null || ! grep -q '^ID=debian' /etc/os-release; then
  echo 'The tests of the dashboard need Chromium, which this script installs on Debian only.' >&2
  echo 'Install a Chromium or a Chrome, and name its program in the variable CHROMIUM.' >&2
  exit 1
fi
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium fonts-dejavu-core
