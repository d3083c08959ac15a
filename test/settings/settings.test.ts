import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { flagOf, variableOf } from '#core/settings/names.js';
import type { SettingsCommand } from '#core/settings/setting.js';
import { settingNames, settingOf } from '#core/settings/table.js';
import { readSettings, type EffectiveSettings } from '#services/configuration/settings.js';
import { showSetting, withoutSecrets } from '#services/configuration/settings-text.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'locoprop-settings-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Given {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly fileName?: string;
}

async function read<Command extends SettingsCommand>(
  command: Command,
  { flags = {}, environment = {}, file, fileName = 'locoprop.yaml' }: Given = {},
): Promise<EffectiveSettings<Command>> {
  if (file !== undefined) await writeFile(join(directory, fileName), file);
  return readSettings({ command, flags, environment, directory });
}

/** The lines that tell what is wrong. */
async function problemsOf(given: Given, command: SettingsCommand = 'coordinator'): Promise<string[]> {
  const error: unknown = await read(command, given).then(
    () => new Error('nothing was refused'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof LocopropError)) throw error;
  expect(error).toMatchObject({ code: 'SETTING_INVALID', exitCode: 2 });
  return error.message.split('\n');
}

describe('the settings in effect', () => {
  it('are the defaults where nobody says otherwise', async () => {
    const { settings, sources, file } = await read('coordinator');
    expect(settings).toEqual({
      store: join(directory, 'locoprop-data'),
      redis: null,
      http: '127.0.0.1:8080',
      grpc: '127.0.0.1:8081',
      listen: '127.0.0.1:7000',
      name: hostname(),
      jobs: 1,
      workers: 0,
      workerThreads: null,
      solveHere: false,
      engine: 'auto',
      threads: null,
      leaseSeconds: 5,
      tls: null,
      tokenFile: null,
      joinToken: null,
      apiTls: null,
      apiTokens: null,
      insecure: 'none',
      plugins: null,
      files: null,
      data: null,
      maxUpload: 4 * 2 ** 30,
      rateLimit: 6000,
      keepDays: null,
      shutdownSeconds: 10,
      logLevel: 'info',
      pretty: false,
      otlpEndpoint: null,
      traceSampling: 0.01,
      mlflow: null,
      mlflowExperiment: 'locoprop',
      metricsOpen: false,
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
    expect(file).toBeNull();
  });

  it('of `up` have workers, or solve here', async () => {
    const { settings } = await read('up');
    expect(settings).toMatchObject({ workers: Math.min(2, availableParallelism()), solveHere: false });
    expect((await read('up', { flags: { workers: '0' } })).settings).toMatchObject({
      workers: 0,
      solveHere: true,
    });
    const given = { workers: '0', solveHere: 'false' };
    expect((await read('up', { flags: given })).settings.solveHere).toBe(false);
  });

  it('of a worker are those of its log', async () => {
    const environment = { LOCOPROP_LOG_LEVEL: 'warn', LOCOPROP_JOBS: 'many', LOCOPROP_WORKERS_ON_HOST: '2' };
    const { settings } = await read('worker', { environment, file: 'jobs: many' });
    expect(settings).toEqual({ logLevel: 'warn', pretty: false });
  });

  it('come from options, then the environment, then the file', async () => {
    const flags = { jobs: '2' };
    const environment = { LOCOPROP_JOBS: '3', LOCOPROP_WORKERS: '4' };
    const file = 'jobs: 5\nworkers: 6\nkeepDays: 7\n';
    const { settings, sources } = await read('coordinator', { flags, environment, file });
    expect(settings).toMatchObject({ jobs: 2, workers: 4, keepDays: 7, shutdownSeconds: 10 });
    expect(sources).toMatchObject({
      jobs: '--jobs',
      workers: 'LOCOPROP_WORKERS',
      keepDays: 'locoprop.yaml',
      shutdownSeconds: 'default',
    });
  });

  it.each(settingNames)(
    '%s can be set by a variable, and by an option unless it is a secret',
    async (name) => {
      const { of, secret } = settingOf(name);
      const texts: Record<typeof of.type, string> = {
        text: 'some-name',
        path: 'some/file',
        store: 's3://bucket/prefix',
        address: '127.0.0.1:1234',
        url: of.type === 'url' ? `${of.schemes[0]!}://host.example:1` : '',
        bytes: '5MiB',
        certificate: 'cert.pem,key.pem',
        boolean: 'yes',
        choice: of.type === 'choice' ? of.values.at(-1)! : '',
        whole: '3',
        number: '1',
      };
      const text = texts[of.type];
      const variable = variableOf(name);
      const fromVariable = await read('coordinator', { environment: { [variable]: text } });
      expect(fromVariable.sources[name]).toBe(variable);
      expect(fromVariable.settings[name]).not.toEqual((await read('coordinator')).settings[name]);
      const fromOption = await read('coordinator', { flags: { [name]: text } });
      if (secret) expect([flagOf(name), fromOption.sources[name]]).toEqual([null, 'default']);
      else {
        expect(fromOption.sources[name]).toBe(flagOf(name));
        expect(fromOption.settings[name]).toEqual(fromVariable.settings[name]);
      }
    },
  );

  it('of the file have their own types, and null or none for none', async () => {
    const file = [
      'grpc: null',
      'rateLimit: none',
      'maxUpload: 1GB',
      'pretty: true',
      'traceSampling: 0.5',
      'joinToken: abc',
    ].join('\n');
    const { settings } = await read('coordinator', { file });
    expect(settings).toMatchObject({
      grpc: null,
      rateLimit: null,
      maxUpload: 1e9,
      pretty: true,
      traceSampling: 0.5,
      joinToken: 'abc',
    });
  });

  it('take options without a value for what they then mean', async () => {
    const { settings } = await read('coordinator', {
      flags: { insecure: true, pretty: true, metricsOpen: 'no' },
    });
    expect(settings).toMatchObject({ insecure: 'all', pretty: true, metricsOpen: false });
  });

  it('have absolute paths, which start where they are named', async () => {
    await mkdir(join(directory, 'etc'));
    const file = 'store: data\ntls: ../certificates\napiTls: certificates\n';
    const { settings, file: read_ } = await read('coordinator', {
      file,
      fileName: 'etc/settings.yaml',
      flags: { config: 'etc/settings.yaml', files: 'inputs' },
      environment: { LOCOPROP_PLUGINS: './plugins', LOCOPROP_CONFIG: 'not-this-one.yaml' },
    });
    expect(read_).toBe('etc/settings.yaml');
    expect(settings).toMatchObject({
      store: join(directory, 'etc/data'),
      tls: join(directory, 'certificates'),
      apiTls: {
        certificate: join(directory, 'etc/certificates/coordinator.pem'),
        key: join(directory, 'etc/certificates/coordinator-key.pem'),
      },
      files: join(directory, 'inputs'),
      plugins: join(directory, 'plugins'),
    });
    const pair = await read('coordinator', { flags: { apiTls: 'a.pem, b.pem' } });
    expect(pair.settings.apiTls).toEqual({
      certificate: join(directory, 'a.pem'),
      key: join(directory, 'b.pem'),
    });
  });

  it('are found in the file that the environment names, or in one with nothing but comments', async () => {
    const environment = { LOCOPROP_CONFIG: 'own.yaml' };
    const own = await read('coordinator', { environment, file: '{"jobs": 9}', fileName: 'own.yaml' });
    expect(own.settings.jobs).toBe(9);
    const commented = await read('coordinator', { file: '# jobs: 9\n\n  # more\n' });
    expect(commented).toMatchObject({ file: 'locoprop.yaml', settings: { jobs: 1 } });
  });

  it('pass over empty variables of other programs, and what Kubernetes sets', async () => {
    const environment = {
      REDIS_URL: '',
      OTEL_EXPORTER_OTLP_ENDPOINT: ' ',
      LOCOPROP_PORT: 'tcp://10.0.0.1:8080',
      LOCOPROP_SERVICE_HOST: '10.0.0.1',
      LOCOPROP_COORDINATOR_SERVICE_PORT_HTTP: '8080',
      LOCOPROP_COORDINATOR_PORT_8080_TCP_ADDR: '10.0.0.1',
      LOCOPROP_TRACE: '1',
      LOCOPROP_TF32: '1',
    };
    const { settings } = await read('coordinator', { environment });
    expect(settings).toMatchObject({ redis: null, otlpEndpoint: null });
  });
});

describe('wrong settings', () => {
  it.each<[string, Given, string]>([
    [
      'a number below its range',
      { flags: { jobs: '0' } },
      '--jobs sets jobs to "0": allowed: a whole number from 1 to 64',
    ],
    [
      'a word for a number',
      { environment: { LOCOPROP_LEASE_SECONDS: 'five' } },
      'LOCOPROP_LEASE_SECONDS sets leaseSeconds to "five": allowed: a number from 1 to 3600',
    ],
    [
      'a fraction of a job',
      { file: 'jobs: 1.5' },
      'locoprop.yaml sets jobs to 1.5: allowed: a whole number from 1 to 64',
    ],
    [
      'text in a file for a number',
      { file: 'jobs: "2"' },
      'locoprop.yaml sets jobs to "2": allowed: a whole number from 1 to 64',
    ],
    [
      'null where there must be a value',
      { file: 'store: null' },
      'locoprop.yaml sets store to null: allowed: a folder or s3://BUCKET/PREFIX',
    ],
    [
      'an optional one',
      { flags: { threads: 'all' } },
      '--threads sets threads to "all": allowed: a whole number from 1 to 1024, or none',
    ],
    [
      'a misspelt choice',
      { flags: { logLevel: 'wran' } },
      '--log-level sets logLevel to "wran": allowed: trace, debug, info, warn, error, silent (did you mean "warn"?)',
    ],
    [
      'neither yes nor no',
      { flags: { pretty: 'maybe' } },
      '--pretty sets pretty to "maybe": allowed: true or false',
    ],
    [
      'an address without a port',
      { flags: { http: '0.0.0.0' } },
      '--http sets http to "0.0.0.0": it has no port',
    ],
    [
      'another store',
      { flags: { store: 'gs://bucket' } },
      '--store sets store to "gs://bucket": what has a scheme is s3://BUCKET or s3://BUCKET/PREFIX',
    ],
    [
      'another queue',
      { environment: { REDIS_URL: 'http://me:pass@host' } },
      'REDIS_URL sets redis to "http://[hidden]@host": allowed: redis://… or rediss://…',
    ],
    [
      'no size',
      { flags: { maxUpload: '4 giga' } },
      '--max-upload sets maxUpload to "4 giga": allowed: a number of bytes, with a unit such as MB or GiB',
    ],
    [
      'three files of a certificate',
      { flags: { apiTls: 'a,b,c' } },
      '--api-tls sets apiTls to "a,b,c": allowed: a folder, or CERTIFICATE,KEY',
    ],
    [
      'an empty variable',
      { environment: { LOCOPROP_TLS_DIR: '' } },
      'LOCOPROP_TLS_DIR sets tls to "": the variable is empty',
    ],
    [
      'a secret, which is not shown',
      { environment: { LOCOPROP_JOIN_TOKEN: 'two words' } },
      'LOCOPROP_JOIN_TOKEN sets joinToken to [hidden]: allowed: a word of at most 255 visible ASCII characters, or none',
    ],
    [
      'a key that is no setting',
      { file: 'worker: 2' },
      'locoprop.yaml sets worker to [hidden]: there is no such setting (did you mean "workers"?)',
    ],
    [
      'a variable that is no setting',
      { environment: { LOCOPROP_STROE: '/data' } },
      'the environment sets LOCOPROP_STROE to [hidden]: there is no such variable (did you mean "LOCOPROP_STORE"?)',
    ],
    [
      'a file that is not there',
      { flags: { config: 'nowhere.yaml' } },
      '--config sets config to nowhere.yaml: there is no such file',
    ],
    [
      'a list for a file',
      { environment: { LOCOPROP_CONFIG: 'own.yaml' }, fileName: 'own.yaml', file: '- jobs' },
      'LOCOPROP_CONFIG sets config to own.yaml: it holds no map of settings',
    ],
  ])('%s', async (_, given, line) => {
    expect(await problemsOf(given)).toEqual([line]);
  });

  it('are told all at once, also those that do not count', async () => {
    const lines = await problemsOf({
      flags: { jobs: '2', http: 'x' },
      environment: { LOCOPROP_JOBS: 'x' },
      file: 'jobs: x\nnothing: 1\nkeepDays: -1\n',
    });
    expect(lines.map((line) => /^(.*) sets (\w+) to/.exec(line)?.slice(1))).toEqual([
      ['locoprop.yaml', 'nothing'],
      ['--http', 'http'],
      ['LOCOPROP_JOBS', 'jobs'],
      ['locoprop.yaml', 'jobs'],
      ['locoprop.yaml', 'keepDays'],
    ]);
  });

  it('of a file that cannot be parsed are told with line and column', async () => {
    const reading = read('coordinator', { file: 'jobs: 1\nstore: [\n' });
    await expect(reading).rejects.toMatchObject({ code: 'SPEC_SYNTAX', exitCode: 2 });
    await expect(reading).rejects.toThrow(/^locoprop\.yaml:\d+:\d+: /);
  });
});

describe('secrets', () => {
  it.each([
    ['redis', 'redis://user:pa/ss@host:6379/0?password=x', 'redis://[hidden]@host:6379/0?[hidden]'],
    ['redis', 'user:secret@host', '[hidden]@host'],
    ['redis', 'redis://host:6379', 'redis://host:6379'],
    ['otlpEndpoint', 'https://key@traces.example/v1', 'https://[hidden]@traces.example/v1'],
    ['joinToken', 'abc', '[hidden]'],
    ['joinToken', null, null],
    ['tokenFile', '/run/secrets/join-token', '/run/secrets/join-token'],
  ] as const)('of %s are hidden: %s', (name, value, shown) => {
    expect(withoutSecrets(name, value)).toBe(shown);
    expect(showSetting(name, value)).not.toMatch(/secret@|pa\/ss|abc|key@/);
  });
});
