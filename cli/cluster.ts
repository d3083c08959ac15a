import { fileURLToPath } from 'node:url';
import { LocopropError } from '../core/errors/error.js';
import type { ClusterOptions } from '../coordinator/cluster/cluster.js';
import { note } from './output.js';

/** The options of `train` that say who solves the layers. */
export interface ClusterFlags {
  readonly workers?: number;
  readonly workerThreads?: number;
  readonly listen?: string;
  readonly solveHere?: true;
  readonly tls?: string;
  readonly tokenFile?: string;
  readonly insecure?: true;
}

/** Of this machine alone, on any free port. */
const LOOPBACK = '127.0.0.1:0';

const mainFile = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * The workers that a command line asks for; null for none.
 * @throws LocopropError CLI_USAGE, CLUSTER_INSECURE, CLUSTER_ADDRESS_INVALID, CLUSTER_CREDENTIALS_INVALID
 */
export async function clusterOf(flags: ClusterFlags): Promise<ClusterOptions | null> {
  const { workers, listen, tls, tokenFile, insecure, solveHere } = flags;
  if (workers === undefined && listen === undefined) {
    const alone = (['solveHere', 'tls', 'tokenFile', 'insecure', 'workerThreads'] as const).find(
      (name) => flags[name] !== undefined,
    );
    if (alone === undefined) return null;
    const reason = 'Without --workers or --listen there are no workers that other options could be about.';
    throw new LocopropError('CLI_USAGE', { reason });
  }
  const { crowding } = await import('../coordinator/cluster/local-workers.js');
  const { readSecurity } = await import('../services/security/credentials.js');
  const { requireSecure } = await import('../services/security/exposure.js');
  const address = listen ?? LOOPBACK;
  const sources = { role: 'coordinator', tls, tokenFile, environment: process.env } as const;
  const security = await readSecurity(sources);
  requireSecure(address, security, insecure === true);
  const remark = workers === undefined ? null : crowding(workers);
  if (remark !== null) note(remark);
  return {
    address,
    security,
    localWorkers:
      workers === undefined
        ? null
        : {
            count: workers,
            args: workerArguments(flags),
            command: [process.execPath, mainFile],
            environment: process.env,
          },
    solvesHere: solveHere === true,
    onListening: (own) => {
      if (listen !== undefined) note(`Waiting for workers at ${own}.`);
    },
  };
}

function workerArguments({ workerThreads, tls, tokenFile }: ClusterFlags): string[] {
  const given = { threads: workerThreads, tls, 'token-file': tokenFile };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}
