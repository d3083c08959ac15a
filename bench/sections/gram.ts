import type { Engine } from '../../engine/engine.js';
import { table } from '../../cli/format.js';
import { autoencoder, type Autoencoder } from '../autoencoder.js';
import { syntheticPictures } from '../data.js';
import { interleave, ratios, spread, type Spread } from '../measure.js';
import { SteppedTraining } from '../stepped-training.js';
import { millisecondsText, ratioText } from '../text.js';
import type { BenchOptions, Section } from './section.js';

interface BatchResult {
  readonly batch: number;
  readonly directSeconds: Spread;
  readonly gramSeconds: Spread;
  /** Time of a step in direct form ÷ time of one with Gram matrices where they take fewer operations. */
  readonly directOverGram: Spread;
}

interface GramFigures {
  readonly batches: readonly BatchResult[];
}

/** The Gram form pays the more, the larger a batch is beside the layers' inputs. */
const BATCH_FACTORS = [1, 5];
const WARMUPS = 1;

async function measure(engine: Engine, options: BenchOptions): Promise<GramFigures> {
  const batches: BatchResult[] = [];
  for (const factor of BATCH_FACTORS) {
    batches.push(await measureBatch(engine, { ...options, batch: factor * options.batch }));
  }
  return { batches };
}

async function measureBatch(engine: Engine, options: BenchOptions): Promise<BatchResult> {
  // The longest steps of the benchmark: fewer of them.
  const rounds = Math.ceil(options.rounds / 3);
  const job = (form: 'direct' | 'auto'): Promise<Autoencoder> =>
    autoencoder({ ...options, localLoss: 'squared', form });
  const [direct, gram] = [await job('direct'), await job('auto')];
  const data = syntheticPictures((WARMUPS + rounds + 1) * options.batch, direct.widths[0]!);
  const trainings = {
    direct: await SteppedTraining.create(engine, direct, data),
    gram: await SteppedTraining.create(engine, gram, data),
  };
  const tasks = { direct: () => trainings.direct.step(), gram: () => trainings.gram.step() };
  const seconds = await interleave(tasks, { rounds, warmups: WARMUPS });
  await trainings.direct.end();
  await trainings.gram.end();
  return {
    batch: options.batch,
    directSeconds: spread(seconds.direct),
    gramSeconds: spread(seconds.gram),
    directOverGram: spread(ratios(seconds.direct, seconds.gram)),
  };
}

const text = ({ batches }: GramFigures): string =>
  table([
    ['examples a batch', 'direct', 'Gram', 'direct ÷ Gram'],
    ...batches.map(({ batch, directSeconds, gramSeconds, directOverGram }) => [
      String(batch),
      millisecondsText(directSeconds.median),
      millisecondsText(gramSeconds.median),
      ratioText(directOverGram),
    ]),
  ]);

/** What the Gram form of the squared local loss saves of a training step. */
export const gramSection: Section = {
  description: 'training steps of LocoProp-S in direct and in Gram form',
  measure: async (engine, options) => {
    const figures = await measure(engine, options);
    return { figures, text: text(figures) };
  },
};
