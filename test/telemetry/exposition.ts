/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** The value of the one sample with this name and these labels; undefined without one. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** The values of a label in the samples of a name. */
  labelled(name: string, label: string): string[];
}

const SAMPLE = /^([a-z_]\w*)(?:\{(.*)\})? (NaN|[+-]?Inf|[-+\d.e]+)$/i;
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gi;

function sampleOf(line: string): Sample {
  const [, name = '', inner = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  const labels = Object.fromEntries(
    Array.from(inner.matchAll(LABEL), ([, label = '', text = '']) => [
      label,
      text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  );
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** Reads the text format of Prometheus, version 0.0.4; throws where it is broken. */
export function readExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.split('\n').filter((line) => line !== '');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of lines) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) types.set(name, type);
    if (!line.startsWith('#')) samples.push(sampleOf(line));
  }
  for (const { name } of samples) {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(name) && types.get(family) !== 'histogram') throw new Error(`${name} has no type`);
  }
  const key = ({ name, labels }: Pick<Sample, 'name' | 'labels'>): string =>
    JSON.stringify([name, Object.entries(labels).toSorted()]);
  const byKey = new Map(samples.map((sample) => [key(sample), sample.value]));
  if (byKey.size !== samples.length) throw new Error('a series stands twice');
  return {
    types,
    samples,
    value: (name, labels = {}) => byKey.get(key({ name, labels })),
    labelled: (name, label) =>
      samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label] ?? ''),
  };
}
