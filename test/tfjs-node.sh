#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node against TensorFlow's CPU wheel, with deploy/tfjs-node/build.sh, and holds the
# engine tfjs to the contract on it: a minute, and a gigabyte in the folder for temporary files. Where
# TFJS_NODE_FOLDER names what was built before, that is taken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${TFJS_NODE_FOLDER:-}
if [ -z "$folder" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  # A small package, to tell whether PyPI is there at all.
  if ! python3 -m pip download --quiet --no-deps --no-cache-dir --dest "$folder/probe" six; then
    echo 'tfjs-node: SKIPPED, nothing was tested: pip does not reach PyPI, where TensorFlow comes from.'
    exit 0
  fi
  deploy/tfjs-node/build.sh "$folder"
fi

NODE_PATH=$folder/node_modules npm run tfjs-node
