import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CpuGroup, type Quota } from './cpu-quota.js';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface WorkerChoice {
  readonly name: string;
  /** HOST:PORT of the coordinator, or of what stands before it. */
  readonly address: string;
  /** What the worker is held to from its start, so that the speed that it announces is the one it has. */
  readonly quota?: Quota | undefined;
}

/** `locoprop worker` with one thread, in a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #group: CpuGroup | null;
  readonly #ended: Promise<void>;

  constructor({ name, address, quota }: WorkerChoice) {
    this.#group = quota ? new CpuGroup(quota) : null;
    const join = this.#group ? `echo $$ > ${this.#group.members} && ` : '';
    const args = ['worker', '--coordinator', address, '--name', name, '--threads', '1', '--once'];
    // The shell joins the group and then becomes the worker.
    this.#child = spawn('sh', ['-c', `${join}exec "$@"`, 'sh', process.execPath, program, ...args], {
      // The worker ends once its standard input does, so none outlives this process.
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...process.env, LOCOPROP_PARENT_PIPE: '1' },
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
    await this.#group?.remove();
  }
}
