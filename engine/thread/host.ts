import { messageOf } from '../../core/errors/message.js';
import { parentPort, workerData } from 'node:worker_threads';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { BackendLost, type Backend, type BackendOptions, type BackendTensor } from '../backend.js';
import type { HostOptions, Numbered, Request, Response, ResponseValue, RunValue } from './messages.js';

/*
 * The engine's thread: holds the tensors by number and carries out one request after the other, so a
 * computation that blocks for seconds never holds up the caller's timers and sockets.
 */

const port = parentPort!;
const tensors = new Map<number, BackendTensor>();
const routines = new Map<number, CompiledRoutine>();

const bytesOf = ({ shape }: BackendTensor, backend: Backend): number =>
  shape[0] * shape[1] * (backend.info.precision === 'float64' ? 8 : 4);

const held = (number: number): BackendTensor => {
  const tensor = tensors.get(number);
  if (!tensor) throw new TypeError(`tensor ${number} is unknown or was released`);
  return tensor;
};

async function run(backend: Backend, request: Extract<Request, { kind: 'run' }>): Promise<RunValue> {
  const routine = routines.get(request.routine);
  if (!routine) throw new TypeError(`routine ${request.routine} was never defined`);
  const inputs = new Map(Object.entries(request.inputs).map(([name, number]) => [name, held(number)]));
  const started = performance.now();
  const results = await backend.run({ routine, inputs, scalars: request.scalars, passes: request.passes });
  const numbers = await numbersOf(backend, routine, results);
  const seconds = (performance.now() - started) / 1000;
  const shapes: Record<string, readonly [number, number]> = {};
  for (const [name, number] of Object.entries(request.outputs)) {
    const tensor = results.get(name)!;
    tensors.set(number, tensor);
    shapes[name] = tensor.shape;
  }
  return { shapes, numbers, seconds };
}

/** Takes the numbers out of the results of a call. A device may have computed nothing until they are asked for. */
async function numbersOf(
  backend: Backend,
  { numbers }: CompiledRoutine,
  results: ReadonlyMap<string, BackendTensor>,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const left = new Set(results.values());
  try {
    for (const name of numbers) {
      const tensor = results.get(name)!;
      found[name] = (await backend.download(tensor)).data[0]!;
      left.delete(tensor);
      backend.release(tensor);
    }
    return found;
  } catch (error) {
    // Nobody gets what else the call has made.
    for (const tensor of left) backend.release(tensor);
    throw error;
  }
}

async function carryOut(backend: Backend, request: Request): Promise<ResponseValue> {
  switch (request.kind) {
    case 'upload':
      tensors.set(request.tensor, await backend.upload(request.matrix));
      return null;
    case 'download':
      return backend.download(held(request.tensor));
    case 'define':
      routines.set(request.routine, request.compiled);
      return null;
    case 'forget':
      routines.delete(request.routine);
      return null;
    case 'run':
      return run(backend, request);
    case 'release':
      for (const number of request.tensors) {
        const tensor = tensors.get(number);
        if (tensor) backend.release(tensor);
        tensors.delete(number);
      }
      return null;
    case 'statistics': {
      const tensorBytes = [...tensors.values()].reduce(
        (total, tensor) => total + bytesOf(tensor, backend),
        0,
      );
      return { tensors: tensors.size, tensorBytes, routines: routines.size, sessions: backend.sessions };
    }
    case 'close':
      await backend.close();
      return null;
  }
}

const send = (response: Response): void => {
  const data =
    response.kind === 'done' && response.value && 'data' in response.value ? response.value.data : null;
  port.postMessage(response, data ? [data.buffer as ArrayBuffer] : []);
};

async function answer(backend: Backend, { id, ...request }: Numbered<Request>): Promise<void> {
  try {
    send({ kind: 'done', id, value: await carryOut(backend, request) });
  } catch (error) {
    const message = messageOf(error);
    const lost = error instanceof BackendLost;
    send(lost ? { kind: 'failed', message } : { kind: 'error', id, message });
    if (lost) port.close();
  }
  // Without an open port the thread ends.
  if (request.kind === 'close') port.close();
}

async function main(): Promise<void> {
  const { module, ...options } = workerData as HostOptions;
  const { createBackend } = (await import(module)) as {
    createBackend: (options: BackendOptions) => Backend | Promise<Backend>;
  };
  const backend = await createBackend(options);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: Numbered<Request>) => {
    last = last.then(() => answer(backend, request));
  });
  send({ kind: 'ready', info: backend.info });
}

main().catch((error: unknown) => {
  send({ kind: 'failed', message: messageOf(error) });
  port.close();
});
