import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Spread } from '#bench/measure.js';
import type { ClusterReport } from '#bench/cluster/run.js';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/bench/cluster/main.js', import.meta.url));
const bench = (...args: string[]) => promisify(execFile)(process.execPath, [main, ...args]);

interface Figures {
  readonly directions: readonly {
    readonly bytes: number;
    readonly seconds: Spread;
    readonly megabytesPerSecond: number;
  }[];
  readonly wires: readonly {
    readonly wire: string;
    readonly stepSeconds: Spread;
    readonly stepOverComputing: Spread;
    readonly bytesPerStep: number;
  }[];
  readonly losses: readonly {
    readonly counts: readonly {
      readonly workers: number;
      readonly solveSeconds: Spread;
      readonly solveSpeedUp: number;
    }[];
  }[];
  readonly layerBytes: number;
  readonly coordinatorPeakBytes: number;
  readonly coordinatorPeakOverLayer: number;
  readonly cases: readonly { readonly slow: string; readonly withOverWithout: Spread }[];
}

it('measures every section and prints one JSON document', { timeout: 240_000 }, async () => {
  const { stdout, stderr } = await bench('--quick', '--json');
  // How far it is.
  expect(stderr).toMatch(/^(matching, [12]: solve [\d.]+ s, step [\d.]+ s\n){2}$/);
  const { options, measurements } = JSON.parse(stdout) as ClusterReport;
  expect(options).toEqual({ quick: true });
  expect(measurements.map(({ section }) => section)).toEqual(['wire', 'step', 'scale', 'large', 'refuse']);
  const [wire, step, scale, large, refuse] = measurements.map(({ figures }) => figures as Figures) as [
    Figures,
    Figures,
    Figures,
    Figures,
    Figures,
  ];
  // 20 examples of 96 inputs and 160 units down, 97×160 parameters up.
  expect(wire.directions.map(({ bytes }) => bytes)).toEqual([20_480, 62_080, 82_560]);
  for (const { bytes, seconds, megabytesPerSecond } of wire.directions) {
    expect(megabytesPerSecond * 1e6 * seconds.median).toBeCloseTo(bytes);
  }
  expect(step.wires.map(({ wire: name }) => name)).toEqual(['f32', 'bf16']);
  expect(step.wires.every(({ stepOverComputing }) => stepOverComputing.min > 0)).toBe(true);
  expect(step.wires[1]!.bytesPerStep).toBeLessThan(step.wires[0]!.bytesPerStep);
  for (const { counts } of scale.losses) {
    expect(counts.map(({ workers }) => workers)).toEqual([1, 2]);
    const [one, two] = counts;
    expect(one!.solveSpeedUp).toBe(1);
    expect(two!.solveSpeedUp * two!.solveSeconds.median).toBeCloseTo(one!.solveSeconds.median);
  }
  expect(large.layerBytes).toBe(4 * (256 * 256 + 2 * 64 * 256));
  expect(large.coordinatorPeakOverLayer * large.layerBytes).toBeCloseTo(large.coordinatorPeakBytes);
  expect(refuse.cases.map(({ slow }) => slow)).toEqual(['link']);
  expect(refuse.cases[0]!.withOverWithout.median).toBeGreaterThan(0);
});

it('refuses sections that there are not', async () => {
  await expect(bench('wires')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no section "wires"; there are wire, step, scale') as string,
  });
});
