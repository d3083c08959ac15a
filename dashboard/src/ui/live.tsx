import { effect, type ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { inOwnFrame } from './own-frame.ts';

export interface LiveProps {
  readonly changes: ReadonlySignal<number>;
  readonly children: (version: number) => ComponentChildren;
}

/** Draws its content anew with each change, in a frame of its own: the rest of the page stays as it is. */
export function Live({ changes, children }: LiveProps) {
  const [version, setVersion] = useState(changes.peek());
  useEffect(
    () =>
      effect(() => {
        const next = changes.value;
        return inOwnFrame(() => setVersion(next));
      }),
    [changes],
  );
  return <>{children(version)}</>;
}
