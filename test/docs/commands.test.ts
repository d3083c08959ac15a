import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingBytes, idxBytes } from '../datasets/support.js';
import { endAll } from '../support/running.js';
import { commandsOf, pages, readPage, root } from './markdown.js';
import { serviceForms, startService, type Form, type PageService } from './service-forms.js';

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

const forms: readonly Form[] = [
  // The tests run in what npm ci has installed, and are what npm test runs; .ci/run runs both as they stand.
  { pattern: /^npm (ci|test)$/, form: () => null },
  { pattern: /^\.ci\/run( \w+)*$/, form: () => requireFile('.ci/run') },
  { pattern: /^npm run \w+( -- \S+)?$/, form: (command) => requireScript(command.split(' ')[2]!) },
  // test/package/tarball.test.ts installs it.
  {
    pattern: /^npm install --save-dev locoprop-0\.1\.0\.tgz$/,
    form: () => requireFile('test/package/tarball.test.ts'),
  },
  // test/compose.sh brings the service up and uses it; its other commands are the same with other words behind.
  {
    pattern: /^(git pull|(\w+=\S+ |tar .* \| |export \w+=\$\()?docker (compose|build) .*)$/,
    form: () => requireFile('test/compose.sh'),
  },
  // test/kubernetes.sh renders and checks what it applies.
  { pattern: /^kubectl apply -k \S+$/, form: (command) => requireRendered(command.split(' ').at(-1)!) },
  // GPUs are not everywhere; there it runs an engine on one that is software.
  {
    pattern: /^(CUDA_VISIBLE_DEVICES=\d )?locoprop .* --engine onnx-(webgpu|cuda)( |$)/,
    form: () => requireFile('test/webgpu/commands.test.ts'),
  },
  {
    pattern: /^ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules\/onnxruntime-node\/script\/install\.js$/,
    form: () => requireFile('node_modules/onnxruntime-node/script/install.js'),
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
  // Most of an hour, on the whole of MNIST; test/spec/examples.test.ts checks every spec that it comes to.
  {
    pattern: /^(npx )?locoprop compare examples\/compare-mnist\.yaml/,
    form: () => requireFile('examples/compare-mnist.yaml'),
  },
  {
    pattern: /^(npx )?locoprop (compare|init|evaluate|predict|export|certs|doctor)( |$)/,
    form: (command) => command,
  },
  // test/engine runs them on every engine.
  { pattern: /^(npx )?locoprop verify \S+$/, form: (command) => `${command} --engine reference` },
  { pattern: /^node examples\/program\.mjs$/, form: (command) => command },
  ...serviceForms(QUICK),
];

const formOf = (command: string): Form => {
  const known = forms.find(({ pattern }) => pattern.test(command));
  if (!known) throw new Error(`this test does not know the command ${command}`);
  return known;
};

function requireFile(file: string): null {
  if (!existsSync(join(root, file))) throw new Error(`there is no ${file}`);
  return null;
}

function requireRendered(folder: string): null {
  requireFile('test/kubernetes.sh');
  return requireFile(`${folder}/kustomization.yaml`);
}

function requireScript(name: string): null {
  if (scripts[name] === undefined) throw new Error(`package.json has no script ${name}`);
  return null;
}

/** A script of the shell, with the page's coordinator and job in it. */
const inShell = (form: string, service: PageService | null): string =>
  form
    .replaceAll('npx locoprop', 'locoprop')
    .replaceAll(/\bJOB\b/g, service?.job ?? 'JOB')
    .replaceAll('http://localhost:8080', service?.url ?? 'http://localhost:8080');

/** What a newcomer has: the project's folder, with a few examples in place of the data sets. */
function prepare(folder: string, commands: readonly string[]): void {
  for (const name of ['examples', 'test/vectors'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/locoprop'));
  // A page that begins later than `init` takes its spec for granted.
  if (!commands.some((command) => command.includes('locoprop init')))
    cpSync(join(root, 'examples/template.yaml'), join(folder, 'job.yaml'));
  writeFileSync(join(folder, 'measurements.csv'), 'width,length,species\n1.5,2.5,0\n3.5,4.5,1\n');
  // `locoprop` is the one that was built.
  const program = join(folder, 'bin/locoprop');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${root}dist/cli/main.js' "$@"\n`);
  chmodSync(program, 0o755);
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
  let service: PageService | null = null;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'locoprop-docs-'));
    prepare(folder, commands);
    env = {
      ...process.env,
      LOCOPROP_DATA_DIR: join(folder, 'data'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
    };
    if (commands.some((command) => formOf(command).service)) service = await startService(folder, env);
  }, COMMAND_MS);
  afterAll(async () => {
    await service?.end();
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  }, COMMAND_MS);

  it.each(commands)(
    '%s',
    async (command) => {
      const form = formOf(command).form(command);
      if (form === null) return;
      // Rejects with the output where the command fails.
      const script = inShell(form, service);
      const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
        cwd: folder,
        env,
        // The log of the job that trains meanwhile is long by then.
        maxBuffer: 2 ** 28,
      });
      expect(stdout).not.toBe('');
    },
    COMMAND_MS,
  );
});
