import { defaultLocalParts } from './local-schema.js';
import { isMap, valueAt, type Path, type PlainMap } from './plain-value.js';

/** `tanh` stands for `{ name: tanh }`. */
const named = (part: unknown): unknown => (typeof part === 'string' ? { name: part } : part);

type Replacements = Readonly<Record<string, (value: unknown) => unknown>>;

/** The map with the values of some keys replaced, of those keys that it has. */
function replaced(map: unknown, replacements: Replacements): unknown {
  if (!isMap(map)) return map;
  const given = Object.entries(replacements).filter(([key]) => Object.hasOwn(map, key));
  return { ...map, ...Object.fromEntries(given.map(([key, replace]) => [key, replace(map[key])])) };
}

/** A part without a name is the one of `base` with other hyperparameters. */
function completed(part: unknown, base: unknown): unknown {
  return isMap(part) && isMap(base) && !Object.hasOwn(part, 'name') ? { ...base, ...part } : part;
}

/** `local` with its parts in the long form, those without a name completed by those of `base`. */
const expandLocal = (local: unknown, base: PlainMap): unknown =>
  replaced(
    local,
    Object.fromEntries(
      Object.keys(defaultLocalParts).map((kind) => [kind, (part) => completed(named(part), base[kind])]),
    ),
  );

/** Writes a spec out in full, as far as it is one; what is wrong with it stays as it is. */
export function expandSpec(data: unknown): unknown {
  const local = expandLocal(isMap(data) ? data['local'] : undefined, defaultLocalParts);
  const base: PlainMap = { ...defaultLocalParts, ...(isMap(local) ? local : {}) };
  const expandLayer = (layer: unknown): unknown =>
    replaced(layer, { transfer: named, local: (own) => expandLocal(own, base) });
  const expandLayers = (layers: unknown): unknown =>
    Array.isArray(layers) ? layers.map(expandLayer) : layers;
  return replaced(data, {
    network: (network) => replaced(network, { loss: named, layers: expandLayers }),
    training: (training) => replaced(training, { schedule: named }),
    local: () => local,
  });
}

/**
 * Whether what stands at a path of the expanded spec is a hyperparameter that a layer's part has from
 * `local`.
 */
export function isInherited(data: unknown, path: Path): boolean {
  const [network, layers, , local, , key] = path;
  if (network !== 'network' || layers !== 'layers' || local !== 'local' || key === undefined) return false;
  const part = valueAt(data, path.slice(0, 5));
  return isMap(part) && !Object.hasOwn(part, 'name') && !Object.hasOwn(part, key);
}
