import type { Command } from 'commander';
import type { WorkerView } from '../../core/job/view.js';
import { duration, grouped, significant, table } from '../format.js';
import { withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

type WorkersOptions = OutputOptions & ServerOptions;

export function addWorkers(program: Command): void {
  const command = program
    .command('workers')
    .description('List the workers of a coordinator, and what they do.')
    .action(async ({ json, ...server }: WorkersOptions) => {
      const workers = await (await clientOf(server)).workers();
      if (json) printJson({ workers });
      else print(workers.length === 0 ? 'There are no workers.' : workersTable(workers));
    });
  withOutput(withServer(command), 'locoprop workers');
}

const workersTable = (workers: readonly WorkerView[]): string =>
  table([
    ['worker', 'engine', 'threads', 'GFLOP/s', 'MB/s', 'memory', 'solves', 'busy', 'parts', ''],
    ...workers.map((worker) => [
      worker.worker,
      worker.engine,
      String(worker.threads),
      significant(worker.gflops),
      significant(worker.bandwidth / 1e6),
      `${significant(worker.memoryBytes / 2 ** 30)} GiB`,
      grouped(worker.solves),
      duration(worker.busySeconds),
      String(worker.parts.length),
      worker.leaving ? 'leaving' : '',
    ]),
  ]);
