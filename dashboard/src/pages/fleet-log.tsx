import type { LogLine } from '../api/types.ts';
import { useLog } from '../data/use-log.ts';
import { Panel } from '../ui/panel.tsx';
import { FleetLines, type FleetLine } from './fleet-lines.tsx';

const KEPT = 100;

/** What happened to the workers of a running job, from its log. */
export function FleetLog({ job }: { readonly job: string }) {
  const { lines, problem } = useLog(job, { level: 'info', kept: KEPT, read });
  if (lines.length === 0 || problem !== null) return null;
  return (
    <Panel title={`What happened to the workers of ${job}`}>
      <FleetLines lines={lines.map(({ value }) => value)} />
    </Panel>
  );
}

function read(line: LogLine): FleetLine | null {
  if (!isOfWorkers(line)) return null;
  const { time, msg, worker, reason, from, part } = line;
  return {
    time,
    type: msg,
    worker: textOrNull(worker),
    reason: textOrNull(reason),
    from: textOrNull(from),
    part: isPart(part) ? part : null,
  };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const isOfWorkers = ({ msg }: LogLine): boolean =>
  msg.startsWith('worker.') || ['part.recovered', 'run.waiting', 'run.alone'].includes(msg);

const isPart = (part: unknown): part is { layer: number; worker: string } =>
  typeof part === 'object' && part !== null && 'layer' in part && 'worker' in part;
