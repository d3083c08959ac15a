import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach } from 'vitest';
import { locoprop, temporaryFolder, tinySpec, type Outcome } from '../cli/support.js';
import { start, type Running } from '../support/processes.js';
import type { FakeCoordinator } from './fake-coordinator.js';
import { coordinator } from './support.js';

/** Commands in a folder with `tiny.yaml`, and the coordinator that each test of a file has for them. */
export class CommandLine {
  cwd = '';
  env: Record<string, string | undefined> = {};
  server!: FakeCoordinator;

  /** Makes folder and coordinator for the tests of the file. */
  constructor() {
    beforeAll(async () => {
      this.cwd = await temporaryFolder();
      await writeFile(join(this.cwd, 'tiny.yaml'), tinySpec);
    });
    beforeEach(async () => {
      this.server = await coordinator();
      this.server.token = 'secret';
      const { url } = this.server;
      // No client file of the user who runs the tests.
      this.env = { LOCOPROP_URL: url, LOCOPROP_TOKEN: 'secret', HOME: this.cwd, XDG_CONFIG_HOME: undefined };
    });
  }

  run(...args: string[]): Promise<Outcome> {
    return locoprop(args, { cwd: this.cwd, env: this.env });
  }

  begin(...args: string[]): Running {
    return start(args, { cwd: this.cwd, env: this.env });
  }
}

export const documentOf = ({ stdout }: Outcome): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>;
