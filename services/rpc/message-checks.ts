import { MAX_ECHO_BYTES, MAX_NAME_LENGTH, MAX_SOLVE_SECONDS, MAX_SPEED, MIN_SPEED } from './limits.js';
import { PROTOCOL, type Hello, type WorkerMessage } from './messages.js';
import { plainLine } from './text.js';

/**
 * A worker's message, fit for what the coordinator does with it: it plans with the numbers of a worker,
 * shows people its texts, and sends its echoes back. Others than those of workers pass as they are.
 *
 * @throws RangeError
 */
export function checkedMessage<Other extends { readonly message: 'chunk' | 'fault' }>(
  message: WorkerMessage | Other,
): WorkerMessage | Other {
  switch (message.message) {
    case 'hello':
      return { message: 'hello', hello: checkedHello(message.hello) };
    case 'ready':
      requireSpeed('bandwidth', message.ready.bandwidth);
      return message;
    case 'echo': {
      const { length } = message.echo.payload;
      if (length > MAX_ECHO_BYTES) throw new RangeError(`its echo has ${length} bytes`);
      return message;
    }
    case 'solved': {
      const { seconds } = message.solved;
      if (!(seconds >= 0 && seconds <= MAX_SOLVE_SECONDS))
        throw new RangeError(`its solve took ${seconds} s`);
      return message;
    }
    case 'refused': {
      const reason = plainLine(message.refused.reason);
      return { message: 'refused', refused: { ...message.refused, reason } };
    }
    default:
      return message;
  }
}

function checkedHello(hello: Hello): Hello {
  // What another revision says in these fields is unknown; it is refused for its revision.
  if (hello.protocol !== PROTOCOL) return hello;
  const { name, version, host, engine, engineDescription, memoryBytes, gflops } = hello;
  requireSpeed('speed', gflops);
  if (memoryBytes < 1) throw new RangeError('it has no memory for parts');
  const text = (own: string): string => plainLine(own, MAX_NAME_LENGTH);
  return {
    ...hello,
    name: text(name) || 'worker',
    version: text(version),
    host: text(host),
    engine: text(engine),
    engineDescription: text(engineDescription),
  };
}

function requireSpeed(name: string, value: number): void {
  // NaN is not within either.
  if (!(value >= MIN_SPEED && value <= MAX_SPEED)) throw new RangeError(`its ${name} is ${value}`);
}
