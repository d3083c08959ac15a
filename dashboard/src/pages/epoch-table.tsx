import { useState } from 'preact/hooks';
import type { EpochMetrics } from '../api/types.ts';
import { formatCount, formatNumber, formatPercent, formatSeconds } from '../format.ts';

/** Of epochs that the table has, the newest. */
const ROWS = 100;

interface EpochTableProps {
  readonly epochs: readonly EpochMetrics[];
}

/** What the chart shows, in numbers; made only while it is open. */
export function EpochTable({ epochs }: EpochTableProps) {
  const [open, setOpen] = useState(false);
  if (epochs.length === 0) return null;
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The values of {formatCount(epochs.length, 'epoch')}</summary>
      {open ? <Values epochs={epochs} /> : null}
    </details>
  );
}

function Values({ epochs }: EpochTableProps) {
  const accuracy = epochs.some(
    ({ testAccuracy, trainAccuracy }) => testAccuracy !== null || trainAccuracy !== null,
  );
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Values of the epochs">
      <table>
        <thead>
          <tr>
            <th scope="col">Epoch</th>
            <th scope="col">Train loss</th>
            <th scope="col">Test loss</th>
            {accuracy ? <th scope="col">Train accuracy</th> : null}
            {accuracy ? <th scope="col">Test accuracy</th> : null}
            <th scope="col">Time</th>
            <th scope="col">Examples/s</th>
          </tr>
        </thead>
        <tbody>
          {epochs
            .slice(-ROWS)
            .reverse()
            .map((epoch) => (
              <tr key={epoch.epoch}>
                <th scope="row">{epoch.epoch}</th>
                <td>{formatNumber(epoch.trainLoss)}</td>
                <td>{formatNumber(epoch.testLoss)}</td>
                {accuracy ? <td>{share(epoch.trainAccuracy)}</td> : null}
                {accuracy ? <td>{share(epoch.testAccuracy)}</td> : null}
                <td>{formatSeconds(epoch.trainSeconds)}</td>
                <td>{formatNumber(epoch.examplesPerSecond)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

const share = (value: number | null): string => (value === null ? '–' : formatPercent(value));
