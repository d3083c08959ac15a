import type { WorkerEvent } from '../worker-events.js';
import type { Lines } from './entry.js';

export const workerLines: Lines<WorkerEvent> = {
  'worker.started': {
    level: 'info',
    meaning: 'The worker knows its engine, its memory and its speed.',
    fields: {
      name: 'always',
      engine: 'always',
      engineDescription: 'always',
      threads: 'always',
      memoryBytes: 'always',
      gflops: 'always',
    },
  },
  'worker.joined': {
    level: 'info',
    meaning: 'A coordinator has let it in, under the name `worker`.',
    fields: { worker: 'always', job: 'always', coordinator: 'always', bandwidth: 'always' },
  },
  'worker.unreachable': {
    level: 'warn',
    meaning: 'No coordinator answers; it dials again, with growing delays.',
    fields: { coordinator: 'always', worker: 'always', code: 'always', reason: 'always' },
  },
  'worker.disconnected': {
    level: 'warn',
    meaning: 'The connection broke; it dials again.',
    fields: { coordinator: 'always', worker: 'always', code: 'always', reason: 'always' },
  },
  'worker.dismissed': {
    level: 'info',
    meaning: 'The coordinator has let it go.',
    fields: { coordinator: 'always', worker: 'always', reason: 'always', runEnded: 'always' },
  },
  'worker.leaving': {
    level: 'info',
    meaning: 'It was asked to stop, and waits for its parts to be elsewhere.',
    fields: { worker: 'always', reason: 'always', parts: 'always' },
  },
  'worker.left': {
    level: 'info',
    meaning: 'It has left.',
    fields: { worker: 'always', partsLeft: 'always' },
  },
  'worker.ended': {
    level: 'info',
    meaning: 'The process ends; what it has done.',
    fields: { runs: 'always', solves: 'always', busySeconds: 'always' },
  },
  'part.loaded': {
    level: 'info',
    meaning: 'It has a part: the columns `start` to `end` − 1 of this layer.',
    fields: { worker: 'always', step: 'always', layer: 'always', start: 'always', end: 'always' },
  },
  'part.unloaded': {
    level: 'debug',
    meaning: 'A part is elsewhere now.',
    fields: { worker: 'always', layer: 'always', start: 'always', end: 'always' },
  },
  'part.solved': {
    level: 'debug',
    meaning: 'It has solved a local problem; `redo` counts the times from 1.',
    fields: {
      worker: 'always',
      step: 'always',
      attempt: 'always',
      seconds: 'always',
      finite: 'always',
      repeated: 'always',
      layer: 'always',
      start: 'always',
      end: 'always',
    },
    as: { attempt: 'redo' },
  },
  'request.refused': {
    level: 'warn',
    meaning: "It could not do what the coordinator asked; `part` is the coordinator's number of the part.",
    fields: {
      worker: 'always',
      request: 'always',
      code: 'always',
      reason: 'always',
      part: 'always',
      step: 'always',
      layer: 'sometimes',
      start: 'sometimes',
      end: 'sometimes',
    },
  },
  'settle.impossible': {
    level: 'warn',
    meaning: 'A solution was to be kept that it does not have.',
    fields: {
      worker: 'always',
      part: 'always',
      step: 'always',
      layer: 'sometimes',
      start: 'sometimes',
      end: 'sometimes',
    },
  },
};
