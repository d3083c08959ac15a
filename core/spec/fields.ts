import { z } from 'zod';

/** A whole number; without a maximum, up to 2⁵³ − 1. */
export const wholeNumber = (
  description: string,
  { minimum = 1, maximum = Number.MAX_SAFE_INTEGER }: { minimum?: number; maximum?: number } = {},
) => z.int().min(minimum).max(maximum).describe(description);

/** The path of a file or folder; no system takes longer ones. */
export const filePath = (description: string) => z.string().min(1).max(4096).describe(description);

/** One of a few words. */
export const word = <const Words extends readonly string[]>(words: Words, description: string) =>
  z.enum(words).describe(description);
