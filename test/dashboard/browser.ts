import { createRequire } from 'node:module';
import { access } from 'node:fs/promises';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

/** Debian's, unless this variable names another one. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
  // As root, as in a container, it does not start with its sandbox.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** What a page may say where a request was refused or a coordinator is gone: the tests see to it. */
const OF_REQUESTS = /^Failed to load resource: /;

let browser: Browser | null = null;

/** The tests of a file have a browser, each page of theirs a profile of its own. */
export function useBrowser(): void {
  beforeAll(async () => {
    try {
      await access(CHROMIUM);
    } catch (cause) {
      throw new Error(`There is no Chromium at ${CHROMIUM}: install Debian's, or set CHROMIUM.`, { cause });
    }
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    browser = null;
  });
}

export interface Opened {
  readonly page: Page;
  /** Of the coordinator. */
  readonly url: string;
}

/**
 * A page of a coordinator, signed in where a token is given. At the end of the test it must have logged no error,
 * broken no rule of its policy, and asked no other host for anything.
 *
 * @param hash where to go: `/jobs`
 */
export async function openPage(
  { url, token }: { readonly url: string; readonly token: string | null },
  hash = '/jobs',
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !OF_REQUESTS.test(message.text())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  context.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !asked.startsWith(`blob:${url}/`)) wrong.push(`asked for ${asked}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(wrong).toEqual([]);
  });
  if (token !== null) {
    await page.goto(`${url}/#token=${token}`);
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await page.goto(`${url}/#${hash}`);
  } else {
    await page.goto(`${url}/#${hash}`);
  }
  return { page, url };
}

const axeFile = createRequire(import.meta.url).resolve('axe-core');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe-core finds wrong for those who do not see or do not use a mouse, as far as it is serious. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // The page's policy lets no script in; a debugger may run one all the same.
  const { readFile } = await import('node:fs/promises');
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join('\n')}`,
    );
}

/** Pixels by which a page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

/** A figure of a job at a glance, such as `Step`. */
export async function fact(page: Page, name: string): Promise<string> {
  const term = page.locator('.facts dt', { hasText: new RegExp(`^${name}$`) });
  return (await term.locator('xpath=following-sibling::dd').first().innerText()).trim();
}

/** Steps that the page says are done. */
export async function stepsDone(page: Page): Promise<number> {
  const [step = ''] = (await fact(page, 'Step')).split(' of ');
  return Number(step.replaceAll(',', ''));
}
