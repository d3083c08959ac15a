import { z } from 'zod';

export const none = z.object({});

/** Ids are names of folders too, so nothing that could lead elsewhere is one. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'it is no id')
  .describe('The id of a job.');

export const jobId = z.object({ id });

export const datasetId = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'it is no SHA-256 in hexadecimal')
    .describe('The SHA-256 of the data set.'),
});

/** Relative, downwards only. Control characters could end a line of a header or a log. */
export const artifactName = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\\\p{Cc}\p{Cs}]*$/u, 'it is no name of a file')
  .refine((name) => name.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    message: 'it is no path within the job',
  })
  .describe('The name of the file; the `/` between its folders may stand as they are.');

export const fileName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\\p{Cc}\p{Cs}]*$/u, 'it is no name of a file')
  .refine((name) => name !== '.' && name !== '..', { message: 'it is no name of a file' });

export const flag = z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' });

export const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'it is no whole number')
    .transform(Number)
    .pipe(z.number().int().min(minimum).max(maximum));

/** Several words, with commas between them or each by itself. */
export const words = <const T extends readonly [string, ...string[]]>(allowed: T) =>
  z.preprocess(
    (value) =>
      value === undefined
        ? []
        : [value].flat().flatMap((text) => (typeof text === 'string' ? text.split(',') : [text])),
    z.array(z.enum(allowed)).max(50),
  );

/** Of a page or of an item of a feed. */
export const cursor = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x21-\x7e]+$/, 'it is no cursor');
