import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '#core/events.js';
import { MemoryService } from '../support/memory-service.js';
import { openApi, submit, TOKENS, type Api } from '../api-http/support.js';
import { openPage, stepsDone, useBrowser } from './browser.js';
import { epochDone } from './epoch-done.js';

useBrowser();

const TIMEOUT = { timeout: 30_000 };
const time = '2026-01-01T00:00:00.000Z';

const started: RunEventBody = {
  type: 'run.started',
  job: 'small',
  engine: 'onnx',
  threads: 1,
  parameters: 100,
  trainExamples: 100,
  stepsPerEpoch: 10,
  epochs: 100_000,
  step: 0,
};

const step = (number: number, loss: number): RunEventBody => ({
  type: 'step.done',
  epoch: Math.ceil(number / 10),
  step: number,
  loss,
  examples: 10,
  seconds: 0.01,
  phases: { data: 0, forward: 0.002, targets: 0.002, solve: 0.006 },
});

const guard: RunEventBody = {
  ...{ type: 'guard.redone', step: 3, layer: 1, attempt: 1, learningRateFactor: 0.1 },
  ...{ objectiveBefore: 1, objectiveAfter: 2 },
};

const lost: RunEventBody = { type: 'worker.lost', worker: 'w1', reason: 'silent' };

const numbered = (sequence: number, body: RunEventBody): RunEvent => ({ ...body, sequence, time });

interface Told {
  readonly service: MemoryService;
  readonly api: Api;
  readonly id: string;
  readonly target: { readonly url: string; readonly token: string };
}

/** A job that runs, of which a test tells whatever it likes. */
async function running(): Promise<Told> {
  const service = new MemoryService();
  const api = await openApi(service, { limits: { rate: null } });
  const id = await submit(api);
  service.start(id);
  service.tell(id, numbered(1, started));
  return { service, api, id, target: { url: api.url, token: TOKENS.write } };
}

const chartText = /^Loss against step\. Newest: batch (\S+),/;

