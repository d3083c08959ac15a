import { signal } from '@preact/signals';
import { decoded } from './router.ts';

const KEY = 'locoprop.token';

/** The bearer token; it lives as long as the tab. Null where there is none, or none is needed. */
export const token = signal<string | null>(sessionStorage.getItem(KEY));

/** `unknown` until the coordinator was asked. */
export const access = signal<'unknown' | 'granted' | 'refused'>('unknown');

/** Why somebody has to sign in who was signed in before. */
export const refusal = signal<string | null>(null);

export function signIn(value: string | null): void {
  if (value === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, value);
  token.value = value;
}

export function signOut(reason: string | null = null): void {
  signIn(null);
  refusal.value = reason;
  access.value = 'refused';
}

/** Takes the token that `locoprop up --open` hands over as `#token=…`, and removes it from the address. @returns whether there was one */
export function takeToken(): boolean {
  const [, value] = /^#token=([^&]+)$/.exec(location.hash) ?? [];
  if (value === undefined) return false;
  signIn(decoded(value));
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  return true;
}
