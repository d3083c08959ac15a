// usage: node test/compose/main.mjs FOLDER, with COMPOSE in the environment; test/compose.sh calls it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { confined, endedWell, healthy, logsAreJson, refused } from './checks.mjs';
import { crash, cutOff, freePort, openProject, until } from './docker.mjs';
import { firstJob, longerJob } from './job.mjs';
import { conclude, step } from './report.mjs';
import { isReady, openService } from './service.mjs';
import { weightsOf } from './weights.mjs';

const folder = process.argv[2];
const WORKERS = 3;

const ports = { http: await freePort(), grpc: await freePort() };
const url = `http://127.0.0.1:${ports.http}`;
const { compose, shell, containers } = openProject({ command: process.env.COMPOSE, ports });
const up = (...options) => compose('up', '-d', ...options, '--scale', `worker=${WORKERS}`);
const all = async (...services) => (await Promise.all(services.map(containers))).flat();
const lasting = () => all('redis', 'coordinator', 'worker');
const logs = async () => logsAreJson(await all('init', 'redis', 'coordinator', 'worker'));
const ready = () => until('the coordinator is ready', 180, () => isReady(url));
const specFile = (name, text) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

async function theToken() {
  const token = (await compose('exec', '-T', 'coordinator', 'locoprop', 'token')).trim();
  if (!/^\S{16,}$/.test(token)) throw new Error('that is no token');
  return { token };
}

/** The container of a worker that has parts of the job: to lose one that is left idle would change nothing. */
async function busyWorker(service) {
  const busy = (await service.workers()).find(({ parts }) => parts.length > 0);
  if (!busy) throw new Error('no worker has a part');
  const own = (await containers('worker')).find((container) => container.startsWith(busy.host));
  if (!own) throw new Error(`no container is called ${busy.host}`);
  return own;
}

const FAULTS = [
  ['the network of a worker is cut for 20 s', 0.1, busyWorker, (one) => cutOff(one, 'worker', 20)],
  ['a worker is killed', 0.4, busyWorker, crash],
  ['the coordinator is killed', 0.55, async () => (await containers('coordinator'))[0], crash],
  ['Redis is killed', 0.7, async () => (await containers('redis'))[0], crash],
];

async function scenario() {
  await step('up --build', () => up('--build').then(() => undefined));
  await step('the coordinator is ready', () => ready().then(() => undefined));
  await step('all containers are healthy', () => healthy(lasting, WORKERS + 2).then(() => undefined));
  await step('all containers are confined', async () => confined(await lasting()));
  const { token } = await step('the coordinator tells the token', theToken);
  const service = openService({ url, token });
  const joined = async () => {
    await until(`${WORKERS} workers`, 60, async () => (await service.workers()).length === WORKERS);
  };
  await step('the workers have joined', joined);

  let spec, undisturbed;
  for (let job = firstJob(); job !== undefined; job = longerJob(job, undisturbed)) {
    spec = specFile(`${job.epochs}-epochs.yaml`, job.spec);
    undisturbed = await step(`a job of ${job.epochs} epochs, submitted and followed, ends`, () =>
      service.submitAndFollow(spec),
    );
  }

  let downloads = 0;
  const weights = async (id) => {
    const into = join(folder, `download-${++downloads}`);
    await service.download(id, into);
    return weightsOf(into);
  };
  const first = { id: undisturbed.id, ...(await weights(undisturbed.id)) };
  const same = async (id) => {
    const { file, digest } = await weights(id);
    if (file !== first.file) throw new Error(`it ended with ${file}, not ${first.file}`);
    if (digest !== first.digest) throw new Error(`${digest}, not ${first.digest}`);
    return `${file}, ${first.tensors} tensors, ${digest.slice(0, 16)}`;
  };
  const kept = async (id) => {
    const { state } = await service.job(id);
    if (state !== 'completed') throw new Error(`job ${id} is ${state}`);
    return same(id);
  };

  const disturbed = await service.submitByHttp(spec);
  const following = service.follow(disturbed);
  // Looked at once the job has ended; until then its failure is nobody's.
  following.catch(() => undefined);
  for (const [name, share, choose, act] of FAULTS) {
    await step(`${name}, and the job goes on`, async () => {
      await service.reached(disturbed, share);
      const { progress } = await service.job(disturbed);
      await act(await choose(service));
      await ready();
      await service.reached(disturbed, (progress.step + 1) / progress.steps);
    });
  }
  await step('the disturbed job ends', () => service.completed(disturbed));
  await step('who has followed it from its start has seen its end', async () => {
    const { id, state } = await following;
    return `${id} ${state}`;
  });
  await step('its weights are those of the undisturbed one', () => same(disturbed));
  await step('the workers are all back', joined);
  await step('logs are lines of JSON', logs);

  const resumed = await service.submitByHttp(spec);
  await step('stopped while a job runs, the services end in good order', async () => {
    await service.reached(resumed, 0.3);
    await compose('stop');
    return endedWell(await lasting());
  });
  await step('logs are lines of JSON', logs);
  await step('down', () => compose('down').then(() => undefined));
  await step('up again', async () => {
    await up();
    await ready();
  });
  await step('a job that had ended is there', () => kept(first.id));
  await step('the job that ran goes on, and ends', () => service.completed(resumed));
  await step('its weights are those of the undisturbed one', () => same(resumed));

  await step('a token that is added is good at once, and allows no more than it should', async () => {
    const other = `read ${'r'.repeat(32)} test`;
    await shell(
      `docker compose run --rm --no-deps --entrypoint sh init -c 'echo "${other}" >> /secrets/coordinator/api-tokens'`,
    );
    const reader = openService({ url, token: 'r'.repeat(32) });
    await until('the new token is accepted', 30, () => reader.job(first.id));
    await refused(403, () => reader.submitByHttp(spec));
    await refused(401, () => openService({ url, token: 'x'.repeat(32) }).job(first.id));
  });
  await step('logs are lines of JSON', logs);
  await step('new certificates and a new join token are handed out', async () => {
    await shell(
      'docker compose run --rm --no-deps --entrypoint locoprop init certs /secrets/authority --force --host coordinator',
    );
    await up('--force-recreate');
    await ready();
    await joined();
  });
  await step('a backup can be restored into new volumes', async () => {
    const tar = 'docker compose run --rm --no-deps -T --entrypoint tar';
    await compose('stop');
    await shell(`${tar} coordinator -c -C /data . > ${folder}/data.tar`);
    await shell(`${tar} init -c -C /secrets authority coordinator worker monitoring > ${folder}/secrets.tar`);
    await compose('down', '--volumes');
    await shell(`${tar} coordinator -x -C /data < ${folder}/data.tar`);
    await shell(`${tar} init -x -C /secrets < ${folder}/secrets.tar`);
    await up();
    await ready();
    await joined();
    return kept(disturbed);
  });
  await step('logs are lines of JSON', logs);
}

/** For whoever looks into a failure. */
async function tellAll() {
  console.error(await compose('ps', '-a'));
  console.error(await compose('logs', '--no-color', '--tail=60'));
}

try {
  await scenario();
  process.exitCode = conclude();
} catch (error) {
  console.error(error);
  process.exitCode = conclude() || 1;
  await tellAll();
}
