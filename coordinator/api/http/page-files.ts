import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from '../../../services/store/failure.js';

/** Where `npm run build` puts the dashboard. */
const BUILT = fileURLToPath(new URL('../../../dashboard', import.meta.url));

/** The forms in which a browser may take a file, the smallest first, with the endings of their files. */
export const codings = { br: '.br', gzip: '.gz' } as const;
export type Coding = keyof typeof codings;

/** A file of the dashboard, in memory: no request reaches the file system. */
export interface PageFile {
  /** As a browser asks for it. */
  readonly path: string;
  readonly type: string;
  readonly etag: string;
  /** Whether its name changes with what is in it. */
  readonly hashed: boolean;
  readonly bytes: Buffer;
  readonly compressed: Readonly<Partial<Record<Coding, Buffer>>>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Null where the dashboard was not built, as in a source checkout that was only compiled. */
export async function readPage(folder = BUILT): Promise<readonly PageFile[] | null> {
  let names: string[];
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  const present = new Set(names);
  const served = names.filter((name) => extname(name) in types);
  return Promise.all(served.map((name) => readPageFile(folder, name, present)));
}

async function readPageFile(folder: string, name: string, present: ReadonlySet<string>): Promise<PageFile> {
  const bytes = await readFile(join(folder, name));
  const compressed: Partial<Record<Coding, Buffer>> = {};
  for (const [coding, ending] of Object.entries(codings)) {
    if (present.has(name + ending))
      compressed[coding as Coding] = await readFile(join(folder, name + ending));
  }
  return {
    path: name === 'index.html' ? '/' : `/${name}`,
    type: types[extname(name)]!,
    etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
    hashed: name.startsWith('assets/'),
    bytes,
    compressed,
  };
}
