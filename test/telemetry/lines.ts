import { readPage } from '../docs/markdown.js';

/** A line of a log as it was parsed. */
export type Line = Readonly<Record<string, unknown>> & { readonly service: string; readonly msg: string };

/** The lines of a log; throws where one is no JSON object. */
export const parseLines = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

/** What docs/logs.md says of an event. */
interface Listed {
  readonly level: string;
  readonly always: readonly string[];
  readonly sometimes: readonly string[];
}

/** The fields named in a cell or a sentence, split by whether they are marked as optional. */
function fieldsIn(text: string): Pick<Listed, 'always' | 'sometimes'> {
  const named = Array.from(text.matchAll(/`(\w+)`(\??)/g), ([, name = '', mark]) => ({ name, mark }));
  const of = (mark: string): string[] => named.filter((one) => one.mark === mark).map(({ name }) => name);
  return { always: of(''), sometimes: of('?') };
}

/** The page, section by section: each event by its type. */
function readSection(section: string): Map<string, Listed> {
  const besides = fieldsIn(/Besides their own fields the lines have ([^\n]*)/.exec(section)?.[1] ?? '');
  const rows = section.matchAll(/^\| `([\w.]+)` +\| (\w+) +\| .* \|([^|]*)\|$/gm);
  return new Map(
    Array.from(rows, ([, type = '', level = '', cell = '']) => {
      const own = fieldsIn(cell);
      const sometimes = [...own.sometimes, ...besides.sometimes.filter((name) => !own.always.includes(name))];
      return [type, { level, always: [...own.always, ...besides.always], sometimes }];
    }),
  );
}

const COMMON = ['level', 'service', 'version', 'time', 'msg'];

/** What docs/logs.md lists, by the title of its section. */
export const listed: ReadonlyMap<string, ReadonlyMap<string, Listed>> = new Map(
  readPage('docs/logs.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), readSection(section)]),
);

/** What is wrong with a line, going by docs/logs.md; null where nothing is. */
export function complaintAbout(line: Line): string | null {
  const titles =
    line.service === 'worker' ? ['Workers', 'The coordinator'] : ['Jobs', 'Runs', 'The coordinator'];
  const entry = titles.map((title) => listed.get(title)?.get(line.msg)).find((found) => found);
  if (!entry) return `${line.msg} is not listed`;
  const names = Object.keys(line);
  const missing = [...COMMON, ...entry.always].filter((name) => !names.includes(name));
  const more = names.filter((name) => ![...COMMON, ...entry.always, ...entry.sometimes].includes(name));
  if (missing.length > 0) return `${line.msg} lacks ${missing.join(', ')}`;
  if (more.length > 0) return `${line.msg} has ${more.join(', ')}, which is not listed`;
  if (line['level'] !== entry.level) return `${line.msg} is listed with the level ${entry.level}`;
  if (new Date(String(line['time'])).toISOString() !== line['time']) return `${line.msg} has no ISO time`;
  return null;
}
