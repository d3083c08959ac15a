import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A driver of Vulkan whose library this process has loaded. */
export interface VulkanDriver {
  readonly name: string;
  /** Whether it computes on the processors. */
  readonly software: boolean;
}

const known: readonly { readonly library: RegExp; readonly name: string; readonly software?: true }[] = [
  { library: /^libvk_swiftshader\.so/, name: 'SwiftShader', software: true },
  { library: /^libvulkan_lvp\.so/, name: 'Mesa lavapipe', software: true },
  { library: /^libGLX_nvidia\.so/, name: 'NVIDIA' },
  { library: /^libnvidia-vulkan-producer\.so/, name: 'NVIDIA' },
  { library: /^libvulkan_(\w+)\.so/, name: 'Mesa' },
  { library: /^amdvlk\w*\.so/, name: 'AMDVLK' },
];

function driverOf(file: string): VulkanDriver | null {
  for (const { library, name, software = false } of known) {
    const found = library.exec(file);
    if (!found) continue;
    const version = /\.so\.(\d[\d.]+)$/.exec(file)?.[1];
    return { name: [name, found[1], version].filter(Boolean).join(' '), software };
  }
  return null;
}

/**
 * The drivers among libraries that a process has mapped. Vulkan's loader keeps those that it has found,
 * of which one drives the device; ONNX Runtime does not say which.
 *
 * @param maps as in /proc/self/maps
 */
export function vulkanDrivers(maps: string): VulkanDriver[] {
  const files = new Set(maps.match(/\/\S+/g)?.map((path) => basename(path)));
  const drivers = Array.from(files, driverOf).filter((driver) => driver !== null);
  return [...new Map(drivers.map((driver) => [driver.name, driver])).values()];
}

/** Those of this process; none where the system does not tell. */
export function loadedVulkanDrivers(): VulkanDriver[] {
  return process.platform === 'linux' ? vulkanDrivers(readFileSync('/proc/self/maps', 'utf8')) : [];
}
