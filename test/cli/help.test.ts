import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { locoprop } from './support.js';

const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const commands = [
  ...['init', 'train', 'evaluate', 'predict', 'export', 'worker', 'certs', 'token', 'config'],
  ...['submit', 'jobs', 'status', 'logs', 'pause', 'resume', 'cancel', 'delete', 'download', 'workers'],
  ...['doctor', 'verify'],
];
/** They go on until they are stopped, and have no result. */
const servers = ['up', 'coordinator'];

/** What a process loaded, from V8's own record of it. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await locoprop(args, { env: { NODE_V8_COVERAGE: folder } });
  const urls: string[] = [];
  for (const file of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
      result: { url: string }[];
    };
    urls.push(...result.map(({ url }) => url).filter((url) => url.startsWith('file:')));
  }
  return urls;
}

describe('help', () => {
  it('of the program stands in docs/cli.md, and lists every command', async () => {
    const { code, stdout } = await locoprop(['--help']);
    expect(code).toBe(0);
    expect(page).toContain(`\`\`\`text\n${stdout.trimEnd()}\n\`\`\``);
    for (const command of [...commands, ...servers])
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  it.each(commands)('of %s stands in docs/cli.md, with an example', async (command) => {
    const { code, stdout } = await locoprop([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^Usage: locoprop ${command} [^]*--json[^]*Example:\\n {2}\\$ locoprop ${command}`),
    );
    expect(page).toContain(`\`\`\`text\n${stdout.trimEnd()}\n\`\`\``);
  });

  it.each(servers)('of %s stands in docs/cli.md, with an example', async (command) => {
    const { code, stdout } = await locoprop([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^Usage: locoprop ${command} [^]*Example:\\n {2}\\$ locoprop ${command}`),
    );
    expect(page).toContain(`\`\`\`text\n${stdout.trimEnd()}\n\`\`\``);
  });

  it('and the version load nothing heavy', async () => {
    for (const option of ['--help', '--version']) {
      const loaded = await loadedBy(option);
      expect(loaded.some((url) => url.includes('/dist/cli/'))).toBe(true);
      const heavy = /node_modules\/(?!commander\/)|dist\/(engine|services|coordinator|worker)\//;
      expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
    }
  });
});
