import { catalogue, type ErrorCode } from '#core/errors/catalogue.js';
import { cliErrors } from '#core/errors/cli.js';
import { clusterErrors } from '#core/errors/cluster.js';
import { dataErrors } from '#core/errors/data.js';
import { engineErrors } from '#core/errors/engine.js';
import type { ErrorEntry } from '#core/errors/entry.js';
import { LocopropError } from '#core/errors/error.js';
import { exportErrors } from '#core/errors/export.js';
import { serviceErrors } from '#core/errors/service.js';
import { specErrors } from '#core/errors/spec.js';
import { storeErrors } from '#core/errors/store.js';
import { trackingErrors } from '#core/errors/tracking.js';
import { trainingErrors } from '#core/errors/training.js';
import { describe, expect, it } from 'vitest';

const entries = Object.entries<ErrorEntry>(catalogue);
const areas = [
  cliErrors,
  clusterErrors,
  dataErrors,
  engineErrors,
  exportErrors,
  serviceErrors,
  specErrors,
  storeErrors,
  trackingErrors,
  trainingErrors,
];

describe('the catalogue of errors', () => {
  it('holds every code of every area once', () => {
    const codes = areas.flatMap((area) => Object.keys(area));
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.sort()).toEqual(Object.keys(catalogue).sort());
  });

  it.each(entries)(
    '%s says what is wrong and what to do',
    (code, { message, remedy, exitCode, retryable }) => {
      expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/);
      for (const text of [message, remedy]) {
        expect(text.trim()).toBe(text);
        expect(text.length).toBeGreaterThan(0);
        // Nothing but placeholders such as {file} stands in braces.
        expect(text.replace(/\{[a-z][A-Za-z]*\}/g, '')).not.toMatch(/[{}]/);
      }
      expect(remedy).toMatch(/\.$/);
      expect([1, 2]).toContain(exitCode);
      expect(typeof retryable).toBe('boolean');
    },
  );
});

describe('an error', () => {
  const code: ErrorCode = 'ENGINE_UNAVAILABLE';

  it('fills message and remedy with its details', () => {
    const error = new LocopropError('STORE_RUN_EXISTS', { directory: 'runs/a' });
    expect(error.message).toBe('The folder runs/a is not empty.');
    expect(error.remedy).toContain('--resume runs/a');
    expect(error.details).toEqual({ directory: 'runs/a' });
  });

  it('takes details as they are, whatever signs they hold', () => {
    const reason = 'no "{engine}" $1 $& here';
    const error = new LocopropError(code, { engine: 'onnx', reason });
    expect(error.message).toBe(`The engine onnx cannot be used here: ${reason}`);
  });

  it('keeps the placeholder of a detail that is missing', () => {
    expect(new LocopropError(code, { engine: 'onnx' }).message).toContain('{reason}');
  });

  it('says whether to try again, how a command ends, and what caused it', () => {
    const cause = new Error('below');
    const error = new LocopropError('ENGINE_LOST', {}, { cause });
    expect(error).toMatchObject({
      name: 'LocopropError',
      code: 'ENGINE_LOST',
      retryable: true,
      exitCode: 1,
      cause,
    });
  });
});
