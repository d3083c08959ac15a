import type { Spread } from './measure.js';

const fixed = (value: number): string => value.toFixed(2);

/** `0.91 (0.88–0.93)`. */
export const ratioText = ({ median, min, max }: Spread): string =>
  `${fixed(median)} (${fixed(min)}–${fixed(max)})`;

export const percentText = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const millisecondsText = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;
