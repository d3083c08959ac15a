import { useMemo } from 'preact/hooks';
import type { Confusion } from '../api/types.ts';
import { formatPercent, formatWhole } from '../format.ts';
import { Panel } from '../ui/panel.tsx';

/** How strong the colour of a cell may be: the figures in it are to be read. */
const STRONGEST = 45;

/** Which classes a classifier takes for which. */
export function ConfusionPanel({ confusion }: { readonly confusion: Confusion }) {
  // The job is drawn anew with every step, its matrix only with an epoch.
  return useMemo(() => <Matrix confusion={confusion} />, [confusion]);
}

function Matrix({ confusion: { epoch, data, counts } }: { readonly confusion: Confusion }) {
  return (
    <Panel title={`Classes of the ${data === 'test' ? 'test' : 'training'} data after epoch ${epoch}`}>
      <div class="scroll confusion" tabIndex={0} role="region" aria-label="Confusion matrix">
        <table>
          <caption>
            A row for each true class, a column for each class that the network says; the colour is the share
            of the row.
          </caption>
          <thead>
            <tr>
              <th scope="col">true class</th>
              {counts.map((_, predicted) => (
                <th key={predicted} scope="col">
                  {predicted}
                </th>
              ))}
              <th scope="col">right</th>
            </tr>
          </thead>
          <tbody>
            {counts.map((row, label) => (
              <Row key={label} row={row} label={label} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Row({ row, label }: { readonly row: readonly number[]; readonly label: number }) {
  const total = row.reduce((sum, count) => sum + count, 0);
  const share = (count: number): number => (total === 0 ? 0 : count / total);
  return (
    <tr>
      <th scope="row">{label}</th>
      {row.map((count, predicted) => (
        <td
          key={predicted}
          class={count === 0 ? 'none' : ''}
          style={{ background: cellColour(share(count), predicted === label) }}
        >
          {formatWhole(count)}
        </td>
      ))}
      <td>{total === 0 ? '–' : formatPercent(share(row[label] ?? 0))}</td>
    </tr>
  );
}

const cellColour = (share: number, isRight: boolean): string =>
  `color-mix(in srgb, var(--${isRight ? 'curve-1' : 'curve-2'}) ${(share * STRONGEST).toFixed(1)}%, transparent)`;
