import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addToken, firstAdminToken, newToken, readTokens } from '#services/security/token-file.js';
import { allows, openTokens, type WatchOptions } from '#services/security/tokens.js';
import { refusalOf, temporaryFolder, writeSecret } from './support.js';
import { until } from '../support/until.js';

const fileOf = async (): Promise<string> => join(await temporaryFolder(), 'tokens');

async function watched(file: string, options: WatchOptions = {}) {
  const tokens = await openTokens(file, { intervalMs: 20, ...options });
  onTestFinished(() => tokens.close());
  return tokens;
}

describe('a tokens file', () => {
  it('is made for its owner alone, and grows by a token', async () => {
    const file = join(await temporaryFolder(), 'made', 'tokens');
    const admin = await addToken(file, 'admin', 'first');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, 'read lp_an-editor-left-this-line-open', { flag: 'a' });
    const write = await addToken(file, 'write', '');
    expect(await readTokens(file)).toEqual([
      { role: 'admin', token: admin, name: 'first' },
      { role: 'read', token: 'lp_an-editor-left-this-line-open', name: 'read of line 2' },
      { role: 'write', token: write, name: 'write of line 3' },
    ]);
    expect(await firstAdminToken(file)).toBe(admin);
    for (const token of [admin, write]) expect(token).toMatch(/^lp_[A-Za-z0-9_-]{43}$/);
    expect(admin).not.toBe(write);
  });

  it('may have comments and empty lines, and no token that allows everything', async () => {
    const file = await fileOf();
    await writeSecret(
      file,
      '# who may look\n\n  read\tlp_0123456789abcdef  the board in the hall \r\n#admin x\n',
    );
    expect(await readTokens(file)).toEqual([
      { role: 'read', token: 'lp_0123456789abcdef', name: 'the board in the hall' },
    ]);
    expect(await firstAdminToken(file)).toBeNull();
  });

  it.each([
    ['', 'it holds no token'],
    ['# nothing\n', 'it holds no token'],
    ['root lp_0123456789abcdef', 'line 1 does not begin with one of read, write, admin'],
    ['\nread', 'line 2 has no token'],
    ['read short', 'line 1 has a token of less than 16 characters'],
    ['read lp_0123456789abcdé-secret', 'line 1 has a token with other than visible ASCII characters'],
    ['read lp_0123456789abcdef a\u0007b', 'line 1 has a name with control characters'],
    ['read lp_0123456789abcdef\nadmin lp_0123456789abcdef', 'it holds the same token twice'],
  ])('with %j is refused, and what is told has no token', async (text, reason) => {
    const file = await fileOf();
    await writeSecret(file, text);
    expect(await refusalOf(() => readTokens(file))).toEqual({
      code: 'CLUSTER_CREDENTIALS_INVALID',
      file,
      reason,
    });
  });

  it('that others may read is refused', async () => {
    const file = await fileOf();
    await writeFile(file, `admin ${newToken()}\n`, { mode: 0o644 });
    expect(await refusalOf(() => openTokens(file))).toMatchObject({
      reason: expect.stringContaining('644') as string,
    });
  });
});

describe('tokens', () => {
  it('are known by all of their characters, with role, name and an id that does not give them away', async () => {
    const file = await fileOf();
    const read = await addToken(file, 'read', 'board');
    const admin = await addToken(file, 'admin', 'me');
    const tokens = await watched(file);
    expect(tokens.find(read)).toMatchObject({ role: 'read', name: 'board' });
    expect(tokens.find(admin)).toMatchObject({ role: 'admin', name: 'me' });
    expect(tokens.find(read)!.id).not.toBe(tokens.find(admin)!.id);
    expect(JSON.stringify(tokens.find(read))).not.toContain(read.slice(3, 11));
    for (const wrong of ['', read.slice(0, -1), `${read} `, read.toUpperCase(), newToken()]) {
      expect(tokens.find(wrong)).toBeNull();
    }
  });

  it('allow what lesser ones do', () => {
    const roles = ['read', 'write', 'admin'] as const;
    expect(roles.map((role) => roles.map((needed) => allows(role, needed)))).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it('follow the file, also where another one takes its place', async () => {
    const file = await fileOf();
    const first = await addToken(file, 'admin', 'first');
    const counts: number[] = [];
    const tokens = await watched(file, { onReload: (count) => counts.push(count) });
    const second = await addToken(file, 'read', 'second');
    await until(() => tokens.find(second) !== null);
    expect(tokens.find(first)).not.toBeNull();

    // Of the same size and age, as tools that copy times leave it.
    const { mtime } = await stat(file);
    const third = newToken();
    await writeSecret(`${file}.new`, (await readFile(file, 'utf8')).replace(first, third));
    await utimes(`${file}.new`, mtime, mtime);
    await rename(`${file}.new`, file);
    await until(() => tokens.find(third) !== null);
    expect(tokens.find(first)).toBeNull();
    expect(counts).toEqual([2, 2]);
  });

  it('of before stay in force while the file is broken or gone, which is told once', async () => {
    const file = await fileOf();
    const first = await addToken(file, 'admin', 'first');
    const failures: unknown[] = [];
    const tokens = await watched(file, { onFailure: (error) => failures.push(error) });
    // At once: an empty file would be told of, too.
    await writeSecret(`${file}.new`, 'nonsense\n');
    await rename(`${file}.new`, file);
    await until(() => failures.length === 1);
    await rm(file);
    await until(() => failures.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(failures).toHaveLength(2);
    expect(failures).toMatchObject([
      { code: 'CLUSTER_CREDENTIALS_INVALID' },
      { code: 'CLUSTER_CREDENTIALS_INVALID' },
    ]);
    expect(tokens.find(first)).not.toBeNull();
    const second = await addToken(file, 'admin', 'second');
    await until(() => tokens.find(second) !== null);
    expect(tokens.find(first)).toBeNull();
  });
});
