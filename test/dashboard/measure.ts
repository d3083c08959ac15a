import { createRequire } from 'node:module';
import { cpus, loadavg, setPriority } from 'node:os';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { chromium, type Browser, type Page } from 'playwright-core';
import { openHttpApi } from '#coordinator/api/http/server.js';
import { newToken } from '#services/security/token-file.js';
import { fixedTokens } from '#services/security/tokens.js';
import { MemoryService } from '../support/memory-service.js';
import { SPEC } from '../support/small-spec.js';
import { epochDone } from './epoch-done.js';

/*
 * What the page weighs, how soon it is there, and how it bears a job of 100 events a second: `npm run dashboard-load`.
 * The API is the coordinator's own; what happens in the job is made up here, on the clock.
 */

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];

const { traceSeconds, openSeconds, perSecond, history } = new Command('dashboard-load')
  .option('--per-second <n>', 'events a second', Number, 100)
  .option('--history <n>', 'steps that the job has behind it when the page is opened', Number, 10_000)
  .option('--trace-seconds <n>', 'seconds of the trace', Number, 30)
  .option('--open-seconds <n>', 'seconds for which the page is left open after that', Number, 180)
  .parse()
  .opts<{ traceSeconds: number; openSeconds: number; perSecond: number; history: number }>();

const token = newToken();
const service = new MemoryService();
const api = await openHttpApi({
  service,
  address: '127.0.0.1:0',
  tls: null,
  tokens: fixedTokens([{ role: 'admin', token, name: 'measurement' }]),
  log: { request: () => undefined, failure: ({ error }) => console.error(error) },
  logLine: () => null,
  setLogLevel: () => undefined,
  version: '0.0.0',
});
const job = (await service.submit({ text: SPEC, source: 'it', idempotencyKey: null })).job.id;
service.start(job);
/** Of the event told last. */
let sequence = 0;
let stepsTold = 0;

const STEPS_PER_EPOCH = 100;
const STEP_SECONDS = 0.01;
const LAYERS = Array.from({ length: 12 }, () => ({
  objectiveBefore: 2,
  objectiveAfter: 1,
  largestRise: 0,
  guardRedone: 0,
  guardGaveUp: 0,
}));

function tell(count: number): void {
  const time = new Date().toISOString();
  for (let told = 0; told < count; told += 1) {
    const step = ++stepsTold;
    const phases = { data: 0.001, forward: 0.002, targets: 0.002, solve: 0.005 };
    const epoch = Math.ceil(step / STEPS_PER_EPOCH);
    const loss = 100 / Math.sqrt(step) + Math.random();
    const numbers = { epoch, step, loss, examples: 100, seconds: STEP_SECONDS };
    service.tell(job, { type: 'step.done', sequence: ++sequence, time, ...numbers, phases });
    if (step % STEPS_PER_EPOCH > 0) continue;
    const ended = { ...epochDone(epoch), step, trainSeconds: STEP_SECONDS * step, layers: LAYERS };
    service.tell(job, { ...ended, sequence: ++sequence, time });
  }
}

/** Events at an even pace, however late a timer is. */
function flow(): () => void {
  const startMs = performance.now();
  let told = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    tell(due - told);
    told = due;
  }, 1000 / perSecond);
  return () => clearInterval(timer);
}

async function weight(): Promise<Readonly<Record<string, number>>> {
  const built = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
  const html = (await readFile(`${built}index.html`)).toString();
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name!);
  const present = await readdir(built, { recursive: true });
  const total = async (ending: string): Promise<number> => {
    const files = ['index.html', ...named].map((name) =>
      present.includes(name + ending) ? name + ending : name,
    );
    const sizes = await Promise.all(files.map(async (file) => (await readFile(`${built}${file}`)).length));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  return { brotliBytes: await total('.br'), gzipBytes: await total('.gz') };
}

