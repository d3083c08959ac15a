/** What YAML and JSON call a map. */
export type PlainMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys and list positions from the top of a spec. */
export type Path = readonly PropertyKey[];

/** What stands at a path; undefined where nothing does. */
export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    data,
  );

const MAX_SHOWN = 60;

/** A value as a message shows it. */
export function showValue(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  const text = typeof value === 'number' ? String(value) : (json ?? String(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** `network.layers.2.units`, as `--set` takes it; keys that are no words are quoted. */
export const showPath = (path: Path): string =>
  path.map((key) => (/^[\w-]{1,60}$/.test(String(key)) ? String(key) : showValue(String(key)))).join('.');
