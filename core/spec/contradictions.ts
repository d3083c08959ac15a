import type { JobSpec, LocalSpec } from './job-spec.js';
import type { PartCatalogue } from './part-catalogue.js';
import type { Path } from './plain-value.js';
import type { Problem } from './problems.js';

/** As many 32-bit floats take 4 GiB. */
const MAX_WEIGHTS = 2 ** 30;

/** What is wrong with fields that are each right by themselves. */
export function contradictions(spec: JobSpec, catalogue: PartCatalogue): Problem[] {
  return [
    ...repeatedPlugins(spec),
    ...unfitLastLayer(spec, catalogue),
    ...hugeLayers(spec),
    ...unreachableEnd(spec),
    ...pointlessCorrection(spec),
    ...noDistribution(spec, catalogue),
    ...(spec.training.algorithm === 'locoprop' ? unfitLocalProblems(spec, catalogue) : []),
  ];
}

const repeatedPlugins = ({ plugins }: JobSpec): Problem[] =>
  plugins.flatMap((file, index): Problem[] =>
    plugins.indexOf(file) === index
      ? []
      : [{ path: ['plugins', index], kind: 'not allowed', value: file, allowed: 'each file once' }],
  );

function unfitLastLayer({ network }: JobSpec, catalogue: PartCatalogue): Problem[] {
  const { layers, loss } = network;
  const transfer = layers.at(-1)?.transfer.name;
  const needed = catalogue.transferOfLoss(loss.name);
  if (needed === undefined || transfer === needed) return [];
  const path = ['network', 'layers', layers.length - 1, 'transfer'];
  return [
    { path, kind: 'not allowed', value: transfer, allowed: `${needed}, which the loss ${loss.name} needs` },
  ];
}

const hugeLayers = ({ network: { layers } }: JobSpec): Problem[] =>
  layers.flatMap(({ units }, index): Problem[] => {
    const inputs = layers[index - 1]?.units ?? 1;
    if (inputs * units <= MAX_WEIGHTS) return [];
    const most = Math.floor(MAX_WEIGHTS / inputs);
    const allowed = `at most ${most}, for the layer has ${inputs} inputs and may have ${MAX_WEIGHTS} weights`;
    return [{ path: ['network', 'layers', index, 'units'], kind: 'not allowed', value: units, allowed }];
  });

function unreachableEnd({ training: { epochs, stopAfterEpochs } }: JobSpec): Problem[] {
  if (stopAfterEpochs === null || stopAfterEpochs <= epochs) return [];
  const allowed = `at most training.epochs, which is ${epochs}`;
  return [{ path: ['training', 'stopAfterEpochs'], kind: 'not allowed', value: stopAfterEpochs, allowed }];
}

function noDistribution({ training, kfac, network: { loss } }: JobSpec, catalogue: PartCatalogue): Problem[] {
  if (training.algorithm !== 'kfac' || kfac.fisher !== 'sampled') return [];
  if (catalogue.hasDistribution(loss.name)) return [];
  const allowed = `empirical, for the loss ${loss.name} has no distribution to draw labels from`;
  return [{ path: ['kfac', 'fisher'], kind: 'not allowed', value: kfac.fisher, allowed }];
}

function pointlessCorrection({ training: { algorithm, correction } }: JobSpec): Problem[] {
  if (correction === 0 || algorithm === 'locoprop') return [];
  const allowed = `0, for the algorithm ${algorithm} has no local problems`;
  return [{ path: ['training', 'correction'], kind: 'not allowed', value: correction, allowed }];
}

/** Problems of `local` as each layer has it, each told where the spec gives the field. */
function unfitLocalProblems(spec: JobSpec, catalogue: PartCatalogue): Problem[] {
  const problems = spec.network.layers.flatMap(({ local = {} }, index) =>
    unfitLocal({ ...spec.local, ...local }, catalogue).map(({ field, ...problem }) => {
      const own = Object.hasOwn(local, field) || Object.hasOwn(local, problem.because);
      const path: Path = [...(own ? ['network', 'layers', index, 'local'] : ['local']), field];
      return { path, kind: 'not allowed' as const, value: problem.value, allowed: problem.allowed };
    }),
  );
  return problems.filter(
    ({ path }, index) => problems.findIndex((other) => String(other.path) === String(path)) === index,
  );
}

interface UnfitField {
  readonly field: 'solver' | 'form';
  /** The field that it does not fit. */
  readonly because: 'loss' | 'regularizer';
  readonly value: string;
  readonly allowed: string;
}

function unfitLocal({ loss, regularizer, solver, form }: LocalSpec, catalogue: PartCatalogue): UnfitField[] {
  const quadratic = catalogue.isQuadratic(loss.name);
  const unfit: UnfitField[] = [];
  const needs = (
    field: UnfitField['field'],
    because: UnfitField['because'],
    value: string,
    what: string,
  ): void => {
    unfit.push({ field, because, value, allowed: `another ${field}, or ${what}` });
  };
  if (solver === 'exact' && !quadratic)
    needs('solver', 'loss', solver, `the loss squared in place of ${loss.name}`);
  else if (solver !== 'iterative' && regularizer.name !== 'proximal') {
    needs('solver', 'regularizer', solver, `the regularizer proximal in place of ${regularizer.name}`);
  }
  if (form === 'gram' && !quadratic) needs('form', 'loss', form, `the loss squared in place of ${loss.name}`);
  return unfit;
}
