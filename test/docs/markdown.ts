import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the project, with a slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export const readPage = (name: string): string => readFileSync(`${root}${name}`, 'utf8');

/** Every page, by its path from the root. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The line before the block that is not empty. */
  readonly before: string;
}

/** The fenced blocks of a page. */
export const blocksOf = (page: string): Block[] =>
  Array.from(
    page.matchAll(/(?:^|\n)([^\n]*)\n*```(\w*)\n(.*?)```/gs),
    ([, before = '', language = '', text = '']) => ({
      before,
      language,
      text,
    }),
  );

/** A page without its fenced blocks. */
export const proseOf = (page: string): string => page.replaceAll(/```.*?```/gs, '');

/** The commands of a page's `sh` blocks, and of its `console` blocks those behind a `$`. */
export const commandsOf = (page: string): string[] =>
  blocksOf(page).flatMap(({ language, text }) => {
    const lines = text.split('\n').map((line) => line.replace(/\s+# .*$/, '').trim());
    if (language === 'sh') return lines.filter((line) => line !== '').flatMap((line) => line.split(' && '));
    if (language === 'console')
      return lines.filter((line) => line.startsWith('$ ')).flatMap((line) => line.slice(2).split(' && '));
    return [];
  });

/** Targets of a page's links and pictures. */
export const linksOf = (page: string): string[] =>
  Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

export const anchorsOf = (page: string): string[] =>
  Array.from(proseOf(page).matchAll(/^#+ (.*)$/gm), ([, heading = '']) => anchorOf(heading));
