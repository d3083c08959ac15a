import type { RunEventBody } from '../../../core/events.js';
import type { Lines } from './entry.js';

/** Of a solve that the guard did not accept. */
const refusedSolve = {
  fields: {
    step: 'always',
    layer: 'always',
    attempt: 'always',
    learningRateFactor: 'always',
    objectiveBefore: 'always',
    objectiveAfter: 'always',
  },
  as: { attempt: 'redo' },
} as const;

export const runLines: Lines<RunEventBody> = {
  'run.started': {
    level: 'info',
    meaning: 'The data are loaded and the engine is ready; `step` is where the run goes on.',
    fields: {
      job: 'always',
      engine: 'always',
      engineDescription: 'sometimes',
      threads: 'always',
      parameters: 'always',
      trainExamples: 'always',
      stepsPerEpoch: 'always',
      epochs: 'always',
      step: 'always',
    },
  },
  'plan.made': {
    level: 'info',
    meaning: 'Which worker solves which columns of which layer, from this step on.',
    fields: {
      step: 'always',
      parts: 'always',
      predictedSeconds: 'always',
      leftOut: 'always',
      moved: 'always',
    },
  },
  'step.done': {
    level: 'debug',
    meaning: 'A step is committed; `phases` says what its seconds went to.',
    fields: {
      epoch: 'always',
      step: 'always',
      loss: 'always',
      examples: 'always',
      seconds: 'always',
      phases: 'always',
    },
  },
  'guard.redone': {
    level: 'warn',
    meaning: 'The guard had a local problem solved again with a smaller rate; `redo` counts from 1.',
    ...refusedSolve,
  },
  'guard.gave-up': {
    level: 'warn',
    meaning: 'No attempt at a local problem was acceptable: the layer keeps its weights in this step.',
    ...refusedSolve,
  },
  'epoch.done': {
    level: 'info',
    meaning: 'The network was evaluated; the fields are those of a line of `metrics.jsonl`.',
    fields: {
      epoch: 'always',
      step: 'always',
      trainLoss: 'always',
      testLoss: 'always',
      trainError: 'always',
      testError: 'always',
      trainAccuracy: 'always',
      testAccuracy: 'always',
      trainSeconds: 'always',
      examplesPerSecond: 'always',
      layers: 'always',
      cluster: 'sometimes',
    },
  },
  'classes.counted': {
    level: 'debug',
    meaning: 'How many examples of which class a classifier took for which: a row for each true class.',
    fields: { epoch: 'always', step: 'always', data: 'always', counts: 'always' },
  },
  'checkpoint.saved': {
    level: 'info',
    meaning: 'A checkpoint is durable; `best` where no loss was lower so far.',
    fields: { step: 'always', file: 'always', best: 'always' },
  },
  'checkpoint.damaged': {
    level: 'warn',
    meaning: 'A checkpoint cannot be read, and an older one was taken.',
    fields: { file: 'always', reason: 'always' },
  },
  'worker.joined': {
    level: 'info',
    meaning: 'A worker is ready for parts; the numbers are those that it measured.',
    fields: {
      worker: 'always',
      host: 'always',
      engine: 'always',
      threads: 'always',
      memoryBytes: 'always',
      gflops: 'always',
      bandwidth: 'always',
    },
  },
  'worker.left': {
    level: 'info',
    meaning: 'A worker has said that it leaves, and has no part any more.',
    fields: { worker: 'always', reason: 'always' },
  },
  'worker.lost': {
    level: 'warn',
    meaning: 'A worker is gone without a word, or too slow; its parts go elsewhere.',
    fields: { worker: 'always', reason: 'always' },
  },
  'worker.restarted': {
    level: 'warn',
    meaning: 'A worker of this machine has ended; another takes its place after a delay.',
    fields: { worker: 'always', reason: 'always', delayMs: 'always' },
  },
  'worker.refused': {
    level: 'warn',
    meaning: 'Somebody who dialled in was turned away.',
    fields: { peer: 'always', code: 'always', reason: 'always' },
  },
  'part.recovered': {
    level: 'warn',
    meaning: 'A part of a lost worker is elsewhere, with its last solves made again.',
    fields: { step: 'always', part: 'always', from: 'always', repeated: 'always', seconds: 'always' },
  },
  'run.waiting': {
    level: 'warn',
    meaning: 'There is nobody to solve: the run goes on when a worker joins.',
    fields: { step: 'always', reason: 'always' },
  },
  'run.alone': {
    level: 'warn',
    meaning:
      'The layers are solved where the run is, though it may have workers: its method has no use for them.',
    fields: { step: 'always', reason: 'always' },
  },
  'run.ended': {
    level: 'info',
    meaning: 'The run has ended: `completed`, `stopped` or `failed`.',
    fields: { outcome: 'always', step: 'always', epoch: 'always', reason: 'always' },
  },
};
