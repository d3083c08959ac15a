import { signal } from '@preact/signals';

/** Changes when the reader goes from light to dark: what is drawn on canvas is drawn anew. */
export const scheme = signal<'light' | 'dark'>('light');

const dark = matchMedia('(prefers-color-scheme: dark)');
const look = (): void => {
  scheme.value = dark.matches ? 'dark' : 'light';
};
dark.addEventListener('change', look);
look();

/** Of the style sheet, so that canvas and text have the same colours. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** How many there are for curves, jobs and workers, `--curve-1` and so on: more could not be told apart. */
export const CURVES = 8;

export const curveName = (index: number): string => `curve-${(index % CURVES) + 1}`;
