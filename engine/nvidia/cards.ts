import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The GPUs of NVIDIA that this process can see, and their driver, for people: "NVIDIA H100 PCIe, driver 550.54.15".
 * Which of several unlike ones is used, CUDA does not tell.
 * @param folder of NVIDIA's kernel module, which other systems than Linux do not have
 * @returns null where there is none
 */
export function nvidiaCards(folder = '/proc/driver/nvidia'): string | null {
  const version = textOf(join(folder, 'version'));
  if (version === null) return null;
  const gpus = join(folder, 'gpus');
  const models = existsSync(gpus) ? readdirSync(gpus).map((gpu) => modelOf(join(gpus, gpu))) : [];
  const known = [...new Set(models.filter((model) => model !== null))].sort();
  const driver = /\d{3,}\.\d+(\.\d+)?/.exec(version)?.[0] ?? 'unknown';
  return `${known.join(' or ') || 'an unknown GPU'}, driver ${driver}`;
}

const modelOf = (folder: string): string | null =>
  /^Model:\s*(.+?)\s*$/m.exec(textOf(join(folder, 'information')) ?? '')?.[1] ?? null;

const textOf = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);
