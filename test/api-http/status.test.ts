import { describe, expect, it } from 'vitest';
import { statusOf, titleOf } from '#coordinator/api/http/status.js';
import { catalogue, type ErrorCode } from '#core/errors/catalogue.js';
import { serviceErrors } from '#core/errors/service.js';

describe('the status of a failure', () => {
  it.each(Object.keys(catalogue) as ErrorCode[])('%s is a refusal or a failure, with a title', (code) => {
    const status = statusOf(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(titleOf(status)).not.toMatch(/^Status /);
  });

  it.each(Object.entries(serviceErrors))('%s agrees with whether to try again', (code, { retryable }) => {
    // What may pass by itself: a conflict, haste, sloth, or the coordinator's own trouble.
    if (retryable) expect([408, 409, 422, 429, 500, 503]).toContain(statusOf(code as ErrorCode));
  });
});
