import type { JobSpec } from '../../../core/spec/job-spec.js';
import { scrubText } from '../../telemetry/scrub.js';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Of MLflow 1.28 to 2.7; later versions take 6000. */
const MAX_VALUE = 500;
const MAX_KEY = 250;

/** A resolved spec as MLflow's parameters, named by their paths as `--set` has them. What is not set is left out. */
export const paramsOf = (spec: JobSpec): KeyValue[] => [...leaves('', spec)];

function* leaves(path: string, value: unknown): Generator<KeyValue> {
  if (value === null || value === undefined) return;
  if (typeof value === 'object') {
    for (const [name, field] of Object.entries(value))
      yield* leaves((path && `${path}.${name}`) || name, field);
    return;
  }
  yield keyValue(path, typeof value === 'string' ? value : JSON.stringify(value));
}

/** A parameter or tag that every version of MLflow takes. */
export const keyValue = (key: string, value: string): KeyValue => ({
  key: key.replaceAll(/[^\w./ -]/g, '_').slice(0, MAX_KEY),
  value: shortened(scrubText(value)) || '""',
});

const shortened = (text: string): string =>
  text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
