#!/usr/bin/env bash
# Builds the binding of @tensorflow/tfjs-node against a current TensorFlow, in place of the one of 2022 that
# its install script would download:
#
#     deploy/tfjs-node/build.sh [--gpu] <folder>
#
# The folder gets a node_modules with the package, its binding and TensorFlow's libraries; README.md says how
# to use it. --gpu takes @tensorflow/tfjs-node-gpu and TensorFlow's wheel for CUDA, with the CUDA libraries.
#
# Needs node with its headers, npm, python3 with pip, and g++. npm packages come from npm's registry, wheels
# from PyPI or from where PIP_FIND_LINKS says.
set -euo pipefail
export PIP_ROOT_USER_ACTION=ignore

TFJS_VERSION=${TFJS_VERSION:-4.22.0}
TENSORFLOW_VERSION=${TENSORFLOW_VERSION:-2.21.0}
# What a wheel holds does not depend on the version of Python beyond its own Python modules.
PYTHON_VERSION=3.12

package=@tensorflow/tfjs-node
wheel=tensorflow-cpu
if [ "${1:-}" = --gpu ]; then
  package=@tensorflow/tfjs-node-gpu
  wheel=tensorflow
  shift
fi
if [ $# -ne 1 ]; then
  echo "Usage: $0 [--gpu] <folder>" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$folder/node_modules/$package
# Laid out as Python has it: TensorFlow's libraries look for those of CUDA in ../nvidia.
libraries=$root/deps/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

node_headers=${NODE_HEADERS:-$(dirname "$(dirname "$(realpath "$(command -v node)")")")/include/node}
if [ ! -f "$node_headers/node_api.h" ]; then
  echo "There is no node_api.h in $node_headers: name the folder of Node's headers in NODE_HEADERS." >&2
  exit 1
fi

pip_fetch() {
  python3 -m pip "$@" --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --implementation cp --python-version "$PYTHON_VERSION" \
    --platform "manylinux_2_27_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" \
    --platform "manylinux2014_$(uname -m)" --platform any
}

echo "npm: $package $TFJS_VERSION"
printf '{ "private": true, "dependencies": { "%s": "%s" } }\n' "$package" "$TFJS_VERSION" >"$folder/package.json"
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
find "$folder/node_modules" -name '*.map' -delete

echo "PyPI: $wheel $TENSORFLOW_VERSION"
pip_fetch download --dest "$work" "$wheel==$TENSORFLOW_VERSION"
mkdir -p "$libraries"
python3 - "$work" "$libraries" <<'END'
import sys, zipfile, pathlib, re
folder, libraries = sys.argv[1:]
with zipfile.ZipFile(next(pathlib.Path(folder).glob('*.whl'))) as wheel:
    for name in wheel.namelist():
        if re.fullmatch(r'tensorflow/libtensorflow_(cc|framework)\.so\.\d+', name):
            wheel.extract(name, libraries)
        elif re.match(r'tensorflow/include/(tensorflow/c|tensorflow/core/platform|tsl/platform|xla/tsl/c)/', name):
            wheel.extract(name, folder)
    metadata = next(name for name in wheel.namelist() if name.endswith('.dist-info/METADATA'))
    cuda = re.findall(r'^Requires-Dist: (nvidia-[^;]+);.*and-cuda', wheel.read(metadata).decode(), re.M)
    pathlib.Path(folder, 'cuda.txt').write_text('\n'.join(cuda) + '\n')
END
rm "$work"/*.whl

if [ "$wheel" = tensorflow ]; then
  echo "PyPI: CUDA, $(wc -l <"$work/cuda.txt") packages"
  pip_fetch install --upgrade --target "$libraries" -r "$work/cuda.txt"
fi

echo 'g++: the binding'
binding=$(cd "$folder" && node -p "require('@mapbox/node-pre-gyp').find('$root/package.json')")
napi=$(basename "$(dirname "$binding")")
# Attributes' names are kept in a set that two engines of a process would change at the same time.
cp -r "$root/binding" "$work/binding"
sed -i 's/^static std::set<std::string> ATTR_NAME_SET;/static thread_local std::set<std::string> ATTR_NAME_SET;/' \
  "$work/binding/tfjs_backend.cc"
grep -q '^static thread_local .*ATTR_NAME_SET;' "$work/binding/tfjs_backend.cc"
mkdir -p "$(dirname "$binding")"
g++ -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION="${napi#napi-v}" \
  -I"$node_headers" -I"$work/tensorflow/include" -I"$work" "$work"/binding/*.cc -o "$binding" \
  -L"$libraries/tensorflow" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 \
  -Wl,-rpath,"\$ORIGIN/../../deps/lib/tensorflow"

# Node 23 and later lack a function that the package reads as it is loaded; locoprop gives it the same.
(cd "$folder" && TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 node --eval "
  require('node:util').isNullOrUndefined ??= (value) => value == null;
  const tf = require('$package');
  const product = tf.matMul(tf.tensor2d([1, 2], [1, 2]), tf.tensor2d([3, 4], [2, 1])).dataSync()[0];
  if (product !== 11) throw new Error('1·3 + 2·4 gave ' + product);
  console.log('$package with TensorFlow ' + tf.backend().binding.TF_Version + ' in $folder/node_modules');
")
