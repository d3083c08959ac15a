import type { RunEvent } from '../core/events.js';
import { hasEnded } from '../core/job/states.js';
import type { FeedItem, JobView } from '../core/job/view.js';
import type { CoordinatorClient } from '../services/client/client.js';
import { historyText, jobLine, progressText, stateText } from './job-text.js';
import { Interruption } from './interruption.js';
import { note, print, printJson } from './output.js';
import { openProgress, ownTime, type ProgressView } from './progress.js';

/**
 * Shows what a job does until it has ended: progress as `train` has it, and every change of its state. A
 * signal ends the showing and nothing else.
 *
 * @param shown the job as it was told of already
 * @returns the exit code: 0 for a completed job, 1 for one that failed or was cancelled
 */
export async function follow(
  client: CoordinatorClient,
  id: string,
  { json, shown = null }: { readonly json: boolean; readonly shown?: JobView | null },
): Promise<number> {
  const interruption = new Interruption(null);
  const progress = openProgress(process.stderr, { timeOf: ownTime });
  const view = new FollowView(progress, shown);
  try {
    const { signal } = interruption;
    const onLost = (reason: string): void =>
      progress.remark(`the connection was lost (${reason}); trying again`);
    for await (const item of client.follow(id, { signal, onLost })) view.show(item);
    progress.close();
    // As it is in the end; the feed has had a look at it in between.
    const job = await client.get(id);
    if (json) printJson(job);
    else report(job);
    return job.state === 'completed' ? 0 : 1;
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
    progress.close();
    note(`\nThe job goes on without this. To see more of it: locoprop status ${id} --follow`);
    return interruption.exitCode;
  } finally {
    progress.close();
    interruption.close();
  }
}

function report(job: JobView): void {
  const { failure, state } = job;
  const text = progressText(job);
  print(`${jobLine(job)}${text === '' ? '' : `; ${text}`}`);
  if (state === 'failed' && failure) note(`error ${failure.code}: ${failure.message}\n${failure.remedy}`);
  if (state === 'completed') note(`get its files with: locoprop download ${job.id}`);
}

/** Turns a feed into lines and progress. */
class FollowView {
  readonly #progress: ProgressView;
  #state: string;
  /** The last one that was shown. */
  #epoch = 0;

  constructor(progress: ProgressView, shown: JobView | null) {
    this.#progress = progress;
    this.#state = shown === null ? '' : stateText(shown);
  }

  show(item: FeedItem): void {
    switch (item.kind) {
      case 'job':
        this.#showState(item.job);
        break;
      case 'job-event':
        if (item.event.type === 'job.retried' || item.event.type === 'job.returned')
          this.#progress.remark(historyText(item.event));
        break;
      case 'event':
        this.#showEvent(item.event);
        break;
      case 'rewind':
        this.#progress.remark('goes on from its last checkpoint');
        break;
    }
  }

  /** An epoch that was done before the run went back to a checkpoint comes to the same, and was shown. */
  #showEvent(event: RunEvent): void {
    if (event.type === 'epoch.done') {
      if (event.epoch <= this.#epoch) return;
      this.#epoch = event.epoch;
    }
    this.#progress.record(event);
  }

  #showState(job: JobView): void {
    const text = stateText(job);
    if (text === this.#state) return;
    this.#state = text;
    // How it has ended is the result, and told as that.
    if (hasEnded(job.state)) return;
    const resume = job.state === 'paused' ? `; go on with: locoprop resume ${job.id}` : '';
    this.#progress.remark(`${jobLine(job)}${resume}`);
  }
}
