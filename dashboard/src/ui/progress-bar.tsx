import type { Progress } from '../api/types.ts';
import { formatPercent } from '../format.ts';

export function ProgressBar({ progress }: { readonly progress: Progress | null }) {
  const share = progress === null || progress.steps === 0 ? 0 : progress.step / progress.steps;
  return (
    <span class="progress">
      <progress value={share} max={1} aria-label={`${formatPercent(share)} of the steps`} />
      <span class="progress-text">{formatPercent(share)}</span>
    </span>
  );
}
