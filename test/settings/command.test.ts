import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { settingsPage } from '#core/settings/settings-page.js';
import { documentOf, locoprop, temporaryFolder } from '../cli/support.js';

describe('locoprop config', () => {
  it('prints each setting with its value and where it comes from, secrets hidden', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'locoprop.yaml'), 'keepDays: 30\n');
    const env = { REDIS_URL: 'redis://:hunter2@queue:6379', LOCOPROP_JOIN_TOKEN: 'hunter3' };
    const { code, stdout } = await locoprop(['config', 'up', '--workers', '3', '--insecure'], { cwd, env });
    expect(code).toBe(0);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['setting', 'value', 'from']);
    for (const row of [
      ['store', join(cwd, 'locoprop-data'), 'default'],
      ['redis', 'redis://[hidden]@queue:6379', 'REDIS_URL'],
      ['workers', '3', '--workers'],
      ['joinToken', '[hidden]', 'LOCOPROP_JOIN_TOKEN'],
      ['insecure', 'all', '--insecure'],
      ['keepDays', '30', 'locoprop.yaml'],
      ['tls', 'none', 'default'],
    ])
      expect(rows).toContainEqual(row);
    expect(stdout).not.toContain('hunter');
  });

  it('prints them as one document', async () => {
    const cwd = await temporaryFolder();
    const document = await documentOf(['config', 'worker', '--log-level', 'debug'], { cwd });
    expect(document).toEqual({
      command: 'worker',
      file: null,
      settings: {
        logLevel: { value: 'debug', source: '--log-level' },
        pretty: { value: false, source: 'default' },
      },
    });
  });

  it('tells what is wrong, a line each, and ends with exit code 2', async () => {
    const cwd = await temporaryFolder();
    const { code, stderr, stdout } = await locoprop(['config', '--jobs', 'x', '--http', 'y'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'error SETTING_INVALID: --http sets http to "y": it has no port',
      '--jobs sets jobs to "x": allowed: a whole number from 1 to 64',
    ]);
    const asJson = await locoprop(['config', '--jobs', 'x', '--json'], { cwd });
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'SETTING_INVALID', retryable: false } });
    expect(await locoprop(['config', 'train'], { cwd })).toMatchObject({ code: 2 });
  });
});

it('docs/configuration.md is the table as it stands: else, npm run docs', async () => {
  const file = new URL('../../docs/configuration.md', import.meta.url);
  const options = { ...(await resolveConfig('docs/configuration.md')), parser: 'markdown' };
  expect(await readFile(file, 'utf8')).toBe(await format(settingsPage(), options));
});
