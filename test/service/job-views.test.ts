import { byAge, listCursor, parseListCursor } from '#coordinator/service/job-views.js';
import { expect, it } from 'vitest';

const jobs = ['2026-01-01', '2026-01-02', '2026-01-02', '2026-01-03'].map((day, index) => ({
  submittedAt: `${day}T00:00:00.000Z`,
  id: `job-${index}`,
}));

it('jobs are listed newest first, and a page goes on after the last job of the one before', () => {
  const listed = jobs.toSorted(byAge);
  expect(listed.map(({ id }) => id)).toEqual(['job-3', 'job-2', 'job-1', 'job-0']);
  for (const [index, job] of listed.entries()) {
    const after = parseListCursor(listCursor(job));
    expect(listed.filter((other) => byAge(after, other) < 0)).toEqual(listed.slice(index + 1));
  }
});