/** Of five first visits, each with an empty cache, in milliseconds. */
async function firstPaints(browser: Browser): Promise<readonly number[]> {
  const paints: number[] = [];
  for (let visit = 0; visit < 5; visit += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${api.url}/#token=${token}`);
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    paints.push(
      await page.evaluate<number>(
        `new Promise((resolve) => new PerformanceObserver((list) => {
           for (const one of list.getEntriesByName('first-contentful-paint')) resolve(one.startTime);
         }).observe({ type: 'paint', buffered: true }))`,
      ),
    );
    await context.close();
  }
  return paints.map((paint) => Math.round(paint));
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds. */
  readonly dur?: number;
  readonly args?: {
    readonly name?: string;
    readonly frame_reporter?: { readonly state: string; readonly affects_smoothness?: boolean };
  };
}

const CATEGORIES = ['benchmark', 'cc', 'toplevel', 'disabled-by-default-devtools.timeline.frame'];

/** What became of the frames of a trace, and how long the tasks of the page's main thread took. */
async function traced(browser: Browser, page: Page): Promise<object> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await sleep(1000 * traceSeconds);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const frames: Record<string, number> = {};
  let smoothnessLost = 0;
  for (const { name, args } of traceEvents) {
    const report = name === 'PipelineReporter' ? args?.frame_reporter : undefined;
    if (!report) continue;
    frames[report.state] = (frames[report.state] ?? 0) + 1;
    if (report.state === 'STATE_DROPPED' && report.affects_smoothness === true) smoothnessLost += 1;
  }
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents
    .filter(({ name, ph }) => name === 'ThreadControllerImpl::RunTask' && ph === 'X')
    .filter(({ pid, tid }) => main.has(`${pid} ${tid}`))
    .map(({ dur = 0 }) => dur / 1000);
  if (tasks.length === 0) throw new Error('The trace has no task of the page.');
  const over = (milliseconds: number): number => tasks.filter((task) => task > milliseconds).length;
  const longestMs = Math.round(tasks.reduce((longest, task) => Math.max(longest, task), 0));
  const busyMs = Math.round(tasks.reduce((sum, task) => sum + task, 0));
  return {
    frames,
    smoothnessLost,
    mainThread: { busyMs, over16ms: over(16.7), over50ms: over(50), longestMs },
  };
}

const require = createRequire(import.meta.url);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
// Where people look at the page, there is no coordinator that takes its processors.
setPriority(process.pid, 10);
try {
  const conditions = {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load: loadavg().map((load) => load.toFixed(1)),
    chromium: browser.version(),
    playwright: (require('playwright-core/package.json') as { version: string }).version,
    node: process.version,
  };
  console.log(
    JSON.stringify({ conditions, weight: await weight(), firstPaintMs: await firstPaints(browser) }),
  );
  const numbers = { job: 'small', engine: 'onnx', threads: 1, parameters: 1, trainExamples: 1, step: 0 };
  sequence = 1;
  const time = new Date().toISOString();
  service.tell(job, {
    type: 'run.started',
    sequence,
    time,
    ...numbers,
    stepsPerEpoch: STEPS_PER_EPOCH,
    epochs: 1e6,
  });
  tell(history);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${api.url}/#token=${token}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await page.goto(`${api.url}/#/jobs/${job}`);
  await page.locator('.u-wrap').first().waitFor();
  await sleep(3000);
  const client = await context.newCDPSession(page);
  const heap = async (): Promise<number> => {
    await client.send('HeapProfiler.collectGarbage');
    return (await client.send('Runtime.getHeapUsage')).usedSize;
  };
  const shownStep = async (): Promise<number> => {
    const text = await page.locator('.facts dd').first().innerText();
    return Number(text.split(' of ')[0]!.replaceAll(',', ''));
  };
  const stop = flow();
  // By then the browser has compiled what runs often.
  await sleep(10_000);
  console.log(JSON.stringify({ trace: await traced(browser, page) }));
  const heaps = [await heap()];
  for (let quarter = 0; quarter < 4 && openSeconds > 0; quarter += 1) {
    await sleep(250 * openSeconds);
    heaps.push(await heap());
  }
  const told = stepsTold;
  const shown = await shownStep();
  stop();
  console.log(
    JSON.stringify({
      heapBytes: heaps,
      stepsTold: told,
      stepsShown: shown,
      load: loadavg().map((l) => l.toFixed(1)),
    }),
  );
} finally {
  await browser.close();
  await api.close();
}
