import { useRef, useState } from 'preact/hooks';
import type { SpecProblem } from '../api/types.ts';

/** Who has looked at the text: the schema knows the fields, the coordinator more. */
export type CheckedBy = 'schema' | 'coordinator';

export interface SpecEditorProps {
  readonly text: string;
  readonly problems: readonly SpecProblem[];
  readonly checkedBy: CheckedBy;
  readonly onText: (text: string) => void;
}

/** A text with numbered lines, into which a file may be dropped, and what is wrong with it, line by line. */
export function SpecEditor({ text, problems, checkedBy, onText }: SpecEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState(false);
  const marked = new Set(problems.map(({ line }) => line));
  const count = text.split('\n').length;

  const jump = (line: number): void => {
    const before = text.split('\n').slice(0, line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0);
    const { length } = text.split('\n')[line - 1] ?? '';
    area.current?.focus();
    area.current?.setSelectionRange(start, start + length);
  };
  return (
    <>
      <div
        class={`editor ${dragged ? 'dragged' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          setDragged(true);
        }}
        onDragLeave={() => setDragged(false)}
        onDrop={(event) => {
          event.preventDefault();
          setDragged(false);
          const [file] = event.dataTransfer?.files ?? [];
          if (file) void file.text().then(onText);
        }}
      >
        <div class="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: count }, (_, index) => (
            <div key={index} class={marked.has(index + 1) ? 'marked' : ''}>
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label="Spec, in YAML or JSON"
          aria-describedby="spec-problems"
          aria-invalid={problems.length > 0}
          spellcheck={false}
          autocapitalize="off"
          wrap="off"
          value={text}
          rows={Math.min(40, Math.max(16, count + 1))}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
          onScroll={({ currentTarget }) => gutter.current?.scrollTo(0, currentTarget.scrollTop)}
        />
      </div>
      <div id="spec-problems" class="spec-problems" aria-live="polite">
        {problems.length === 0 ? (
          <p class="muted">
            {checkedBy === 'coordinator'
              ? 'Nothing is wrong with it, says the coordinator.'
              : 'Nothing is wrong with it as far as its schema tells.'}{' '}
            A file may be dropped on the text.
          </p>
        ) : (
          <ul>
            {problems.map(({ line, text: what }) => (
              <li key={`${line} ${what}`}>
                {line === null ? null : (
                  <button type="button" class="link" onClick={() => jump(line)}>
                    Line {line}
                  </button>
                )}{' '}
                <span class="pre">{what}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}
