import { signal } from '@preact/signals';

/** A place of the page: what stands behind `#` in its address. */
export interface Route {
  /** Without empty parts: `#/jobs/a` is `jobs`, `a`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(query) };
}

export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Typed by hand: it names nothing, and is taken as it is.
    return part;
  }
}

export const route = signal<Route>(parseRoute(location.hash));

export function listenToRoute(): void {
  window.addEventListener('hashchange', () => {
    const before = route.value;
    route.value = parseRoute(location.hash);
    // A new page is read from its top, and the focus follows there.
    if (before.parts.join('/') !== route.value.parts.join('/')) {
      window.scrollTo(0, 0);
      document.getElementById('main')?.focus({ preventScroll: true });
    }
  });
}

export const go = (hash: string): void => {
  location.hash = hash;
};

/** Changes what stands behind `?` without a step in the browser's history. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const { parts, query } = route.value;
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  const path = parts.map(encodeURIComponent).join('/');
  history.replaceState(null, '', `#/${path}${text === '' ? '' : `?${text}`}`);
  route.value = { parts, query: next };
}

export const jobLink = (id: string): string => `#/jobs/${encodeURIComponent(id)}`;
