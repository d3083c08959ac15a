import { escapeXml } from './xml.js';

/** Far below the largest double, so that an axis around it can still be computed. */
export const MAX_LOSS = 1e300;
/** Below it doubles lose digits, and an axis between two of them its ticks. */
export const MIN_LOSS = 1e-300;

/** SVG needs no more than tenths of a pixel. */
export const round = (pixels: number): number => Math.round(pixels * 10) / 10;

export const rule = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;

export const label = ({ x, y }: { x: number; y: number }, content: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeXml(content)}</text>`;

export const shortened = (title: string, length: number): string =>
  title.length > length ? `${title.slice(0, length - 1)}…` : title;
