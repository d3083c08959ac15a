import { fileURLToPath } from 'node:url';
import { LocopropError } from '../core/errors/error.js';
import type { ClusterOptions } from '../coordinator/cluster/cluster.js';

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
 * @param remark where remarks for people go
 * @throws LocopropError CLI_USAGE, CLUSTER_INSECURE, CLUSTER_ADDRESS_INVALID, CLUSTER_CREDENTIALS_INVALID
 */
export async function clusterOf(
  flags: ClusterFlags,
  remark: (text: string) => void,
): Promise<ClusterOptions | null> {
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
  const crowded = workers === undefined ? null : crowding(workers);
  if (crowded !== null) remark(crowded);
  return {
    address,
    security,
    localWorkers: workers === undefined ? null : localWorkers(workers, flags),
    solvesHere: solveHere === true,
    onListening: (own) => {
      if (listen !== undefined) remark(`Waiting for workers at ${own}.`);
    },
  };
}

type LocalWorkers = NonNullable<ClusterOptions['localWorkers']>;

/** Workers of this machine, which use its certificates and its token, as those of others do. */
export function localWorkers(
  count: number,
  {
    workerThreads,
    tls,
    tokenFile,
  }: {
    readonly workerThreads?: number | null | undefined;
    readonly tls?: string | null | undefined;
    readonly tokenFile?: string | null | undefined;
  },
): LocalWorkers {
  const given = { threads: workerThreads, tls, 'token-file': tokenFile };
  const args = Object.entries(given).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [`--${name}`, String(value)],
  );
  return { count, args, command: [process.execPath, mainFile], environment: process.env };
}
