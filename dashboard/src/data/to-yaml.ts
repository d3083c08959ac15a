/** Text that YAML 1.2 takes for itself, and that no reader takes for a number, a word or a sign. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n|nan|inf)$/i;
/** Lists and maps of plain values stand in one line, up to this width. */
const FLOW_WIDTH = 90;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A spec as YAML that people like to read: to look at, and to change. */
export const toYaml = (value: unknown): string =>
  `${fields(value as { readonly [key: string]: Json }, '')}\n`;

function block(value: Json, indent: string): string {
  const flow = flowOf(value);
  if (flow !== null) return flow;
  if (!Array.isArray(value)) return fields(value as { readonly [key: string]: Json }, indent);
  const deeper = `${indent}  `;
  return (value as readonly Json[]).map((one) => `${indent}- ${block(one, deeper).trimStart()}`).join('\n');
}

function fields(value: { readonly [key: string]: Json }, indent: string): string {
  const deeper = `${indent}  `;
  return Object.entries(value)
    .map(([key, one]) => {
      const text = indent === '' && isNested(one) ? null : flowOf(one);
      const inner = text ?? (isMap(one) ? fields(one, deeper) : block(one, deeper));
      return `${indent}${scalar(key)}:${text === null && inner.startsWith(deeper) ? '\n' : ' '}${inner}`;
    })
    .join('\n');
}

const isMap = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields of a spec itself are blocks, so that they are found at a glance. */
const isNested = (value: Json): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).some((one) => typeof one === 'object' && one !== null);

function flowOf(value: Json): string | null {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const parts = Array.isArray(value)
    ? (value as readonly Json[]).map(flowOf)
    : Object.entries(value).map(([key, one]) => {
        const text = flowOf(one);
        return text === null ? null : `${scalar(key)}: ${text}`;
      });
  if (parts.includes(null)) return null;
  const inner = parts.join(', ');
  if (inner.length > FLOW_WIDTH) return null;
  if (Array.isArray(value)) return `[${inner}]`;
  return inner === '' ? '{}' : `{ ${inner} }`;
}

const scalar = (value: null | boolean | number | string): string =>
  typeof value === 'string' && PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
