import { describe, expect, it } from 'vitest';
import type { Tokens } from '#services/security/tokens.js';
import { MemoryService } from '../support/memory-service.js';
import { openApi, TOKENS } from '../api-http/support.js';
import { openPage, useBrowser } from './browser.js';

useBrowser();

const KEY = 'locoprop.token';

describe('signing in', () => {
  it('is refused with a token that is none, and lasts with one until the tab is closed', async () => {
    const { page } = await openPage({ ...(await openApi(new MemoryService())), token: null });
    await page.getByLabel('Token').fill('not-a-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText(/token/i).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);

    await page.getByLabel('Token').fill(` ${TOKENS.read} `);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    expect(await page.evaluate(`sessionStorage.getItem('${KEY}')`)).toBe(TOKENS.read);
    expect(await page.evaluate('localStorage.length + document.cookie.length')).toBe(0);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('takes a token from the address, and leaves none there or in the history', async () => {
    const { page, url } = await openPage({ ...(await openApi(new MemoryService())), token: null });
    await page.goto('about:blank');
    await page.goto(`${url}/#token=${TOKENS.write}`);
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    expect(page.url()).toBe(`${url}/#/`);
    await page.goBack();
    expect(page.url()).toBe('about:blank');
  });

  it('is asked for again once the token is none any more', async () => {
    let known = true;
    const tokens: Tokens = {
      find: (token) => (known && token === 'a' ? { id: '1', name: 'one', role: 'read' } : null),
    };
    const api = await openApi(new MemoryService(), { tokens });
    const { page } = await openPage({ url: api.url, token: 'a' });
    await page.getByText('There are no jobs here yet.').waitFor();
    known = false;
    await page.getByLabel('Token').waitFor();
    await page.getByRole('alert').getByText(/token/i).waitFor();
  });

  it('is not needed where the coordinator lets everybody in', async () => {
    const api = await openApi(new MemoryService(), { tokens: null });
    const { page } = await openPage({ url: api.url, token: null });
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
  });
});
