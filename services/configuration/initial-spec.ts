import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packageRoot = new URL('../../../', import.meta.url);

/** A commented spec to start from, which tells editors where the schema of this installation lies. */
export function initialSpecText(): string {
  const template = readFileSync(new URL('examples/template.yaml', packageRoot), 'utf8');
  const schema = fileURLToPath(new URL('schema/job.schema.json', packageRoot));
  return template.replace('$schema=../schema/job.schema.json', () => `$schema=${schema}`);
}
