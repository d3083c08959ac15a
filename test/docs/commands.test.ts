import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingBytes, idxBytes } from '../datasets/support.js';
import { commandsOf, pages, readPage, root } from './markdown.js';

/*
 * Runs the commands of the pages, in their order, each page in a folder of its own that looks like the
 * project's: a shell splits them, so what is quoted wrongly fails here too. What would take long is run in a
 * quick form, which is the command with further options behind it.
 */

/** How long a command may take where other programs want the processors too. */
const COMMAND_MS = 240_000;

const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };

/** Options behind a `train` that make it train for an epoch of two small steps. */
const QUICK = [
  'data.train.examples=40',
  'data.test.examples=20',
  'training.batchSize=20',
  'training.stopAfterEpochs=1',
  'engine.threads=1',
]
  .map((override) => `--set ${override}`)
  .join(' ');

const PORT = 20_000 + (process.pid % 10_000);

/** The command with the addresses of this machine alone. */
const onLoopback = (command: string): string =>
  command.replace(/(--listen|--coordinator) \S+:7000/, `$1 127.0.0.1:${PORT}`);

const CREDENTIALS = '--tls credentials --token-file credentials/join-token';
const WORKER = `locoprop worker --coordinator 127.0.0.1:${PORT} ${CREDENTIALS} --once`;
const TRAIN = `locoprop train examples/mnist-autoencoder.yaml --listen 127.0.0.1:${PORT} ${CREDENTIALS} ${QUICK}`;

type Check = (command: string) => string | null;

/** What to run for a command; null for one that is proven elsewhere, where `check` has looked. */
const forms: readonly { readonly pattern: RegExp; readonly form: Check }[] = [
  // The tests run in what npm ci has installed, and are what npm test runs; .ci/run runs both as they stand.
  { pattern: /^npm (ci|test)$/, form: () => null },
  { pattern: /^\.ci\/run( \w+)*$/, form: () => requireFile('.ci/run') },
  { pattern: /^npm run \w+( -- \S+)?$/, form: (command) => requireScript(command.split(' ')[2]!) },
  // test/package/tarball.test.ts installs it.
  {
    pattern: /^npm install --save-dev locoprop-0\.1\.0\.tgz$/,
    form: () => requireFile('test/package/tarball.test.ts'),
  },
  // A run and a worker of it, which needs no other machine for that.
  {
    pattern: /^locoprop train .* --listen /,
    form: (command) => `${WORKER} & ${onLoopback(command)} ${QUICK}; wait`,
  },
  {
    pattern: /^locoprop worker /,
    form: (command) => `${TRAIN} > trained & ${onLoopback(command)} --once; wait; cat trained`,
  },
  { pattern: /^(npx )?locoprop train --resume /, form: (command) => command },
  { pattern: /^(npx )?locoprop train /, form: (command) => `${command} ${QUICK}` },
  {
    pattern: /^(npx )?locoprop (init|evaluate|predict|export|certs|doctor)( |$)/,
    form: (command) => command,
  },
  // test/engine runs them on every engine.
  { pattern: /^(npx )?locoprop verify \S+$/, form: (command) => `${command} --engine reference` },
  { pattern: /^node examples\/\S+\.mjs$/, form: (command) => command },
];

function requireFile(file: string): null {
  if (!existsSync(join(root, file))) throw new Error(`there is no ${file}`);
  return null;
}

function requireScript(name: string): null {
  if (scripts[name] === undefined) throw new Error(`package.json has no script ${name}`);
  return null;
}

/** A script of the shell in which `locoprop`, with or without npx, is the one that was built. */
const inShell = (form: string): string =>
  `locoprop() { '${process.execPath}' '${root}dist/cli/main.js' "$@"; }\n${form.replace(/^npx /, '')}`;

/** What a newcomer has: the project's folder, with a few examples in place of the data sets. */
function prepare(folder: string, commands: readonly string[]): void {
  for (const name of ['examples', 'test/vectors'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/locoprop'));
  // A page that begins later than `init` takes its spec for granted.
  if (!commands.some((command) => command.includes('locoprop init')))
    cpSync(join(root, 'examples/template.yaml'), join(folder, 'job.yaml'));
  const mnist = join(folder, 'data/mnist');
  mkdirSync(mnist, { recursive: true });
  for (const [split, examples] of [
    ['train', 60],
    ['t10k', 40],
  ] as const) {
    const labels = countingBytes(examples).map((value) => value % 10);
    const pixels = countingBytes(examples * 784);
    writeFileSync(join(mnist, `${split}-images-idx3-ubyte`), idxBytes([examples, 28, 28], pixels));
    writeFileSync(join(mnist, `${split}-labels-idx1-ubyte`), idxBytes([examples], labels));
  }
}

const pagesWithCommands = pages
  .map((page) => ({ page, commands: commandsOf(readPage(page)) }))
  .filter(({ commands }) => commands.length > 0);

describe.each(pagesWithCommands)('the commands of $page', ({ commands }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'locoprop-docs-'));
    prepare(folder, commands);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(commands)(
    '%s',
    async (command) => {
      const known = forms.find(({ pattern }) => pattern.test(command));
      if (!known) throw new Error('this test does not know the command');
      const form = known.form(command);
      if (form === null) return;
      const env = { ...process.env, LOCOPROP_DATA_DIR: join(folder, 'data') };
      // Rejects with the output where the command fails.
      const { stdout } = await promisify(execFile)('bash', ['-euc', inShell(form)], { cwd: folder, env });
      expect(stdout).not.toBe('');
    },
    COMMAND_MS,
  );
});
