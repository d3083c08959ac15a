import type { Worker } from '../api/types.ts';
import { timelineOf, type Lane, type Span } from '../data/timeline.ts';
import { formatPercent, formatSeconds } from '../format.ts';
import { Panel } from '../ui/panel.tsx';

/** Parts of the width, whatever that is. */
const WIDTH = 1000;
const HEIGHT = 20;
/** Transfers lie below what is solved meanwhile. */
const BELOW = 13;

const kinds = [
  ['solve', 'solves', 'curve-2', 0, BELOW - 1],
  ['receive', 'receives', 'curve-1', BELOW, HEIGHT],
  ['send', 'sends', 'curve-4', BELOW, HEIGHT],
] as const;

/** What each worker did in its last steps, one below the other, on the same clock. */
export function TimelinePanel({ workers }: { readonly workers: readonly Worker[] }) {
  const timeline = timelineOf(workers);
  if (timeline === null) return null;
  const { span, lanes } = timeline;
  return (
    <Panel title={`The last ${formatSeconds((span.to - span.from) / 1000)} of solving`}>
      <ul class="legend" aria-label="Colours">
        {kinds.map(([kind, text, colour]) => (
          <li key={kind}>
            <i class="block" style={{ background: `var(--${colour})` }} /> {text}
          </li>
        ))}
        <li>
          <i class="block idle" /> idle
        </li>
      </ul>
      <ol class="timeline">
        {lanes.map((lane) => (
          <li key={lane.worker}>
            <span class="timeline-name">{lane.worker}</span>
            <svg
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={`${lane.worker}: ${sharesText(lane)}`}
            >
              {kinds.map(([kind, , colour, top, bottom]) => (
                <path
                  key={kind}
                  style={{ fill: `var(--${colour})` }}
                  d={pathOf(lane[kind], span, top, bottom)}
                />
              ))}
            </svg>
            <span class="muted number">{sharesText(lane)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

const sharesText = ({ shares }: Lane): string =>
  `solves ${formatPercent(shares.solve)}, receives ${formatPercent(shares.receive)}, sends ${formatPercent(shares.send)}, idle ${formatPercent(shares.idle)}`;

/** One path for all spans of a kind: there may be hundreds. */
function pathOf(spans: readonly Span[], { from, to }: Span, top: number, bottom: number): string {
  const scale = WIDTH / (to - from);
  return spans
    .map((span) => {
      const [left, right] = [(span.from - from) * scale, (span.to - from) * scale];
      return `M${left.toFixed(2)} ${top}H${Math.max(right, left + 0.5).toFixed(2)}V${bottom}H${left.toFixed(2)}Z`;
    })
    .join('');
}
