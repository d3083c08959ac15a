#!/bin/sh
# Runs a program on a GPU of NVIDIA that no other container of this machine has taken in this way:
#
#     on-gpu.sh PROGRAM [ARGUMENT…]
#
# Compose gives every replica of a service the same GPUs. So each replica sees them all, and takes the first one
# whose lock in a folder that they share is free. The lock goes with the program, however that ends.
# CUDA_VISIBLE_DEVICES names GPUs by hand: then nothing is locked.
set -eu

locks=${GPU_LOCKS:-/run/gpus}

# As all logs are: a line of JSON for each thing that happened.
tell() {
  time=$(date --utc +%Y-%m-%dT%H:%M:%S.%3NZ)
  printf '{"level":"%s","service":"on-gpu","time":"%s","gpu":"%s","msg":"%s"}\n' "$1" "$time" "$3" "$2" >&2
}

if [ -n "${CUDA_VISIBLE_DEVICES:-}" ]; then exec "$@"; fi

gpus=$(nvidia-smi --query-gpu=uuid --format=csv,noheader)
count=$(echo "$gpus" | wc --words)
case "$*" in
  *onnx-webgpu*)
    # Vulkan does not know CUDA_VISIBLE_DEVICES: all would take the same GPU.
    if [ "$count" -gt 1 ]; then
      tell error 'onnx-webgpu cannot be told which GPU to take: give its container one, with device_ids' "$count of them"
      exit 1
    fi
    ;;
esac
for gpu in $gpus; do
  # The program inherits the open file, and with it the lock.
  exec 9>"$locks/$gpu"
  if flock --nonblock 9; then
    export CUDA_VISIBLE_DEVICES="$gpu"
    tell info gpu.taken "$gpu"
    exec "$@"
  fi
done
tell error 'every GPU of this machine is taken: start fewer workers' "$count of them"
exit 1
