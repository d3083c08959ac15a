import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

interface LockedPackage {
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}
const lock = readJson('package-lock.json') as { packages: Record<string, LockedPackage> };
const { allowScripts } = readJson('package.json') as { allowScripts: Record<string, boolean> };
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
