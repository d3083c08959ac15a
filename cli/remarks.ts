import type { RunEvent } from '../core/events.js';
import { counted, significant } from './format.js';

/** What is told beside the progress of a run. */
export class Remarks {
  /** Of which it was told that they stayed as they were: where they do it once, they may do it every step. */
  readonly #gaveUp = new Set<number>();

  /** Null for most events. */
  on(event: RunEvent): string | null {
    if (event.type !== 'guard.gave-up') return remarkOn(event);
    const { layer, step, attempt } = event;
    if (this.#gaveUp.has(layer)) return null;
    this.#gaveUp.add(layer);
    const tries = attempt === 1 ? 'its first solve' : `${attempt} solves, each with a smaller step`;
    return `warning: layer ${layer} stayed as it was in step ${step}: the guard refused ${tries}`;
  }
}

function remarkOn(event: RunEvent): string | null {
  switch (event.type) {
    case 'checkpoint.damaged':
      return `passed over the checkpoint ${event.file}: ${event.reason}`;
    case 'worker.joined': {
      const speed = `${significant(event.gflops)} GFLOP/s, ${significant(event.bandwidth / 1e6)} MB/s`;
      return `worker ${event.worker} joined: ${event.engine}, ${counted(event.threads, 'thread')}, ${speed}`;
    }
    case 'worker.left':
      return `worker ${event.worker} left: ${event.reason}`;
    case 'worker.lost':
      return `worker ${event.worker} was lost: ${event.reason}`;
    case 'worker.refused':
      return `refused ${event.peer}: ${event.reason}`;
    case 'part.recovered':
      return `layer ${event.part.layer}, columns ${event.part.start} to ${event.part.end - 1}: went from ${event.from} to ${event.part.worker}, ${event.repeated} solves made again`;
    case 'plan.made':
      return planText(event);
    case 'run.waiting':
      return `waiting for workers: ${event.reason}`;
    case 'run.alone':
      return `workers are not used: ${event.reason}`;
    default:
      return null;
  }
}

/** Who solves what, as `local-1: 1, 2[0-500]`: whole layers by number, else their columns. */
function planText({ parts, predictedSeconds, leftOut }: Extract<RunEvent, { type: 'plan.made' }>): string {
  const widths = new Map<number, number>();
  for (const { layer, end } of parts) widths.set(layer, Math.max(end, widths.get(layer) ?? 0));
  const byWorker = new Map<string, string[]>();
  for (const { layer, start, end, worker } of parts) {
    const whole = start === 0 && end === widths.get(layer);
    const own = byWorker.get(worker) ?? [];
    byWorker.set(worker, [...own, whole ? `${layer}` : `${layer}[${start}-${end - 1}]`]);
  }
  const who = Array.from(byWorker, ([worker, layers]) => `${worker}: ${layers.join(', ')}`);
  const idle = leftOut.length === 0 ? [] : [`not used: ${leftOut.join(', ')}`];
  return `layers by worker: ${[...who, ...idle].join('; ')}; ${significant(predictedSeconds)} s a step foretold`;
}
