import { beforeEach, describe, expect, it } from 'vitest';
import type { RunEventBody } from '#core/events.js';
import { failed } from '#core/job/moves.js';
import { jobLogLine } from '#services/telemetry/log-line.js';
import { MemoryService, someWorker } from '../support/memory-service.js';
import { call, openApi, SPEC, submit, TOKENS, YAML } from '../api-http/support.js';
import { openPage, overflow, seriousViolations, useBrowser } from './browser.js';
import { epochDone } from './epoch-done.js';

useBrowser();

const TIMEOUT = { timeout: 30_000 };
/** What would show, and tell, where text became HTML. */
const HTML = '<img src=x onerror="window.broken=1"><b>bold</b>&amp;';

/** Of ten classes: most are right, some are not, and one has no examples. */
const counts = Array.from({ length: 10 }, (_, label) =>
  Array.from({ length: 10 }, (__, predicted) =>
    label === 9 ? 0 : label === predicted ? 980 - 70 * label : (label * predicted) % 4 === 1 ? 90 : 0,
  ),
);

/** All that can stand on the pages, with names as hostile as interfaces allow. */
const happens: readonly RunEventBody[] = [
  {
    ...{ type: 'run.started', job: 'small', engine: 'onnx', threads: 1, parameters: 12_345 },
    ...{ trainExamples: 100, stepsPerEpoch: 10, epochs: 4, step: 0 },
  },
  {
    ...{ type: 'worker.joined', worker: HTML, host: HTML, engine: 'onnx', threads: 1 },
    ...{ memoryBytes: 1e9, gflops: 50, bandwidth: 1e8 },
  },
  {
    ...{ type: 'plan.made', step: 0, predictedSeconds: 0.1, leftOut: [HTML], moved: 0 },
    parts: [
      { layer: 1, start: 0, end: 80, worker: HTML },
      { layer: 1, start: 80, end: 200, worker: 'w1' },
      { layer: 2, start: 0, end: 784, worker: 'w1' },
    ],
  },
  {
    ...{ type: 'step.done', epoch: 1, step: 10, loss: 120, examples: 10, seconds: 0.2 },
    phases: { data: 0.01, forward: 0.03, targets: 0.06, solve: 0.1 },
  },
  {
    ...{ type: 'guard.redone', step: 10, layer: 1, attempt: 1, learningRateFactor: 0.1 },
    ...{ objectiveBefore: 1, objectiveAfter: 2 },
  },
  epochDone(1),
  epochDone(2),
  { type: 'classes.counted', epoch: 2, step: 20, data: 'test', counts },
  { type: 'worker.lost', worker: HTML, reason: HTML },
  {
    ...{ type: 'part.recovered', step: 10, from: HTML, repeated: 1, seconds: 0.1 },
    part: { layer: 1, start: 0, end: 80, worker: 'w1' },
  },
];

let target: { readonly url: string; readonly token: string };
let places: Readonly<Record<string, string>>;

beforeEach(async () => {
  const service = new MemoryService();
  const api = await openApi(service, { limits: { rate: null }, logLine: jobLogLine });
  target = { url: api.url, token: TOKENS.admin };
  const id = await submit(api);
  const { status } = await call(api, 'POST', '/v1/jobs', {
    headers: YAML,
    // Names of jobs are letters, digits and hyphens; this is any text.
    body: `${SPEC}initialWeights: ${JSON.stringify(HTML)}\n`,
  });
  expect(status).toBe(201);
  service.start(id);
  for (const body of happens) service.happens(id, body);
  service.start('job-2');
  const failure = { code: HTML, message: HTML, remedy: HTML, retryable: false };
  service.records.set('job-2', failed(service.records.get('job-2')!, new Date(), failure));
  service.workerViews.push({ ...someWorker(), worker: HTML, host: HTML }, someWorker());
  service.files.set('checkpoints/step-10.safetensors', Buffer.from('x'));
  service.files.set(`${HTML.replaceAll('/', '')}.txt`, Buffer.from('x'));
  const job = `/jobs/${id}`;
  places = {
    jobs: '/jobs',
    workers: '/workers',
    compare: `/compare?jobs=${id}`,
    submit: '/submit',
    clone: '/submit?clone=job-2',
    training: job,
    layers: `${job}?tab=layers`,
    fleet: `${job}?tab=workers`,
    files: `${job}?tab=files`,
    log: `${job}?tab=log`,
    spec: `/jobs/job-2?tab=spec`,
    unknown: '/nothing',
  };
});

/** Of what each page shows once it is there. */
const shown: Readonly<Record<string, string>> = {
  jobs: '.job-row a',
  workers: '.card',
  compare: '.u-wrap',
  submit: 'textarea',
  clone: '.notice',
  training: '.u-wrap',
  layers: '.u-wrap',
  fleet: '.layer-map',
  files: '.files li',
  log: '.log-line',
  spec: 'pre.spec',
  unknown: '.empty',
};

describe('every page', () => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('is for everybody, %s and %d px wide', async (colorScheme, width) => {
    const { page, url } = await openPage(target, '/jobs', { colorScheme, viewport: { width, height: 800 } });
    for (const [name, place] of Object.entries(places)) {
      await page.goto(`${url}/#${place}`);
      await page.locator(shown[name]!).first().waitFor(TIMEOUT);
      expect(await seriousViolations(page), name).toEqual([]);
      expect(await overflow(page), `${name} is too wide`).toBeLessThanOrEqual(0);
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor(TIMEOUT);
    expect(await seriousViolations(page), 'sign in').toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    // That nothing is found is worth as much as what would be.
    await page.evaluate(
      "document.getElementById('main').insertAdjacentHTML('beforeend', '<button></button>')",
    );
    expect(await seriousViolations(page)).toEqual([expect.stringMatching(/^button-name: /)]);
  });

  it('shows text as text, whatever is in it', async () => {
    const { page, url } = await openPage(target);
    const seen: string[] = [];
    for (const [name, place] of Object.entries(places)) {
      await page.goto(`${url}/#${place}`);
      await page.locator(shown[name]!).first().waitFor(TIMEOUT);
      if (await page.getByText('<b>bold</b>').first().isVisible()) seen.push(name);
      expect(await page.locator('img[src=x]').count(), name).toBe(0);
    }
    await page.goto(`${url}/#/jobs/${encodeURIComponent(HTML)}`);
    await page.getByRole('alert').waitFor(TIMEOUT);
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(seen).toEqual(expect.arrayContaining(['workers', 'fleet', 'spec', 'jobs']));
  });

  it('has other colours by day and by night, with all that is in it', async () => {
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(target, places['training'], { colorScheme });
      await page.locator('.u-wrap').waitFor(TIMEOUT);
      colours.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
      await page.emulateMedia({ colorScheme: colorScheme === 'dark' ? 'light' : 'dark' });
      await page.locator('.u-wrap').waitFor(TIMEOUT);
      colours.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
    }
    expect(colours[0]).toBe(colours[3]);
    expect(colours[1]).toBe(colours[2]);
    expect(colours[0]).not.toBe(colours[1]);
  });

  it('is used with the keyboard alone', async () => {
    const { page } = await openPage(target);
    await page.reload();
    await page.getByRole('link', { name: 'small' }).first().waitFor(TIMEOUT);
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('link', { name: 'small' }).last().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^job-1/ }).waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Cancel', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor(TIMEOUT);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached', ...TIMEOUT });
    expect(await page.locator('h1 .badge').innerText()).toBe('running');
  });
});
