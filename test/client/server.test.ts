import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  clientFilePath,
  readClientFile,
  removeClientFile,
  writeClientFile,
} from '#services/client/client-file.js';
import { findServer } from '#services/client/server.js';
import { failureOf } from './support.js';

let folder: string;
let environment: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locoprop-client-'));
  environment = { HOME: folder };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const secretFile = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};

const found = async (
  options: Parameters<typeof findServer>[0] = {},
): Promise<readonly [string, string | null]> => {
  const { url, token } = await findServer(options, environment);
  return [url.href, token];
};

describe('the coordinator of a command', () => {
  const own = { url: 'http://127.0.0.1:9000', token: 'own', ca: null };

  it('is that of --server, then of LOCOPROP_URL, then of the client file, then the usual one', async () => {
    expect(await found()).toEqual(['http://127.0.0.1:8080/', null]);
    await writeClientFile(environment, own);
    expect(await found()).toEqual(['http://127.0.0.1:9000/', 'own']);
    environment['LOCOPROP_URL'] = 'https://team.example/locoprop';
    expect(await found()).toEqual(['https://team.example/locoprop', null]);
    expect(await found({ server: 'http://other.example:1' })).toEqual(['http://other.example:1/', null]);
  });

  it('gets the token of --token-file, then of LOCOPROP_TOKEN, then of the client file where that is about it', async () => {
    await writeClientFile(environment, own);
    expect(await found({ server: 'http://127.0.0.1:9000/' })).toEqual(['http://127.0.0.1:9000/', 'own']);
    expect(await found({ server: 'http://127.0.0.1:9001/' })).toEqual(['http://127.0.0.1:9001/', null]);
    environment['LOCOPROP_TOKEN'] = 'environment';
    expect(await found()).toEqual(['http://127.0.0.1:9000/', 'environment']);
    const tokenFile = await secretFile('token', 'from-file\n');
    expect(await found({ tokenFile })).toEqual(['http://127.0.0.1:9000/', 'from-file']);
  });

  it('is trusted by the certificate of --ca, else by that of the client file where that is about it', async () => {
    const ca = await secretFile('ca.pem', 'theirs');
    await writeClientFile(environment, { ...own, ca });
    const given = await secretFile('given.pem', 'given');
    const caOf = async (options: Parameters<typeof findServer>[0]): Promise<string | undefined> =>
      (await findServer(options, environment)).ca?.toString();
    expect(await caOf({})).toBe('theirs');
    expect(await caOf({ ca: given })).toBe('given');
    expect(await caOf({ server: 'https://team.example' })).toBeUndefined();
  });

  it.each([
    'team.example:8080',
    'ftp://team.example',
    'http://user:pass@team.example',
    'http://a.example/?token=1',
  ])('is not %s', async (server) => {
    const failure = await failureOf(findServer({ server }, environment));
    expect(failure).toMatchObject({ code: 'CLI_USAGE', exitCode: 2 });
    expect(failure['message']).not.toContain('pass');
  });

  it('gets no token that is none', async () => {
    const tokenFile = await secretFile('token', 'two words');
    const failure = await failureOf(findServer({ tokenFile }, environment));
    expect(failure).toMatchObject({ code: 'CLUSTER_CREDENTIALS_INVALID', exitCode: 2 });
    await chmod(tokenFile, 0o644);
    expect((await failureOf(findServer({ tokenFile }, environment)))['message']).toContain('644');
  });
});

describe('the client file', () => {
  const content = { url: 'http://127.0.0.1:9000', token: 'own', ca: '/etc/ca.pem' };

  it('lies where XDG says, for its owner alone', async () => {
    expect(clientFilePath({ HOME: '/home/me' })).toBe('/home/me/.config/locoprop/client.json');
    expect(clientFilePath({ HOME: '/home/me', XDG_CONFIG_HOME: '/etc/me' })).toBe(
      '/etc/me/locoprop/client.json',
    );
    expect(clientFilePath({ HOME: '/home/me', XDG_CONFIG_HOME: 'here' })).toBe(
      '/home/me/.config/locoprop/client.json',
    );
    expect(await readClientFile(environment)).toBeNull();
    const file = await writeClientFile(environment, content);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readClientFile(environment)).toEqual(content);
    await writeClientFile(environment, { ...content, token: null });
    expect(await readClientFile(environment)).toEqual({ ...content, token: null });
  });

  it('is taken away only where it is about the same server', async () => {
    await writeClientFile(environment, content);
    await removeClientFile(environment, 'http://127.0.0.1:9001');
    expect(await readClientFile(environment)).toEqual(content);
    await removeClientFile(environment, content.url);
    expect(await readClientFile(environment)).toBeNull();
  });

  it.each([
    ['no JSON', '{"token": "s3cret', 0o600, 'it is no JSON'],
    ['another field', '{"url": "http://a.example", "tokn": "s3cret"}', 0o600, 'tokn'],
    ['no address', '{"url": "a.example", "token": "s3cret"}', 0o600, 'url'],
    ['open to others', '{"url": "http://a.example", "token": "s3cret"}', 0o640, '640'],
  ])('is refused, without its token, with %s', async (_, text, mode, reason) => {
    const file = await writeClientFile(environment, content);
    await writeFile(file, text);
    await chmod(file, mode);
    const failure = await failureOf(readClientFile(environment));
    expect(failure).toMatchObject({ code: 'CLIENT_FILE_INVALID', exitCode: 2 });
    expect(failure['message']).toContain(reason);
    expect(failure['message']).not.toContain('s3cret');
  });
});
