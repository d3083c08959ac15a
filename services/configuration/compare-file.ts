import { basename, resolve } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import type { CompareSpec, ContenderSpec } from '../../core/compare/compare-schema.js';
import { folderNameOf } from '../../core/compare/folder-name.js';
import { gridOf, type Setting } from '../../core/compare/grid.js';
import { parseCompare } from '../../core/compare/parse-compare.js';
import { differences, showDifference } from '../../core/spec/differences.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { applyOverride, parsePath, type Override } from '../../core/spec/overrides.js';
import { withAbsolutePaths } from './absolute-paths.js';
import { checkSpec, type JobFile } from './job-file.js';
import { readSpecFile } from './spec-file.js';

/** A contender with the jobs of its runs. */
export interface PlannedContender {
  readonly name: string;
  /** Name of its folder. */
  readonly folder: string;
  /** In the order of the grid; empty without a search. */
  readonly trials: readonly { readonly setting: Setting; readonly job: JobFile }[];
  /** The full run with a setting: that of a trial, or an empty one. */
  readonly fullRun: (setting: Setting) => Promise<JobFile>;
}

/** A comparison ready to run. */
export interface CompareFile {
  readonly spec: CompareSpec;
  readonly contenders: readonly PlannedContender[];
  /** That of all runs. */
  readonly seed: number;
  /** It and its base as they were written, with the names of their files. */
  readonly texts: readonly { readonly file: string; readonly text: string }[];
}

/**
 * Reads a comparison and its base, and checks every run that it may come to.
 *
 * @param common fields of the job spec that the command sets for all contenders
 * @throws LocopropError COMPARE_…, SPEC_…, PLUGIN_FAILED, STORE_READ_FAILED
 */
export async function readCompare(file: string, common: readonly Override[]): Promise<CompareFile> {
  const { data, text, directory } = await readSpecFile(file);
  const spec = parseCompare(data, file);
  const base = await readSpecFile(resolve(directory, spec.base));
  const shared = [base.data, overridesOf(spec.set), common] as const;
  const contenders: PlannedContender[] = [];
  let first: JobSpec | undefined;
  for (const contender of spec.contenders) {
    const jobOf = (setting: Setting, extra: readonly Override[]): Promise<JobFile> =>
      contenderJob(contender, { shared, setting, extra, directory: base.directory, file });
    const planned = await planContender(spec, contender, jobOf);
    contenders.push(planned);
    const { spec: full } = await planned.fullRun(planned.trials[0]?.setting ?? {});
    first ??= full;
    requireCommon(first, full, { file, contender: contender.name, reference: spec.contenders[0]!.name });
  }
  const texts = [
    { file: basename(file), text },
    { file: spec.base, text: base.text },
  ];
  return { spec, contenders, seed: first!.seed, texts };
}

type JobOf = (setting: Setting, extra: readonly Override[]) => Promise<JobFile>;

async function planContender(
  { search }: CompareSpec,
  contender: ContenderSpec,
  jobOf: JobOf,
): Promise<PlannedContender> {
  const trials: { setting: Setting; job: JobFile }[] = [];
  for (const setting of search ? gridOf(contender) : []) {
    // A setting that may win must be one that the full run can have.
    await jobOf(setting, []);
    trials.push({ setting, job: await jobOf(setting, trialOverrides(search!)) });
  }
  const { name } = contender;
  return { name, folder: folderNameOf(name), trials, fullRun: (setting) => jobOf(setting, []) };
}

const trialOverrides = ({ epochs, trainExamples, set }: NonNullable<CompareSpec['search']>): Override[] => [
  { path: ['training', 'epochs'], value: epochs },
  { path: ['training', 'stopAfterEpochs'], value: null },
  ...(trainExamples === null ? [] : [{ path: ['data', 'train', 'examples'], value: trainExamples }]),
  // What a trial comes to is its training loss at the end, on all examples that it has.
  { path: ['data', 'test'], value: null },
  { path: ['evaluation'], value: { everyEpochs: epochs } },
  ...overridesOf(set),
];

/** Checkpoints serve to go on after a stop, and to use the network; one of them is enough. */
const FEW_CHECKPOINTS: Override = { path: ['checkpoints', 'keep'], value: 1 };

const overridesOf = (set: Setting): Override[] =>
  Object.entries(set).map(([path, value]) => ({ path: parsePath(path), value }));

interface JobParts {
  /** The base, what is set for all, and what the command sets. */
  readonly shared: readonly [unknown, readonly Override[], readonly Override[]];
  readonly setting: Setting;
  readonly extra: readonly Override[];
  readonly directory: string;
  readonly file: string;
}

async function contenderJob(
  { name, set }: ContenderSpec,
  { shared, setting, extra, directory, file }: JobParts,
): Promise<JobFile> {
  const [base, common, command] = shared;
  const overrides = [
    ...common,
    ...command,
    ...overridesOf(set),
    ...overridesOf(setting),
    ...extra,
    FEW_CHECKPOINTS,
    { path: ['name'], value: folderNameOf(name) },
  ];
  const data = overrides.reduce(applyOverride, base);
  const { spec, parts } = await checkSpec(data, { source: `The contender ${name} of ${file}`, directory });
  return { spec: withAbsolutePaths(spec, directory), parts, directory };
}

/** What all contenders have to have in common, so that only what is compared makes the difference. */
function commonOf({ seed, data, network, engine, evaluation, initialWeights }: JobSpec): unknown {
  const layers = network.layers.map(({ units, transfer }) => ({ units, transfer }));
  return { seed, data, network: { ...network, layers }, engine, evaluation, initialWeights };
}

function requireCommon(
  first: JobSpec,
  other: JobSpec,
  where: { readonly file: string; readonly contender: string; readonly reference: string },
): void {
  const [difference] = differences(commonOf(first), commonOf(other));
  if (difference) {
    throw new LocopropError('COMPARE_UNLIKE', { ...where, difference: showDifference(difference) });
  }
}
