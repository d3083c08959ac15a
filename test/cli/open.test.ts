import { chmod, readFile, stat, writeFile, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { start } from '../support/processes.js';
import { temporaryFolder } from './support.js';

/** In place of what opens files with the user's programs: it keeps what it was asked for. */
const OPENER = `#!/bin/sh
printf '%s\\n' "$1" > "$HOME/opened"
cp -p "$1" "$HOME/page"
`;

it('up --open opens the dashboard signed in, with the token in a page for its owner alone', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'bin'));
  for (const name of ['xdg-open', 'open']) {
    await writeFile(join(folder, 'bin', name), OPENER);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  const ports = ['--http', '127.0.0.1:0', '--grpc', 'none', '--listen', '127.0.0.1:0'];
  const up = start(['up', '--workers', '0', '--open', ...ports], {
    cwd: folder,
    env: {
      HOME: folder,
      XDG_CONFIG_HOME: undefined,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    },
  });
  const text = await up.waitFor('stdout', /Token: \S+/);
  const [, dashboard = ''] = /^Dashboard: (\S+)$/m.exec(text) ?? [];
  const [, token = ''] = /^Token: (\S+)$/m.exec(text) ?? [];
  expect(dashboard).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const taken = (): Promise<string> => readFile(join(folder, 'page'), 'utf8').catch(() => '');
  await expect.poll(taken, { timeout: 10_000 }).not.toBe('');
  expect(await readFile(join(folder, 'page'), 'utf8')).toContain(`0; url=${dashboard}#token=${token}`);
  const opened = (await readFile(join(folder, 'opened'), 'utf8')).trim();
  expect(opened).not.toContain(token);
  expect((await stat(join(folder, 'page'))).mode & 0o777).toBe(0o600);
  up.signal('SIGTERM');
  expect((await up.waitForEnd()).code).toBe(0);
  await expect(stat(opened)).rejects.toMatchObject({ code: 'ENOENT' });
});
