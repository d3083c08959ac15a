import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorClient } from '#services/client/client.js';
import { serviceSpec, STEPS_PER_EPOCH } from '../service-faults/jobs.js';
import { start, type Running } from '../support/processes.js';
import { fact, openPage, stepsDone, useBrowser } from './browser.js';

useBrowser();

/** A coordinator and two workers, as a user starts them. */
let up: Running;
let folder: string;
let server: { readonly url: string; readonly token: string };
let client: CoordinatorClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locoprop-dashboard-'));
  const ports = ['--http', '127.0.0.1:0', '--grpc', 'none', '--listen', '127.0.0.1:0'];
  up = start(['up', '--workers', '2', '--store', join(folder, 'store'), ...ports], {
    cwd: folder,
    env: { HOME: folder, XDG_CONFIG_HOME: undefined, LOCOPROP_TOKEN: undefined, LOCOPROP_URL: undefined },
  });
  const text = await up.waitFor('stdout', /Token: \S+/);
  const [, url = ''] = /^Dashboard: (\S+)\/$/m.exec(text) ?? [];
  const [, token = ''] = /^Token: (\S+)$/m.exec(text) ?? [];
  server = { url, token };
  client = new CoordinatorClient({ url: new URL(url), token, ca: null });
});
afterAll(async () => {
  await up.killAll();
  await rm(folder, { recursive: true, force: true });
});

const TIMEOUT = { timeout: 30_000 };
const badge = (page: Page, state: string) => page.locator('h1 .badge', { hasText: new RegExp(`^${state}$`) });

