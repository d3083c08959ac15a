/**
 * What becomes part of a path or key. Names from outside are checked here and nowhere else: what does not
 * look as it should names nothing.
 */

/** Ids have no dots: `<id>.<version>.json` can be read in one way only. */
export const isJobId = (id: string): boolean => /^[A-Za-z0-9_][\w-]{0,127}$/.test(id);

export const isDatasetId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);

/** Whether it names a file below a folder, with `/` between its parts. */
export const isFileName = (name: string): boolean =>
  name.length <= 1024 &&
  name.split('/').every((part) => /^[\w][\w .+=@-]*$/.test(part) && !part.endsWith('.'));

const MAX_NAME = 100;

/** A client's name for a file as one that is harmless everywhere; its ending stays. */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const safe = last.replaceAll(/[^\w.-]+/g, '-').slice(-MAX_NAME);
  return safe.replace(/^[.-]+/, '') || 'data';
}

/** Folder of all runs of a job. */
export const jobFolder = (id: string): string => `jobs/${id}/`;

/** Folder of the run that was written under a fence. */
export const runFolder = (id: string, fence: number): string => `${jobFolder(id)}${fence}/`;
