#!/usr/bin/env bash
# Runs docker-compose.yml as it stands: brings it up with three workers, trains, kills and cuts off what runs,
# takes it down and up again, and compares the weights bit for bit. Takes about ten minutes.
#
#     test/compose.sh                           with `docker compose`
#     COMPOSE=docker-compose test/compose.sh    with version 1
#
# Installs the project's packages and builds it where that has not been done. Where no Docker runs, or its base
# images cannot be had, the script that STAND_INS names is to make them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export COMPOSE=${COMPOSE:-docker compose}
STAND_INS=${STAND_INS:-../shared/tools/local-images.sh}

has_images() {
  local image
  for image in node:22-bookworm-slim redis:7-alpine; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" || return 1
  done
}

if ! { docker info && has_images && $COMPOSE version; } >/dev/null 2>&1; then
  if ! [ -f "$STAND_INS" ]; then
    echo "There is no Docker with $COMPOSE and the base images here, and no $STAND_INS to make them." >&2
    exit 1
  fi
  # A daemon that was killed may have left half an endpoint, on which the next one panics (libnetwork's reservePools).
  docker info >/dev/null 2>&1 || rm -rf "${DOCKER_DATA:-${TMPDIR:-/tmp}/dockerdata}/network/files"
  bash "$STAND_INS"
fi

# Only where there is nothing: packages that are there, perhaps shared by a link, stay as they are.
[ -e node_modules ] || npm ci
npm run build

folder=$(mktemp -d "${TMPDIR:-/tmp}/locoprop-compose-XXXXXX")
export COMPOSE_PROJECT_NAME=locoprop-test-$$ IMAGE_TAG=test
cleanup() {
  [ -z "${test-}" ] || kill "$test" 2>/dev/null || true
  $COMPOSE down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# In the background: a signal is not to wait for its end.
node test/compose/main.mjs "$folder" &
test=$!
wait "$test"
