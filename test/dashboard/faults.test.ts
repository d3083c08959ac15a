import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { Ground } from '../service-faults/service.js';
import { openPage, stepsDone, useBrowser } from './browser.js';

useBrowser();

const ground = new Ground();
const TIMEOUT = { timeout: 30_000 };
const long = { epochs: 2000, name: 'long' };

const workersTab = (page: Page) =>
  page.getByRole('group', { name: 'What to look at' }).getByText('Workers').click();

/** Epochs of the table, the newest first. */
const epochs = async (page: Page): Promise<number[]> =>
  (await page.locator('details tbody th').allInnerTexts()).map(Number);

describe('a page that is open', () => {
  it('shows how a worker dies and another takes its place', async () => {
    const service = await ground.service();
    const one = await service.coordinator('one');
    const workers = new Map(['w1', 'w2'].map((name) => [name, service.worker(name, one)]));
    const job = await service.submit(one, long);
    const target = { url: one.url, token: one.token };
    const { page } = await openPage(target, '/workers');
    const card = (name: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
    await card('w1').waitFor(TIMEOUT);
    await card('w2').waitFor(TIMEOUT);
    await page.getByRole('heading', { name: `Layers of ${job.id}` }).waitFor(TIMEOUT);
    const { page: other } = await openPage(target, `/jobs/${job.id}`);
    await expect.poll(() => stepsDone(other), TIMEOUT).toBeGreaterThan(5);

    // The planner may leave one of them without work.
    const { worker: dies } = (await one.client.workers()).find(({ parts }) => parts.length > 0)!;
    workers.get(dies)!.signal('SIGKILL');
    await card(dies).waitFor({ state: 'detached', ...TIMEOUT });
    await page
      .getByRole('region', { name: 'Gone since this page was opened' })
      .getByText(dies)
      .waitFor(TIMEOUT);
    await page.getByText(`${dies} was lost`).waitFor(TIMEOUT);
    service.worker('w3', one);
    await card('w3').waitFor(TIMEOUT);
    await page.getByText('w3 joined').waitFor(TIMEOUT);

    await workersTab(other);
    await other.getByText(`${dies} was lost`).waitFor(TIMEOUT);
    const recovered = other.getByText(new RegExp(`columns of layer \\d+ went from ${dies} to `));
    await recovered.first().waitFor(TIMEOUT);
    const lost = await stepsDone(other);
    await expect.poll(() => stepsDone(other), TIMEOUT).toBeGreaterThan(lost);
  });

  it('goes on where it was when the coordinator is killed and started again', async () => {
    const service = await ground.service();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, long);
    const { page } = await openPage({ url: one.url, token: one.token }, `/jobs/${job.id}`);
    await expect.poll(() => stepsDone(page), TIMEOUT).toBeGreaterThan(25);
    await page.getByText(/^The values of/).click();
    await one.kill();
    await page.getByText('The connection to the coordinator is lost.').waitFor(TIMEOUT);
    const before = await stepsDone(page);
    one.restart();
    await one.ready();
    await page
      .getByText('The connection to the coordinator is lost.')
      .waitFor({ state: 'detached', ...TIMEOUT });
    await expect.poll(() => stepsDone(page), TIMEOUT).toBeGreaterThan(before + 20);
    await one.client.change(job.id, 'pause');
    await page.locator('h1 .badge', { hasText: /^paused$/ }).waitFor(TIMEOUT);

    // Each epoch once, none missing, with the values that the coordinator has.
    // The table has the newest hundred.
    const known = (await one.client.metrics(job.id)).slice(-100);
    await expect.poll(() => epochs(page), TIMEOUT).toEqual(known.map(({ epoch }) => epoch).toReversed());
    const losses = await page.locator('details tbody tr td:nth-of-type(1)').allInnerTexts();
    const shown = losses.map((text) => Number(text.replaceAll(',', ''))).toReversed();
    for (const [index, { trainLoss }] of known.entries())
      expect(Math.abs(shown[index]! - trainLoss) / trainLoss).toBeLessThan(1e-3);
  });
});
