import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../core/errors/message.js';
import { note } from './output.js';

export interface Dashboard {
  /** Of the coordinator. */
  readonly url: string;
  readonly token: string | null;
  /** The file with its tokens; null where nobody needs one. */
  readonly tokens: string | null;
}

/** What opens a file or an address with the program that the user has chosen for it. */
const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** In which a browser has read the page that leads to the dashboard. */
const READ_MS = 30_000;

/**
 * Opens the dashboard in the user's browser, signed in. Every user of the machine sees the arguments of a program,
 * so the token is not in them, but in a page for its owner alone, beside the tokens, which leads there.
 *
 * @returns what removes that page, which is done after a while in any case
 */
export async function openDashboard({ url, token, tokens }: Dashboard): Promise<() => Promise<void>> {
  if (token === null || tokens === null) {
    launch(`${url}/`, url);
    return () => Promise.resolve();
  }
  const file = join(dirname(tokens), 'open-dashboard.html');
  const remove = (): Promise<void> => rm(file, { force: true });
  try {
    await remove();
    await writeFile(file, leadingTo(`${url}/#token=${encodeURIComponent(token)}`), {
      mode: 0o600,
      flag: 'wx',
    });
  } catch (error) {
    note(`The dashboard is opened without a token: ${messageOf(error)}`);
    launch(`${url}/`, url);
    return () => Promise.resolve();
  }
  launch(file, url);
  const timer = setTimeout(() => {
    remove().catch((error: unknown) => note(`${file} holds a token and is still there: ${messageOf(error)}`));
  }, READ_MS);
  timer.unref();
  return async () => {
    clearTimeout(timer);
    await remove();
  };
}

/** Neither addresses nor tokens have characters that mean something in HTML. */
const leadingTo = (address: string): string =>
  `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>locoprop</title><meta http-equiv="refresh" content="0; url=${address}">\n`;

function launch(target: string, url: string): void {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const failed = (why: string): void => note(`No browser could be opened (${why}). The address is ${url}/`);
  const child = spawn(program, [...args, target], { stdio: 'ignore', detached: true });
  child.on('error', (error) => failed(messageOf(error)));
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) failed(`${program} has ended with ${code}`);
  });
  child.unref();
}