/** Types a spec in and submits it. @returns the id of the job whose page comes then */
async function submit(page: Page, spec: string): Promise<string> {
  await page.goto(`${server.url}/#/submit`);
  await page.getByLabel('Spec, in YAML or JSON').fill(spec);
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.waitForURL(/#\/jobs\/./, TIMEOUT);
  return decodeURIComponent(page.url().replace(/^.*#\/jobs\//, ''));
}

const endless = (name: string, seed = 1): string =>
  serviceSpec({ name, epochs: 10_000, seed, iterations: 5 });

describe('a job in the dashboard', () => {
  it('is submitted, grows a curve, is paused, resumed and cancelled', async () => {
    const { page } = await openPage(server);
    const id = await submit(page, endless('watched'));
    await badge(page, 'running').waitFor(TIMEOUT);
    const chart = page.getByRole('img', { name: /^Loss against step/ });
    await chart.waitFor(TIMEOUT);
    await expect.poll(() => stepsDone(page), TIMEOUT).toBeGreaterThan(STEPS_PER_EPOCH);
    const before = await stepsDone(page);
    const drawn = await chart.screenshot();
    await expect.poll(() => stepsDone(page), TIMEOUT).toBeGreaterThan(before + STEPS_PER_EPOCH);
    expect(drawn.equals(await chart.screenshot())).toBe(false);
    expect(await chart.getAttribute('aria-label')).toMatch(/batch [\d.]+, train [\d.]+/);

    await page.getByRole('button', { name: 'Pause' }).click();
    await badge(page, 'paused').waitFor(TIMEOUT);
    expect((await client.get(id)).state).toBe('paused');
    const stopped = await stepsDone(page);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => stepsDone(page), TIMEOUT).toBeGreaterThan(stopped);
    expect(await page.getByRole('button', { name: 'Delete' }).count()).toBe(0);

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const question = page.getByRole('dialog', { name: `Cancel ${id}?` });
    await question.getByRole('button', { name: 'Keep it' }).click();
    expect((await client.get(id)).state).toBe('running');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await question.getByRole('button', { name: 'Cancel it' }).click();
    await badge(page, 'cancelled').waitFor(TIMEOUT);

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor(TIMEOUT);
    await expect.poll(async () => page.getByRole('link', { name: 'watched' }).count(), TIMEOUT).toBe(0);
    await expect(client.get(id)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  it('has its epochs, files, log, layers and spec to look at, to download and to clone', async () => {
    const { page } = await openPage(server);
    const id = await submit(page, serviceSpec({ name: 'whole', epochs: 3 }));
    await badge(page, 'completed').waitFor(TIMEOUT);
    const metrics = await client.metrics(id);
    expect(await fact(page, 'Epoch')).toBe('3 of 3');
    await page.getByText('The values of 3 epochs').click();
    expect(await page.locator('details tbody th').allInnerTexts()).toEqual(['3', '2', '1']);

    const tab = (name: string) =>
      page.getByRole('group', { name: 'What to look at' }).getByText(name).click();
    await tab('Layers');
    const layers = page.getByRole('img', { name: /^Local objective of layer/ });
    await expect.poll(() => layers.count(), TIMEOUT).toBe(metrics[0]!.layers.length);

    await tab('Workers');
    await page.getByText(/From step \d+ on/).waitFor(TIMEOUT);

    await tab('Files');
    const saved = page.waitForEvent('download', TIMEOUT);
    await page.getByRole('button', { name: 'spec.yaml' }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe('spec.yaml');
    const own = await fetch(`${server.url}/v1/jobs/${id}/artifacts/spec.yaml`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(await readFile(await file.path(), 'utf8')).toBe(await own.text());
    const picture = page.getByRole('img', { name: 'reconstructions.png' });
    await picture.waitFor(TIMEOUT);
    await picture.evaluate((image: { decode(): Promise<void> }) => image.decode());

    await tab('Log');
    const lines = page.locator('.log-line');
    await lines.filter({ hasText: 'job.completed' }).waitFor(TIMEOUT);
    expect(await lines.filter({ hasText: 'step.done' }).count()).toBe(0);
    await page.getByLabel('Filter the log').fill('epoch.done');
    await expect.poll(() => lines.count(), TIMEOUT).toBe(3);
    await page.getByRole('button', { name: 'Debug' }).click();
    await page.getByLabel('Filter the log').fill('step.done');
    await expect.poll(() => lines.count(), TIMEOUT).toBe(3 * STEPS_PER_EPOCH);

    await tab('Spec');
    await page.locator('pre.spec', { hasText: 'name: whole' }).waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Clone' }).click();
    await expect
      .poll(() => page.getByLabel('Spec, in YAML or JSON').inputValue(), TIMEOUT)
      .toContain('name: whole');
    await page.getByText('Nothing is wrong with it').waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.waitForURL(/#\/jobs\/whole-/, TIMEOUT);
    const clone = decodeURIComponent(page.url().replace(/^.*#\/jobs\//, ''));
    expect(clone).not.toBe(id);
    expect((await client.get(clone)).spec).toEqual((await client.get(id)).spec);

    await page.goto(`${server.url}/#/compare?jobs=${id},${clone}`);
    await page
      .getByRole('img', { name: new RegExp(`^Training loss against epochs. .*${id}`) })
      .waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Training time' }).click();
    await page.getByRole('img', { name: /^Training loss against training time/ }).waitFor(TIMEOUT);
  });

  it('is told what is wrong with its spec, at the line, by the schema and by the coordinator', async () => {
    const { page } = await openPage(server, '/submit');
    const editor = page.getByLabel('Spec, in YAML or JSON');
    const problems = page.locator('#spec-problems');
    const lineOf = (text: string, part: string): number =>
      text.split('\n').findIndex((line) => line.includes(part)) + 1;

    const typed = serviceSpec({ name: 'wrong' }).replace('epochs: 4', 'epochs: many');
    await editor.fill(typed);
    await problems.getByText(/^training\.epochs/).waitFor(TIMEOUT);
    const line = lineOf(typed, 'epochs: many');
    await problems.getByRole('button', { name: `Line ${line}` }).click();
    const selected = await editor.evaluate(
      (area: { value: string; selectionStart: number; selectionEnd: number }) =>
        area.value.slice(area.selectionStart, area.selectionEnd),
    );
    expect(selected).toBe(typed.split('\n')[line - 1]);

    // What only the coordinator knows: another plugin might have defined it.
    const refused = serviceSpec({ name: 'wrong' }).replace('transfer: tanh', 'transfer: tanhh');
    await editor.fill(refused);
    await problems.getByText('did you mean "tanh"?').waitFor(TIMEOUT);
    await problems.getByRole('button', { name: `Line ${lineOf(refused, 'tanhh')}` }).waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByRole('alert').getByText('did you mean "tanh"?').waitFor(TIMEOUT);

    await editor.fill('name: [');
    await problems.getByRole('button', { name: 'Line 1' }).waitFor(TIMEOUT);
  });

  it('is submitted from a file that is dropped or opened', async () => {
    const { page } = await openPage(server, '/submit');
    const file = join(folder, 'dropped.yaml');
    await writeFile(file, serviceSpec({ name: 'opened' }));
    await page.getByLabel('Open a file').setInputFiles(file);
    const editor = page.getByLabel('Spec, in YAML or JSON');
    await expect.poll(() => editor.inputValue(), TIMEOUT).toContain('name: opened');
    const text = JSON.stringify(serviceSpec({ name: 'dropped' }));
    const dropped = await page.evaluateHandle(
      `(() => { const data = new DataTransfer(); data.items.add(new File([${text}], 'a.yaml')); return data; })()`,
    );
    await editor.dispatchEvent('drop', { dataTransfer: dropped });
    await expect.poll(() => editor.inputValue(), TIMEOUT).toContain('name: dropped');
  });

  it('stands in the list with its state, place and progress, where it is found', async () => {
    const running = await client.submit(endless('first'));
    const waiting = await client.submit(endless('second', 2));
    const { page } = await openPage(server);
    const row = (name: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) });
    await row('first').getByText('running').waitFor(TIMEOUT);
    await row('second').getByText('next in the queue').waitFor(TIMEOUT);
    await row('first').getByText(/left$/).waitFor(TIMEOUT);
    await row('first')
      .getByRole('img', { name: /^Loss: from/ })
      .waitFor(TIMEOUT);
    await page.getByRole('button', { name: 'Completed' }).click();
    await row('whole').first().waitFor(TIMEOUT);
    await expect.poll(() => row('first').count(), TIMEOUT).toBe(0);
    await page.getByRole('button', { name: 'Active' }).click();
    await page.getByLabel('Search jobs').fill('sec queued');
    await row('second').waitFor(TIMEOUT);
    await expect.poll(() => row('first').count(), TIMEOUT).toBe(0);
    await expect.poll(() => row('second').count(), TIMEOUT).toBe(1);
    await client.change(waiting.id, 'cancel');
    await client.change(running.id, 'cancel');
    await page.getByText('No job fits.').waitFor(TIMEOUT);
  });
});
