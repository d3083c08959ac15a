import { join } from 'node:path';
import { start } from '../support/running.js';

/*
 * The commands of a page that speak to a coordinator, or are one. Each page has a coordinator of its own, as
 * `locoprop up` starts it, and a job there that is longer than the page: JOB.
 */

export interface Form {
  readonly pattern: RegExp;
  /** What to run for a command; null for one that is proven elsewhere, where it has looked. */
  readonly form: (command: string) => string | null;
  /** Whether it is for the page's coordinator. */
  readonly service?: true;
}

const ports = { http: 0, grpc: 0, workers: 0 };
for (const [index, name] of (['http', 'grpc', 'workers'] as const).entries())
  ports[name] = 30_000 + 3 * (process.pid % 900) + index;

/** A coordinator's addresses and its folder, as this machine has them. */
const here = (command: string): string =>
  command
    .replaceAll('0.0.0.0:8080', `127.0.0.1:${ports.http}`)
    .replaceAll('trainer.example:8080', `127.0.0.1:${ports.http}`)
    .replaceAll('0.0.0.0:8081', `127.0.0.1:${ports.grpc}`)
    .replaceAll('0.0.0.0:7000', `127.0.0.1:${ports.workers}`)
    .replaceAll('/var/lib/locoprop', 'store');

/** Runs a command in the background until `ready` is in what it writes, then something else, and ends it. */
const meanwhile = (server: string, ready: string, then: string): string =>
  [
    // What another left there is no answer.
    'rm -f served',
    `${server} > served 2>&1 & server=$!`,
    `until grep -q '${ready}' served; do kill -0 $server || { cat served; exit 1; }; sleep 0.2; done`,
    then,
    'kill $server; wait $server',
  ].join('\n');

/** Of a command that goes on for long, what it has written after a while: Ctrl-C ends it and nothing else. */
const interrupted = (command: string): string =>
  [
    `${command} > followed 2>&1 & follower=$!`,
    'until grep -q . followed; do kill -0 $follower; sleep 0.2; done',
    'kill -INT $follower; wait $follower || test $? = 130',
    'cat followed',
  ].join('\n');

const SERVER =
  'locoprop coordinator --store store --http 0.0.0.0:8080 --grpc none --api-tls credentials --listen 0.0.0.0:7000 --tls credentials --token-file credentials/join-token';
/** Of a server whose place, ports and client file are not those of the page's. */
const APART = `LOCOPROP_STORE=apart LOCOPROP_HTTP=127.0.0.1:0 LOCOPROP_GRPC=127.0.0.1:0 LOCOPROP_LISTEN=127.0.0.1:0 XDG_CONFIG_HOME="$PWD/apart"`;

const waitFor = (states: string): string =>
  `until locoprop status JOB | grep -Eq '^state +(${states})'; do sleep 0.2; done`;

/** @param quick options that make a job a short one */
export const serviceForms = (quick: string): readonly Form[] => [
  {
    pattern: /^(npx )?locoprop up( |$)/,
    form: (command) => meanwhile(`${APART} ${command}`, 'Ready at', 'cat served'),
  },
  {
    pattern: /^locoprop coordinator /,
    form: (command) => meanwhile(here(command), 'coordinator.ready', 'cat served'),
  },
  {
    pattern: /^locoprop jobs --server https:/,
    form: (command) => meanwhile(here(SERVER), 'coordinator.ready', here(command)),
  },
  { pattern: /^(\w+=\S+ )?locoprop token --create( |$)/, form: here },
  { pattern: /^\(umask 077; locoprop token .* > token\)$/, form: (command) => `${here(command)}; cat token` },
  {
    pattern: /^tar -c -C \/var\/lib\/locoprop \. > backup\.tar$/,
    form: (command) => `${here(command)}; tar -tf backup.tar`,
  },
  { pattern: /^(npx )?locoprop submit /, service: true, form: (command) => `${command} ${quick}` },
  { pattern: /^(npx )?locoprop (status|logs) JOB --follow$/, service: true, form: interrupted },
  {
    pattern: /^(npx )?locoprop resume JOB$/,
    service: true,
    form: (command) => `${waitFor('paused')}\n${command}`,
  },
  {
    pattern: /^(npx )?locoprop delete JOB$/,
    service: true,
    form: (command) => `${waitFor('cancelled')}\n${command}`,
  },
  {
    pattern: /^(npx )?locoprop (jobs|workers)( --state \S+)?$/,
    service: true,
    form: (command) => command,
  },
  {
    pattern: /^(npx )?locoprop (status|logs|download|pause|cancel) JOB$/,
    service: true,
    form: (command) => command,
  },
  {
    pattern: /^export TOKEN=\$\(locoprop token\)$/,
    service: true,
    form: (command) => `${command}; echo $TOKEN`,
  },
  {
    pattern: /^curl -N .*\/events$/,
    service: true,
    form: (command) => withToken(`timeout 5 ${command} || test $? = 124`),
  },
  // Refused where there is no token, and else nothing but a success.
  {
    pattern: /^curl http:\S+$/,
    service: true,
    form: (command) => `${command} | grep '"code":"TOKEN_MISSING"'`,
  },
  {
    pattern: /^curl .*http:\/\/localhost:8080/,
    service: true,
    form: (command) => withToken(command.replace('curl ', "curl -f -w '%{http_code}\\n' ")),
  },
  { pattern: /^node examples\/submit\.mjs$/, service: true, form: (command) => command },
];

const withToken = (command: string): string => `export TOKEN=$(locoprop token)\n${command}`;

/** Where other programs want the processors too. */
const SLOW_MS = 120_000;

/** What a page's own coordinator needs to be found by the commands of a shell. */
export interface PageService {
  readonly url: string;
  readonly job: string;
  end(): Promise<void>;
}

/** Starts a page's coordinator in its folder, with the job JOB. */
export async function startService(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PageService> {
  const addresses = { LOCOPROP_HTTP: '127.0.0.1:0', LOCOPROP_GRPC: '127.0.0.1:0' };
  const own = { ...env, ...addresses, LOCOPROP_LISTEN: '127.0.0.1:0' };
  const server = start(['up', '--workers', '1', '--jobs', '3'], { cwd: folder, env: own });
  const [, url = ''] =
    /^Ready at (\S+)/m.exec(await server.waitFor('stdout', /^Ready at \S+/m, SLOW_MS)) ?? [];
  const long = ['training.epochs=100000', 'data.train.examples=100', 'training.batchSize=20'];
  const spec = join(folder, 'examples/template.yaml');
  const set = long.flatMap((override) => ['--set', override]);
  const { stdout } = await start(['submit', spec, '--json', ...set], { cwd: folder, env }).waitForEnd(
    SLOW_MS,
  );
  const { job } = JSON.parse(stdout) as { job: { id: string } };
  // Its files are there once it runs.
  const following = start(['status', job.id, '--follow'], { cwd: folder, env });
  await following.waitFor('stderr', /epoch 1 done/, SLOW_MS);
  following.signal('SIGINT');
  await following.waitForEnd(SLOW_MS);
  return {
    url,
    job: job.id,
    end: async () => {
      server.signal('SIGTERM');
      await server.waitForEnd(SLOW_MS);
    },
  };
}
