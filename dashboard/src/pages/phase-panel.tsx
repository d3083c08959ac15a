import type { Phases } from '../api/types.ts';
import type { JobRun, PhaseMeans } from '../data/job-run.ts';
import { formatPercent, formatSeconds, formatWhole } from '../format.ts';
import { Panel } from '../ui/panel.tsx';

const phases: readonly (readonly [keyof Phases | 'rest', string, string])[] = [
  ['data', 'waiting for data', 'curve-4'],
  ['forward', 'forward pass', 'curve-1'],
  ['targets', 'backward sweep', 'curve-3'],
  ['solve', 'local problems', 'curve-2'],
  ['rest', 'the rest', 'curve-faint'],
];

/** Where the time of a step goes. */
export function PhasePanel({ run: { recent, overall } }: { readonly run: JobRun }) {
  if (recent === null || overall === null) return null;
  const rows = [
    ['recent', `The last ${recent.steps} steps`, recent],
    ['overall', `All ${formatWhole(overall.steps)} steps`, overall],
  ] as const;
  return (
    <Panel title="Time of a step">
      <table class="phases">
        <thead>
          <tr>
            <th scope="col">Mean of</th>
            {phases.map(([name, text, colour]) => (
              <th key={name} scope="col">
                <i class="block" style={{ background: `var(--${colour})` }} /> {text}
              </th>
            ))}
            <th scope="col">a step</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, text, means]) => (
            <tr key={key}>
              <th scope="row">
                {text}
                <PhaseBar means={means} />
              </th>
              {phases.map(([name, label]) => (
                <td key={name} data-label={label}>
                  {formatSeconds(secondsOf(means, name))}{' '}
                  <span class="muted">{formatPercent(secondsOf(means, name) / means.seconds)}</span>
                </td>
              ))}
              <td data-label="a step">{formatSeconds(means.seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function secondsOf({ seconds, phases: own }: PhaseMeans, name: keyof Phases | 'rest'): number {
  if (name !== 'rest') return own[name];
  return Math.max(0, seconds - own.data - own.forward - own.targets - own.solve);
}

const PhaseBar = ({ means }: { readonly means: PhaseMeans }) => (
  <span class="phase-bar" aria-hidden="true">
    {phases.map(([name, , colour]) => (
      <i
        key={name}
        style={{ flexGrow: secondsOf(means, name) / means.seconds, background: `var(--${colour})` }}
      />
    ))}
  </span>
);
