import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const readJson = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as T;

interface LockedPackage {
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}
const lock = readJson<{ packages: Record<string, LockedPackage> }>('package-lock.json');
const { allowScripts } = readJson<{ allowScripts: Record<string, boolean> }>('package.json');
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('the locked dependencies', () => {
  it('run no script when they are installed', () => {
    const withScript = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = withScript.map(([path]) =>
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    );
    expect(names.filter((name) => allowScripts[name] !== false)).toEqual([]);
  });

  it("come from npm's registry", () => {
    const elsewhere = locked.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });
});
