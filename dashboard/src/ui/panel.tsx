import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface PanelProps {
  readonly title: string;
  /** At the right of the title. */
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ title, tools, children }: PanelProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {tools === undefined ? null : <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
