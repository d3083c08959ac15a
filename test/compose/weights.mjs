// The tensors of a run's last checkpoint, read without the project's own code.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The last checkpoint of a downloaded job. */
function lastCheckpoint(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const last = files
    .filter((file) => /^step-\d+\.safetensors$/.test(basename(file)))
    .sort()
    .at(-1);
  if (last === undefined) throw new Error(`no checkpoint among ${files.join(', ')}`);
  return join(folder, last);
}

/** File, number of tensors, and SHA-256 over name, type, shape and bytes of each, by name. */
export function weightsOf(folder) {
  const file = lastCheckpoint(folder);
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  // Of when and how it was written, not of what was learned.
  delete header['__metadata__'];
  const names = Object.keys(header).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    const { dtype, shape, data_offsets } = header[name];
    const [begin, end] = data_offsets;
    hash.update(`${name} ${dtype} ${shape.join('x')} ${end - begin}\n`);
    hash.update(bytes.subarray(start + begin, start + end));
  }
  return { file: basename(file), tensors: names.length, digest: hash.digest('hex') };
}
