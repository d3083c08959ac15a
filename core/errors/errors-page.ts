import { cliErrors } from './cli.js';
import { clusterErrors } from './cluster.js';
import { dataErrors } from './data.js';
import { engineErrors } from './engine.js';
import type { ErrorEntry } from './entry.js';
import { exportErrors } from './export.js';
import { serviceErrors } from './service.js';
import { specErrors } from './spec.js';
import { storeErrors } from './store.js';
import { trackingErrors } from './tracking.js';
import { trainingErrors } from './training.js';

interface Area {
  readonly title: string;
  readonly errors: Readonly<Record<string, ErrorEntry>>;
}

const areas: readonly Area[] = [
  { title: 'Command line', errors: cliErrors },
  { title: 'Job specs and plugins', errors: specErrors },
  { title: 'Data', errors: dataErrors },
  { title: 'Engines and conformance vectors', errors: engineErrors },
  { title: 'Training', errors: trainingErrors },
  { title: 'Runs and their files', errors: storeErrors },
  { title: 'Workers', errors: clusterErrors },
  { title: 'Jobs at a coordinator', errors: serviceErrors },
  { title: 'Experiment tracking', errors: trackingErrors },
  { title: 'Exports', errors: exportErrors },
];

const introduction = `# Errors

Every failure that a user can meet has a code. A command prints it with what went wrong and what to do about
it, and ends with its exit code: 2 for wrong use or input, 1 for a failure; with \`--json\` it prints
\`{ "error": { "code", "message", "remedy", "retryable" } }\`. A program gets a \`LocopropError\` with the same
fields and the \`details\` that stand in braces below. *Retryable* says that the same request may succeed later
without a change. A failure without a code is a defect: run the command again with \`LOCOPROP_TRACE=1\` for the
trace, and report it.`;

const text = (template: string): string => template.replace(/[<>]/g, '\\$&');

const entry = ([code, { message, remedy, retryable, exitCode }]: [string, ErrorEntry]): string =>
  [
    `### ${code}`,
    text(message),
    `**What to do:** ${text(remedy)}`,
    `Exit code ${exitCode}, ${retryable ? 'retryable' : 'not retryable'}.`,
  ].join('\n\n');

/** The page about the errors, docs/errors.md, in Markdown. */
export const errorsPage = (): string =>
  [
    introduction,
    ...areas.flatMap(({ title, errors }) => [`## ${title}`, ...Object.entries(errors).map(entry)]),
  ].join('\n\n');
