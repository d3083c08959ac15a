/**
 * What the package offers to programs and plugins; docs/extending.md and docs/using.md show both. All
 * else may change with any version.
 */
export { LocopropError, type ErrorDetails } from './core/errors/error.js';
export type { ErrorCode } from './core/errors/catalogue.js';

// A part of one's own: a rule as an expression, which every engine runs.
export { definePart, type PartDefinition } from './core/parts/define.js';
export {
  abs,
  add,
  constant,
  divide,
  exp,
  greater,
  log,
  matmul,
  max,
  maximum,
  minimum,
  multiply,
  negate,
  power,
  sigmoid,
  sqrt,
  square,
  subtract,
  sum,
  tanh,
  transpose,
  where,
  type Axis,
  type Expression,
  type Operand,
} from './core/expression/expression.js';
export type {
  Hyperparameters,
  LocalLoss,
  LocalLossContext,
  LossContext,
  NetworkLoss,
  Optimizer,
  OptimizerContext,
  OptimizerUpdate,
  Part,
  Regularizer,
  RegularizerContext,
  RegularizerTerm,
  TargetContext,
  TargetRule,
  TransferFunction,
} from './core/parts/part.js';
export type { ParameterSpec, PartKind } from './core/spec/part-catalogue.js';

// Training from a program: read a job, begin or open its run, train it to the end.
export { readJob, resolvedYaml, type JobFile } from './services/configuration/job-file.js';
export type { JobSpec } from './core/spec/job-spec.js';
export type { Override } from './core/spec/overrides.js';
export {
  createRun,
  openRun,
  type CreateRunOptions,
  type Run,
  type RunOptions,
} from './services/store/run.js';
export { readRun, type StoredRun } from './services/store/stored-run.js';
export { trainToEnd, type TrainToEndOptions } from './coordinator/finish/train-to-end.js';
export type { RunSummary } from './coordinator/finish/summary.js';
export { runJob, type FinishedRun, type Job, type RunJobOptions } from './coordinator/runner.js';
export type { EpochMetrics, LayerMetrics, RunEvent, RunOutcome } from './core/events.js';

// A coordinator from a program: submit jobs, follow them, get what they come to.
export {
  CoordinatorClient,
  type JobChange,
  type JobPage,
  type ListRequest,
} from './services/client/client.js';
export type { ServerAddress } from './services/client/connection.js';
export type { FollowOptions } from './services/client/feed.js';
export { findServer, type ServerOptions } from './services/client/server.js';
export { RemoteError } from './core/errors/remote-error.js';
export type { FeedItem, JobDetails, JobView, WorkerView } from './core/job/view.js';
export type { JobEvent, JobFailure, JobProgress } from './core/job/record.js';
export { hasEnded, type JobState } from './core/job/states.js';

// Computing with an engine alone.
export { engineNames, startEngine } from './engine/engines.js';
export type { Call, Engine, EngineInfo, Result, Tensor } from './engine/engine.js';
export type { Routine } from './core/expression/routine.js';
export { input, scalar } from './core/expression/expression.js';
export type { Matrix } from './core/matrix.js';
