import { messageOf } from '../../core/errors/message.js';
import { Redis } from 'ioredis';
import { LocopropError } from '../../core/errors/error.js';

/** How long a command may take before the queue counts as unavailable. */
const COMMAND_MS = 3000;
/** A socket on which an answer is due for so long is dead, and is replaced: as after a cut network. */
const SILENCE_MS = 5000;
/** The same for a consumer, whose commands may wait for an entry for ten seconds. */
const CONSUMER_SILENCE_MS = 15_000;

const FIRST_RETRY_MS = 50;
const LARGEST_RETRY_MS = 2000;

/** Longer each time, and of random length, so that a Redis that comes back is not met by all at once. */
const reconnectAfterMs = (times: number): number =>
  Math.min(LARGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2);

/** The address without what is secret in it. */
export function redacted(address: string): string {
  return address.replace(/^([^/]*\/\/[^/@]*:)[^@]*@/, '$1***@').replace(/([?&]password=)[^&]*/g, '$1***');
}

/** A connection, and what has gone wrong with it last. */
export interface Connection {
  readonly redis: Redis;
  /** The QUEUE_UNAVAILABLE of a command that failed. */
  readonly unavailable: (cause: unknown) => LocopropError;
  /** From now on what is lost is not connected again; the commands that wait fail then. Its copies, too. */
  readonly giveUp: () => void;
}

/**
 * Connects to Redis, again and again where it is lost.
 * @param use `commands` fail within a few seconds where Redis does not answer; those of a `consumer` wait
 *   for it to come back
 * @throws LocopropError QUEUE_MISCONFIGURED where the address is none
 */
export function connect(url: string, use: 'commands' | 'consumer'): Connection {
  const address = redacted(url);
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    const reason = 'its address is not like redis://host:6379 or rediss://user:password@host:6379';
    throw new LocopropError('QUEUE_MISCONFIGURED', { address, reason });
  }
  let givenUp = false;
  const redis = new Redis(url, {
    retryStrategy: (times) => (givenUp ? null : reconnectAfterMs(times)),
    connectTimeout: COMMAND_MS,
    ...(use === 'commands'
      ? { maxRetriesPerRequest: 1, commandTimeout: COMMAND_MS, socketTimeout: SILENCE_MS }
      : { maxRetriesPerRequest: null, socketTimeout: CONSUMER_SILENCE_MS }),
  });
  let failure: Error | null = null;
  redis.on('error', (error) => (failure = error));
  redis.on('ready', () => (failure = null));
  const unavailable = (cause: unknown): LocopropError => {
    // What the connection says is plainer than how the command fared by it.
    const reason = reasonOf(failure ?? cause);
    return new LocopropError('QUEUE_UNAVAILABLE', { address, reason }, { cause });
  };
  return { redis, unavailable, giveUp: () => void (givenUp = true) };
}

/** What a failure says for itself. One to connect to a name with several addresses has one message for each. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join('; ');
  return messageOf(cause);
}

const isRefused = (cause: unknown): boolean =>
  cause instanceof Error && /^(NOPERM|ERR unknown command)/.test(cause.message);

const OLDEST = [6, 2] as const;

/**
 * Looks whether this Redis can hold a queue. One that does not let itself be asked is taken at its word.
 * @throws LocopropError QUEUE_MISCONFIGURED, QUEUE_UNAVAILABLE
 */
export async function requireFit({ redis, unavailable }: Connection, address: string): Promise<void> {
  let info: string;
  try {
    info = await redis.info();
  } catch (cause) {
    if (!isRefused(cause)) throw unavailable(cause);
    // It answers, at least.
    await redis.ping().catch((failed: unknown) => {
      throw unavailable(failed);
    });
    return;
  }
  const refuse = (reason: string): never => {
    throw new LocopropError('QUEUE_MISCONFIGURED', { address, reason });
  };
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  if (version) {
    const [major, minor] = [Number(version[1]), Number(version[2])];
    const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
    if (old) refuse(`it is version ${version[0].slice('redis_version:'.length)}`);
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    refuse(`its maxmemory-policy is ${policy}, so entries vanish where memory is short`);
  }
}
