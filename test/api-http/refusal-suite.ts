import { describe, expect, it } from 'vitest';
import { refusals } from './refusal-table.js';
import { call, type Api } from './support.js';

/** An interface with two jobs. */
export interface RefusalSubject {
  readonly api: Api;
  /** The id of one that has ended. */
  readonly ended: string;
  /** The id of one that waits. */
  readonly waiting: string;
}

/** Every refusal of the table, whatever service is behind the interface. */
export function refusesWithProblems(name: string, open: () => Promise<RefusalSubject>): void {
  describe(`${name} refuses with a problem:`, () => {
    it.each(refusals)('$name', async ({ method = 'GET', path, status, code, ...rest }) => {
      const { api, ended, waiting } = await open();
      const reply = await call(
        api,
        method,
        path.replace('{ended}', ended).replace('{waiting}', waiting),
        rest,
      );
      expect(reply).toMatchObject({ status, json: { code, status, type: `urn:locoprop:error:${code}` } });
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
      const problem = reply.json as Record<string, unknown>;
      expect(problem['instance']).toBe(`urn:uuid:${String(reply.headers['x-request-id'])}`);
      for (const field of ['title', 'detail', 'remedy']) expect(problem[field]).toMatch(/\w/);
      // No placeholder was left open.
      expect(reply.text).not.toMatch(/\{\w+\}/);
      expect(reply.headers['www-authenticate']?.startsWith('Bearer ')).toBe(
        status === 401 ? true : undefined,
      );
      expect(api.failures).toEqual([]);
      expect(api.log.at(-1)).toMatchObject({ status, method });
    });
  });
}
