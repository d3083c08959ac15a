import type { Dataset } from '#core/dataset.js';
import type { RunEventBody } from '#core/events.js';
import { Parts } from '#core/parts/registry.js';
import { randomStream } from '#core/random.js';
import { parseSpec } from '#core/spec/parse.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import type { LayerRule } from '#core/layer.js';
import type { LayerState, RunState } from '#core/state.js';
import { initialStates } from '#coordinator/initial-state.js';
import { buildNetwork } from '#coordinator/network.js';
import type { LayerPool } from '#coordinator/pool/layer-pool.js';
import { LocalPool } from '#coordinator/pool/local-pool.js';
import { START, Trainer, type Progress } from '#coordinator/trainer.js';
import type { Engine } from '#engine/engine.js';

export const parts = new Parts();

const FEATURES = 12;

/** A small autoencoder's job; `changes` are merged into its sections. */
export function smallJob(changes: Record<string, object | string | number> = {}): JobSpec {
  const base: Record<string, object | string | number> = {
    name: 'small',
    seed: 3,
    data: { train: { dataset: 'curves', examples: 50 }, targets: 'inputs' },
    network: {
      layers: [
        { units: 8, transfer: 'tanh' },
        { units: 3, transfer: 'identity' },
        { units: 8, transfer: 'tanh' },
        { units: FEATURES, transfer: 'sigmoid' },
      ],
      loss: 'sigmoid_cross_entropy',
    },
    training: { batchSize: 10, epochs: 3, schedule: 'constant' },
    local: { iterations: 4, optimizer: { name: 'rmsprop', learningRate: 1e-3 } },
  };
  const merged = Object.entries(changes).map(([key, value]) => {
    const own = base[key];
    return [key, typeof value === 'object' && typeof own === 'object' ? { ...own, ...value } : value];
  });
  return parseSpec({ ...base, ...(Object.fromEntries(merged) as object) }, parts);
}

/** Random examples with values in [0, 1). */
export function smallData(examples = 50): Dataset {
  const stream = randomStream(11, 'data');
  const inputs = Float32Array.from({ length: examples * FEATURES }, () => stream.uniform());
  return {
    name: 'small',
    examples,
    features: FEATURES,
    inputs,
    scale: 1,
    labels: null,
    classes: null,
    targets: null,
    image: null,
  };
}

/** Random points, each of the class on whose side of a plane it lies. */
export function sidedData(examples = 60): Dataset {
  const stream = randomStream(11, 'data');
  const inputs = Float32Array.from({ length: examples * 4 }, () => stream.uniform() - 0.5);
  const labels = Int32Array.from({ length: examples }, (_, i) =>
    Number(inputs[4 * i]! + inputs[4 * i + 1]! > 0),
  );
  return { ...smallData(0), name: 'sided', examples, features: 4, inputs, labels, classes: 2 };
}

export interface Recording {
  readonly events: RunEventBody[];
  readonly checkpoints: { readonly state: RunState; readonly best: boolean }[];
  readonly states: LayerState[];
}

/** What a test's pool is made of. */
export interface PoolNeeds {
  readonly engine: Engine;
  readonly rules: readonly LayerRule[];
  readonly states: readonly LayerState[];
  readonly step: number;
  readonly batch: number;
  readonly objective: boolean;
  readonly emit: (event: RunEventBody) => void;
  readonly stop: AbortSignal;
}

export interface TrainOptions {
  /** By default `smallData`. */
  readonly dataset?: Dataset;
  readonly from?: RunState;
  /** Stops after so many steps of this call. */
  readonly stopAfter?: number;
  /** By default one that solves on the trainer's own engine. */
  readonly makePool?: (needs: PoolNeeds) => Promise<LayerPool>;
  /** Told of each step as it is committed. */
  readonly onStep?: (step: number) => void | Promise<void>;
}

const makeLocalPool = ({ engine, rules, states, objective }: PoolNeeds): Promise<LayerPool> =>
  LocalPool.create(engine, rules, states, { objective });

/** Trains a job with an in-memory recorder; what it throws comes with the recording so far. */
export async function train(
  engine: Engine,
  spec: JobSpec,
  { dataset = smallData(), from, stopAfter, makePool = makeLocalPool, onStep }: TrainOptions = {},
): Promise<Recording & { readonly outcome: string; readonly error: unknown }> {
  const network = buildNetwork(spec, parts, dataset.features);
  const states = from ? structuredClone([...from.layers]) : initialStates(spec, network.layers);
  const stop = new AbortController();
  const events: RunEventBody[] = [];
  const pool = await makePool({
    engine,
    rules: network.layers,
    states,
    step: from?.position.step ?? 0,
    batch: spec.training.batchSize,
    objective: spec.training.algorithm === 'locoprop',
    emit: (event) => events.push(event),
    stop: stop.signal,
  });
  const checkpoints: { state: RunState; best: boolean }[] = [];
  let steps = 0;
  const recorder = {
    get lastEvent() {
      return events.length;
    },
    emit: async (event: RunEventBody) => {
      events.push(event);
      if (event.type !== 'step.done') return;
      if (++steps === stopAfter) stop.abort();
      await onStep?.(event.step);
    },
    saveCheckpoint: (state: RunState, best: boolean) => {
      checkpoints.push({ state, best });
      return Promise.resolve(`step-${state.position.step}`);
    },
  };
  const progress: Progress = from ? { ...from, checkpoint: 'step-0' } : START;
  const options = { spec, network, engine, pool, train: dataset, test: null, recorder, stop: stop.signal };
  let outcome = 'failed';
  let error: unknown = null;
  try {
    outcome = await new Trainer(options, progress).run();
  } catch (thrown) {
    error = thrown;
  }
  const last = await pool.states();
  await pool.close();
  return { events, checkpoints, states: last, outcome, error };
}

/** All numbers of layers, for comparing to the bit. */
export const bitsOf = (states: readonly LayerState[]): Buffer =>
  Buffer.concat(
    states.flatMap(({ weights, bias, weightSlots, biasSlots, factors = {} }) =>
      [weights, bias, ...[weightSlots, biasSlots, factors].flatMap((named) => Object.values(named))].map(
        ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      ),
    ),
  );
