import { z } from 'zod';
import {
  MAX_CONFUSION_CLASSES,
  type Confusion,
  type EpochMetrics,
  type StepPoint,
} from '../../../../core/events.js';
import type { StoredDataset, StoredFile } from '../../../../services/store/job-store.js';
import type { WorkerSolve, WorkerView } from '../../../service/job-service.js';
import { count, time } from './job.js';
import { logLevels } from '../../../../core/log-level.js';

const figure = z.number().nullable();

const epochMetrics = z
  .object({
    epoch: count.describe('Epochs completed.'),
    step: count.describe('Steps completed.'),
    trainLoss: z.number(),
    testLoss: figure,
    trainError: z.number(),
    testError: figure,
    trainAccuracy: figure,
    testAccuracy: figure,
    trainSeconds: z.number(),
    examplesPerSecond: z.number(),
    layers: z.array(
      z.object({
        objectiveBefore: figure,
        objectiveAfter: figure,
        largestRise: figure,
        guardRedone: count,
        guardGaveUp: count,
      }),
    ),
    cluster: z
      .object({
        stepSeconds: z.number(),
        predictedSeconds: z.number(),
        workers: z.array(
          z.object({ worker: z.string(), busy: z.number(), solves: count, bytes: z.number().min(0) }),
        ),
      })
      .exactOptional(),
  })
  .meta({
    id: 'EpochMetrics',
    description: 'What is known at the end of an epoch.',
  }) satisfies z.ZodType<EpochMetrics>;

export const jobMetrics = z
  .object({ metrics: z.array(epochMetrics).describe('An entry for each epoch, in their order.') })
  .meta({ id: 'JobMetrics', description: 'The metrics of a job.' });

const stepPoint = z
  .object({
    step: count.describe('Steps committed, this one included.'),
    epoch: count.describe('From 1.'),
    loss: figure.describe('Of the batch, before the updates of the step; null where it is no number.'),
    trainSeconds: z.number().describe('Spent in training steps since the start of the run.'),
  })
  .meta({ id: 'StepPoint', description: 'A step on the curve of a run.' }) satisfies z.ZodType<
  Omit<StepPoint, 'loss'>
>;

export const jobSteps = z
  .object({ steps: z.array(stepPoint).describe('In their order.') })
  .meta({ id: 'JobSteps', description: 'The steps of a job, or an outline of them.' });

const confusion = z
  .object({
    epoch: count.describe('Epochs completed.'),
    step: count.describe('Steps completed.'),
    data: z.enum(['train', 'test']).describe('The data that was evaluated.'),
    counts: z
      .array(z.array(count))
      .describe('Examples: a row for each true class, of the predicted classes.'),
  })
  .meta({
    id: 'Confusion',
    description: 'How a classifier sorted the examples when it was evaluated last.',
  }) satisfies z.ZodType<Confusion>;

export const jobConfusion = z
  .object({
    confusion: confusion
      .nullable()
      .describe(
        `Null before the first evaluation, where the job is no classifier, or has over ${MAX_CONFUSION_CLASSES} classes.`,
      ),
  })
  .meta({ id: 'JobConfusion', description: 'The confusion matrix of a job.' });

const artifact = z
  .object({
    name: z.string().describe('Relative, with `/` between folders.'),
    bytes: count,
  })
  .meta({ id: 'Artifact', description: 'A file that a job has written.' }) satisfies z.ZodType<StoredFile>;

export const artifactList = z
  .object({ artifacts: z.array(artifact) })
  .meta({ id: 'Artifacts', description: 'The files of a job.' });

const workerSolve = z
  .object({
    job: z.string(),
    step: count,
    layer: z.int().min(1),
    startedAt: time.describe('When the first of its matrices was sent to the worker.'),
    receiveSeconds: z.number().min(0),
    waitSeconds: z.number().min(0).describe('The worker has the problem, and solves others.'),
    solveSeconds: z.number().min(0),
    sendSeconds: z.number().min(0),
  })
  .meta({
    id: 'WorkerSolve',
    description:
      'A local problem that a worker solved; its times follow each other, as the coordinator saw them.',
  }) satisfies z.ZodType<WorkerSolve>;

const worker = z
  .object({
    worker: z.string(),
    host: z.string(),
    engine: z.string(),
    threads: count,
    memoryBytes: z.number().min(0),
    gflops: z.number().describe('10⁹ floating-point operations a second of a local problem, as it measured.'),
    bandwidth: z.number().describe('Bytes a second of its link, as it measured.'),
    joinedAt: time,
    leaving: z.boolean(),
    solves: count.describe('Since it joined.'),
    busySeconds: z.number().min(0),
    bytes: z.number().min(0),
    parts: z
      .array(
        z.object({
          job: z.string(),
          layer: z.int().min(1),
          start: count,
          end: count,
        }),
      )
      .describe('What it holds, of which job: columns of a layer, from `start` up to `end` − 1.'),
    timeline: z
      .array(workerSolve)
      .describe('The last problems that it solved, oldest first: as many as were asked for, and are kept.'),
  })
  .meta({
    id: 'Worker',
    description: 'A worker attached to this coordinator.',
  }) satisfies z.ZodType<WorkerView>;

export const workerList = z
  .object({ workers: z.array(worker) })
  .meta({ id: 'Workers', description: 'The workers of this coordinator.' });

export const dataset = z
  .object({
    id: z.string().describe('The SHA-256 of its bytes, in hexadecimal; specs name it `upload:` and this.'),
    name: z.string(),
    bytes: count,
    uploadedAt: time,
  })
  .meta({ id: 'Dataset', description: 'An uploaded data set.' }) satisfies z.ZodType<StoredDataset>;

export const datasetList = z
  .object({ datasets: z.array(dataset) })
  .meta({ id: 'Datasets', description: 'The uploaded data sets.' });

export const readiness = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Readiness', description: 'Whether jobs can be taken and run; else why not.' });

export const alive = z
  .object({ alive: z.literal(true), version: z.string() })
  .meta({ id: 'Liveness', description: 'That the process answers.' });

export const logLevel = z
  .strictObject({ level: z.enum(logLevels) })
  .meta({ id: 'LogLevel', description: "The least level of the coordinator's log." });
