import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultSpec, undisturbed } from '../faults/job.js';
import { draw } from './draw.js';
import { play, type Report } from './play.js';

/** Plays the runs of so many seeds, one after the other. */
export async function* campaign(firstSeed: number, runs: number): AsyncGenerator<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-chaos-'));
  const digests = new Map<string, string>();
  try {
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const plan = draw(seed);
      const { wire } = plan;
      if (!digests.has(wire)) {
        const spec = join(folder, `${wire}.yaml`);
        await writeFile(spec, faultSpec({ wire }));
        digests.set(wire, await undisturbed(spec, join(folder, wire), wire));
      }
      const own = join(folder, String(seed));
      await mkdir(own);
      yield await play(plan, digests.get(wire)!, own);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
