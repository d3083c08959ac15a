import { useState } from 'preact/hooks';
import { jobPath, problemFrom, request } from '../api/client.ts';
import type { Job, Problem } from '../api/types.ts';
import { mayBe, type JobAction } from '../data/job-actions.ts';
import { go } from '../router.ts';
import { Confirm } from './confirm.tsx';
import { ProblemNotice } from './notice.tsx';

export interface JobButtonsProps {
  readonly job: Job;
  readonly onChanged: (action: JobAction) => void;
}

const sure: Partial<Record<JobAction, string>> = {
  cancel: 'A cancelled job cannot be resumed. What it has written stays until it is deleted.',
  delete: 'Its checkpoints, metrics and log are deleted with it.',
};

/** What may be done with a job in its state. */
export function JobButtons({ job, onChanged }: JobButtonsProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asked, setAsked] = useState<JobAction | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (action: JobAction): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      if (action === 'delete') await request(jobPath(job.id), { method: 'DELETE' });
      else await request(jobPath(job.id, `/${action}`), { method: 'POST' });
      onChanged(action);
    } catch (error) {
      setProblem(problemFrom(error));
    }
    setBusy(false);
  };
  const button = (action: JobAction, text: string) =>
    mayBe(action, job.state) ? (
      <button
        type="button"
        disabled={busy}
        class={action === 'delete' || action === 'cancel' ? 'danger' : ''}
        onClick={() => (sure[action] === undefined ? void act(action) : setAsked(action))}
      >
        {text}
      </button>
    ) : null;
  return (
    <>
      <div class="buttons">
        {button('pause', 'Pause')}
        {button('resume', 'Resume')}
        {button('cancel', 'Cancel')}
        {button('delete', 'Delete')}
        <button type="button" onClick={() => go(`#/submit?clone=${encodeURIComponent(job.id)}`)}>
          Clone
        </button>
        <a class="button" href={`#/compare?jobs=${encodeURIComponent(job.id)}`}>
          Compare
        </a>
      </div>
      <ProblemNotice problem={problem} />
      {asked === null ? null : (
        <Confirm
          question={`${asked === 'delete' ? 'Delete' : 'Cancel'} ${job.id}?`}
          detail={sure[asked] ?? ''}
          action={asked === 'delete' ? 'Delete it' : 'Cancel it'}
          onAnswer={(yes) => {
            setAsked(null);
            if (yes) void act(asked);
          }}
        />
      )}
    </>
  );
}
