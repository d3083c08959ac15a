import { table } from '../../../cli/format.js';
import { autoencoder } from '../../autoencoder.js';
import { interleave, ratios, spread, type Spread } from '../../measure.js';
import { layerShapes } from '../../shapes.js';
import { millisecondsText, ratioText } from '../../text.js';
import type { ClusterBenchOptions, ClusterSection } from '../section.js';
import { WireEnds } from '../wire-ends.js';
import { bytesOf, directions, type Direction, type WireLoad } from '../wire-load.js';

interface DirectionResult {
  readonly direction: Direction;
  /** Of a step, both ways together. */
  readonly bytes: number;
  readonly seconds: Spread;
  readonly megabytesPerSecond: number;
  readonly rawSeconds: Spread;
  readonly rawMegabytesPerSecond: number;
  /** Speed of the channel ÷ that of bare sockets. */
  readonly shareOfRaw: Spread;
}

interface WireFigures {
  readonly batch: number;
  readonly directions: readonly DirectionResult[];
}

const BATCH = 1000;
const QUICK: WireLoad = { batch: 20, layers: [{ inputs: 96, units: 160 }] };

async function measure({ quick }: ClusterBenchOptions): Promise<WireFigures> {
  const paper = await autoencoder({ widths: null, batch: BATCH, iterations: 10 });
  const load = quick ? QUICK : { batch: BATCH, layers: layerShapes(paper.widths) };
  const ends = await WireEnds.open();
  try {
    const results: DirectionResult[] = [];
    for (const direction of directions) results.push(await measureDirection(ends, load, direction, quick));
    return { batch: load.batch, directions: results };
  } finally {
    await ends.close();
  }
}

async function measureDirection(
  ends: WireEnds,
  load: WireLoad,
  direction: Direction,
  quick: boolean,
): Promise<DirectionResult> {
  const tasks = { channel: ends.channelTask(load, direction), raw: ends.rawTask(load, direction) };
  const seconds = await interleave(tasks, { rounds: quick ? 3 : 15, warmups: 3 });
  const { down, up } = bytesOf(load, direction);
  const bytes = down + up;
  const [channel, raw] = [spread(seconds.channel), spread(seconds.raw)];
  return {
    direction,
    bytes,
    seconds: channel,
    megabytesPerSecond: bytes / channel.median / 1e6,
    rawSeconds: raw,
    rawMegabytesPerSecond: bytes / raw.median / 1e6,
    shareOfRaw: spread(ratios(seconds.raw, seconds.channel)),
  };
}

const text = ({ batch, directions: results }: WireFigures): string =>
  table([
    [`B = ${batch}, f32`, 'MB a step', 'a step', 'MB/s', 'bare sockets', 'MB/s', 'share of their speed'],
    ...results.map((result) => [
      result.direction,
      (result.bytes / 1e6).toFixed(1),
      millisecondsText(result.seconds.median),
      result.megabytesPerSecond.toFixed(0),
      millisecondsText(result.rawSeconds.median),
      result.rawMegabytesPerSecond.toFixed(0),
      ratioText(result.shareOfRaw),
    ]),
  ]);

/** A worker's channel against bare sockets, with nothing computed at either end. */
export const wireSection: ClusterSection = {
  description: "a step's problems and weights on a worker's channel, against bare sockets",
  measure: async (options) => {
    const figures = await measure(options);
    return { figures, text: text(figures) };
  },
};
