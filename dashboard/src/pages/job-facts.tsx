import type { JobRun } from '../data/job-run.ts';
import { isActive } from '../data/job-actions.ts';
import { formatDateTime, formatNumber, formatSeconds, formatWhole } from '../format.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';

/** A job at a glance. */
export function JobFacts({ run }: { readonly run: JobRun }) {
  const { job, started } = run;
  if (job === null) return null;
  const now = progressOf(run);
  const facts: [string, string][] = [
    ['Step', now === null ? '–' : `${formatWhole(now.step)} of ${formatWhole(now.steps)}`],
    ['Epoch', now === null ? '–' : `${now.epoch} of ${now.epochs}`],
    ['Time left', isActive(job.state) ? formatSeconds(now?.secondsLeft) : '–'],
    ['Train loss', formatNumber(now?.trainLoss)],
    ['Test loss', formatNumber(now?.testLoss)],
    ['Examples/s', formatNumber(now?.examplesPerSecond)],
  ];
  if (job.state === 'queued' && job.position !== null) facts.push(['Jobs before it', String(job.position)]);
  if (job.state === 'running' && run.waiting !== null) facts.push(['Waits for workers', run.waiting]);
  if (started) facts.push(['Parameters', formatWhole(started.parameters)]);
  if (run.guardCount > 0) facts.push(['Guard refused', formatWhole(run.guardCount)]);
  facts.push(['Priority', String(job.priority)], ['Submitted', formatDateTime(job.submittedAt)]);
  if (job.startedAt !== null) facts.push(['Started', formatDateTime(job.startedAt)]);
  if (job.endedAt !== null) facts.push(['Ended', formatDateTime(job.endedAt)]);
  if (job.coordinator !== null) facts.push(['Coordinator', job.coordinator]);
  return (
    <section class="panel" aria-label="At a glance">
      <ProgressBar progress={now} />
      <dl class="facts wide">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The job's own progress is sent with its state only: its events know more. */
function progressOf({ job, started, steps, epochs, recent }: JobRun) {
  const { last } = steps;
  if (started === null || last === null) return job?.progress ?? null;
  const total = started.epochs * started.stepsPerEpoch;
  const epoch = epochs.at(-1);
  return {
    step: last.step,
    steps: total,
    epoch: Math.floor(last.step / started.stepsPerEpoch),
    epochs: started.epochs,
    loss: last.loss,
    trainLoss: epoch?.trainLoss ?? null,
    testLoss: epoch?.testLoss ?? null,
    examplesPerSecond: recent && started.trainExamples / started.stepsPerEpoch / recent.seconds,
    secondsLeft: recent && (total - last.step) * recent.seconds,
  };
}