describe('the events of a job', () => {
  it('that are void after a rewind are taken back', async () => {
    const { service, id, target } = await running();
    service.tell(id, numbered(2, step(1, 500)), numbered(3, step(2, 400)), numbered(4, step(3, 300)));
    const { page } = await openPage(target, `/jobs/${id}`);
    await page.getByRole('img', { name: /batch 300,/ }).waitFor(TIMEOUT);
    service.rewind(id, 3);
    await page.getByRole('img', { name: /batch 400,/ }).waitFor(TIMEOUT);
    expect(await stepsDone(page)).toBe(2);
    service.tell(id, numbered(4, step(3, 350)));
    await page.getByRole('img', { name: /batch 350,/ }).waitFor(TIMEOUT);
    expect(await stepsDone(page)).toBe(3);
  });

  it('go on behind the last one after a lost connection', async () => {
    const { service, api, id, target } = await running();
    service.tell(id, numbered(2, step(1, 500)));
    const { page } = await openPage(target, `/jobs/${id}`);
    await page.getByRole('img', { name: /batch 500,/ }).waitFor(TIMEOUT);
    const { length } = service.feeds.get(id)!;
    await api.close();
    await page.getByText('The connection to the coordinator is lost.').waitFor(TIMEOUT);
    service.tell(id, numbered(3, step(2, 450)));
    const again = await openApi(service, { address: api.address, limits: { rate: null } });
    expect(again.url).toBe(api.url);
    await page.getByRole('img', { name: /batch 450,/ }).waitFor(TIMEOUT);
    expect(service.watches.at(-1)?.options.after).toBe(`item-${length - 1}`);
    expect(await stepsDone(page)).toBe(2);
  });

  it.each([
    { tab: 'Training', body: epochDone(1), shown: 'The values of 1 epoch' },
    { tab: 'Layers', body: epochDone(1), shown: /^2 → 1, down by 1/ },
    { tab: 'Layers', body: guard, shown: 'Guard: 1 solve refused' },
    { tab: 'Workers', body: lost, shown: /w1 was lost: silent/ },
  ])('are shown in the tab $tab while it is open: $body.type', async ({ tab, body, shown }) => {
    const { service, id, target } = await running();
    service.tell(id, numbered(2, step(1, 500)));
    const { page } = await openPage(target, `/jobs/${id}`);
    await page.getByRole('img', { name: /batch 500,/ }).waitFor(TIMEOUT);
    await page.getByRole('group', { name: 'What to look at' }).getByText(tab).click();
    expect(await page.getByText(shown).count()).toBe(0);
    service.tell(id, numbered(3, body));
    await page.getByText(shown).waitFor(TIMEOUT);
  });

  it('need no connection while nobody looks at the page', async () => {
    const { service, id, target } = await running();
    service.tell(id, numbered(2, step(1, 500)));
    const { page } = await openPage(target, `/jobs/${id}`);
    await page.getByRole('img', { name: /batch 500,/ }).waitFor(TIMEOUT);
    const look = (hidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await look(true);
    await expect.poll(() => service.watching, TIMEOUT).toBe(0);
    service.tell(id, numbered(3, step(2, 450)));
    await look(false);
    await page.getByRole('img', { name: /batch 450,/ }).waitFor(TIMEOUT);
    expect(await stepsDone(page)).toBe(2);
  });

  it('are drawn without a stop, 10,000 of them and more, in memory that does not grow', async () => {
    const { service, id, target } = await running();
    const told = (from: number, count: number): void =>
      service.tell(
        id,
        ...Array.from({ length: count }, (_, index) =>
          numbered(from + index + 1, step(from + index, 100 + 50 * Math.sin((from + index) / 300))),
        ),
      );
    told(1, 10_000);
    const { page } = await openPage(target, `/jobs/${id}`);
    await expect.poll(() => stepsDone(page), TIMEOUT).toBe(10_000);
    // The longest time in which the page could not have answered a reader, while 10,000 points are drawn anew.
    await page.evaluate(`window.longest = 0; new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ entryTypes: ['longtask'] })`);
    for (let from = 10_001; from <= 10_200; from += 20) {
      told(from, 20);
      await expect.poll(() => stepsDone(page), TIMEOUT).toBe(from + 19);
    }
    const longest = await page.evaluate<number>('window.longest');
    console.info(`longest task with 10,000 points: ${Math.round(longest)} ms`);

    const client = await page.context().newCDPSession(page);
    const heap = async (): Promise<number> => {
      await client.send('HeapProfiler.collectGarbage');
      return (await client.send('Runtime.getHeapUsage')).usedSize;
    };
    told(10_201, 30_000);
    await expect.poll(() => stepsDone(page), TIMEOUT).toBe(40_200);
    const before = await heap();
    told(40_201, 60_000);
    await expect.poll(() => stepsDone(page), { timeout: 60_000 }).toBe(100_200);
    const grown = (await heap()) - before;
    console.info(`60,000 further steps: ${Math.round(grown / 1000)} kB more`);
    // All of them would be above 10 MB.
    expect(grown).toBeLessThan(3_000_000);
    expect(await page.getByRole('img', { name: chartText }).count()).toBe(1);
  }, 180_000);

  it('of a chart are looked at closely with the pointer and from the keyboard', async () => {
    const { service, id, target } = await running();
    service.tell(
      id,
      ...Array.from({ length: 100 }, (_, index) => numbered(index + 2, step(index + 1, 200 - index))),
    );
    const { page } = await openPage(target, `/jobs/${id}`);
    const chart = page.getByRole('img', { name: chartText });
    await expect.poll(() => stepsDone(page), TIMEOUT).toBe(100);
    // Before that, nothing there listens to the pointer.
    await chart.locator('canvas').waitFor(TIMEOUT);
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const under = async (): Promise<number> => Number(await page.locator('.legend-x b').innerText());
    await expect.poll(under, TIMEOUT).toBeLessThan(60);
    const at = await under();
    const loss = await page
      .getByRole('button', { name: /^batch/ })
      .locator('b')
      .innerText();
    expect(Number(loss)).toBe(201 - at);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    const all = page.getByRole('button', { name: 'Show all' });
    await all.click();
    await all.waitFor({ state: 'detached', ...TIMEOUT });
    await chart.focus();
    await page.keyboard.press('+');
    await all.waitFor(TIMEOUT);
    await page.keyboard.press('0');
    await all.waitFor({ state: 'detached', ...TIMEOUT });
    await page.getByRole('button', { name: 'Linear' }).click();
    await page.getByRole('group', { name: 'Against' }).getByText('Epochs').click();
    await page.getByRole('img', { name: /^Loss against epoch/ }).waitFor(TIMEOUT);
  });
});
