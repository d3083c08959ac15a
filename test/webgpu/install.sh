#!/usr/bin/env bash
# Installs what `npm run webgpu` runs on where there is no GPU: SwiftShader, a driver of Vulkan in software that
# Debian's chromium brings, and the loader that finds it. Does nothing where they are there, or where
# VK_ICD_FILENAMES or VK_DRIVER_FILES names another driver.
set -euo pipefail

DRIVER=/usr/lib/chromium/vk_swiftshader_icd.json

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

packages=()
if [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] && [ ! -e "$DRIVER" ]; then packages+=(chromium); fi
ldconfig -p | grep -q 'libvulkan\.so\.1 ' || packages+=(libvulkan1)
[ ${#packages[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "The tests on WebGPU need ${packages[*]} of Debian, and there is no apt-get here. Install Vulkan's loader," >&2
  echo 'and name a driver in VK_ICD_FILENAMES.' >&2
  exit 1
fi
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
if [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] && [ ! -e "$DRIVER" ]; then
  echo "The package chromium has brought no $DRIVER: the tests on WebGPU cannot run." >&2
  exit 1
fi
