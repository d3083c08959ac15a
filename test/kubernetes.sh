#!/usr/bin/env bash
# Renders the manifests of deploy/kubernetes, checks them against the schemas of the Kubernetes API, and that
# what they refer to is there. Needs python3, node with the project's packages, and kubectl or kustomize, or
# go to install the latter with. Installs the validator from PyPI into a folder of its own.
#
#     test/kubernetes.sh [VERSION of Kubernetes …]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VALIDATOR=kubernetes-validate==1.37.0
KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.5.0
VERSIONS=("$@")
[ $# -gt 0 ] || VERSIONS=(1.30 1.37)

folder=$(mktemp -d "${TMPDIR:-/tmp}/locoprop-kubernetes-XXXXXX")
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check "$VALIDATOR"

if kubectl kustomize --help >/dev/null 2>&1; then
  render() { kubectl kustomize "$1"; }
elif command -v kustomize >/dev/null; then
  render() { kustomize build "$1"; }
else
  GOBIN="$folder/bin" go install "$KUSTOMIZE"
  render() { "$folder/bin/kustomize" build "$1"; }
fi

# What a user makes with locoprop certs and locoprop token; the manifests hold whatever it is.
cp -r deploy/kubernetes "$folder/kubernetes"
credentials=$folder/kubernetes/secrets/credentials
rm -rf "$credentials"
mkdir "$credentials"
for name in ca.pem coordinator.pem coordinator-key.pem worker.pem worker-key.pem join-token api-tokens; do
  echo "of this test: $name" >"$credentials/$name"
done
cp "$folder/kubernetes/s3/s3.env.example" "$folder/kubernetes/s3/s3.env"

passed=0
failed=0
check() {
  local name=$1
  shift
  if "$@" >"$folder/output" 2>&1; then
    passed=$((passed + 1))
    echo "passed  $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    cat "$folder/output"
  fi
}

# Every file of the base is listed: one that is not would never be applied.
listed() { diff <(cd deploy/kubernetes/base && ls ./*.yaml) <(sed -n 's|^  - \([a-z]*\.yaml\)$|./\1|p' deploy/kubernetes/base/kustomization.yaml | sort); }
unlisted() { listed | grep '^[<>]' | grep -v '^< ./kustomization.yaml$'; }
check 'the base lists the files that it has' eval '! unlisted'

for overlay in folder s3; do
  rendered=$folder/$overlay.yaml
  render "$folder/kubernetes/$overlay" >"$rendered"
  for version in "${VERSIONS[@]}"; do
    check "$overlay is valid for Kubernetes $version" \
      "$folder/python/bin/kubernetes-validate" --strict --kubernetes-version "$version" "$rendered"
  done
  check "$overlay refers to what is there, and keeps to the restricted profile" \
    node test/kubernetes/references.mjs "$rendered"
done
# A validator that takes anything would pass all of the above.
sed 's/containerPort: 7000/containerPort: seven/' "$folder/folder.yaml" >"$folder/wrong.yaml"
refuses() { ! "$@"; }
check 'a port that is no number is refused' \
  refuses "$folder/python/bin/kubernetes-validate" --strict "$folder/wrong.yaml"
sed '/^  name: coordinator-workers$/s/coordinator-workers/nobody/' "$folder/folder.yaml" >"$folder/wrong.yaml"
check 'a service that is missing is noticed' refuses node test/kubernetes/references.mjs "$folder/wrong.yaml"

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
