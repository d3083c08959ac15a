import type { RunEvent, RunEventBody } from '#core/events.js';
import { openRun, createRun, type Run } from '#services/store/run.js';
import { temporaryFolder } from '../store/support.js';

export const runOptions = { keepCheckpoints: 2, program: 'test' };

export async function newRun(): Promise<Run> {
  const root = await temporaryFolder();
  return createRun({ ...runOptions, job: 'job', root, spec: 'name: job\n' });
}

export const opened = (run: Run): Promise<Run> => openRun(run.location, runOptions);

export const started = (body: Partial<RunEventBody> = {}): RunEventBody => ({
  type: 'run.started',
  job: 'job',
  engine: 'onnx',
  threads: 1,
  parameters: 10,
  trainExamples: 100,
  stepsPerEpoch: 4,
  epochs: 2,
  step: 0,
  ...(body as object),
});

export const step = (number: number, loss = 1 / number): RunEventBody => ({
  type: 'step.done',
  epoch: 1,
  step: number,
  loss,
  examples: 10,
  seconds: 0.1,
  phases: { data: 0, forward: 0, targets: 0, solve: 0.1 },
});

export const epoch = (number: number, atStep: number, layers = 1): RunEventBody => ({
  type: 'epoch.done',
  epoch: number,
  step: atStep,
  trainLoss: 1 / number,
  testLoss: 2 / number,
  trainError: 0.5,
  testError: null,
  trainAccuracy: null,
  testAccuracy: 0.25,
  trainSeconds: 1,
  examplesPerSecond: 1000,
  layers: Array.from({ length: layers }, () => ({
    objectiveBefore: 4,
    objectiveAfter: 3,
    largestRise: null,
    guardRedone: 0,
    guardGaveUp: 0,
  })),
});

export const ended = (outcome: 'completed' | 'stopped' | 'failed', atStep: number): RunEventBody => ({
  type: 'run.ended',
  outcome,
  step: atStep,
  epoch: 1,
  reason: null,
});

export async function emitAll(run: Run, bodies: readonly RunEventBody[]): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (const body of bodies) events.push(await run.events.emit(body));
  return events;
}

export const steps = (from: number, to: number): RunEventBody[] =>
  Array.from({ length: to - from + 1 }, (_, i) => step(from + i));
