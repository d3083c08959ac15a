import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/types.ts';

export interface ProblemNoticeProps {
  readonly problem: Pick<Problem, 'title' | 'detail' | 'remedy'> | null;
}

/** What went wrong, and what to do about it. */
export const ProblemNotice = ({ problem }: ProblemNoticeProps) =>
  problem === null ? null : (
    <div class="notice notice-bad" role="alert">
      <strong>{problem.title}.</strong> <span class="pre">{problem.detail}</span>
      <div class="muted">{problem.remedy}</div>
    </div>
  );

export const Notice = ({ children }: { readonly children: ComponentChildren }) => (
  <div class="notice" role="status">
    {children}
  </div>
);

export const Empty = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="empty">{children}</p>
);
