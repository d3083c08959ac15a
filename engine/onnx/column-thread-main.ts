import { parentPort, workerData } from 'node:worker_threads';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { messageOf } from '../../core/errors/message.js';
import type { BackendOptions } from '../backend.js';
import { HostMemory, type HostTensor } from './host-memory.js';
import { processorBackend } from './processor-backend.js';
import {
  takeNumbers,
  type ColumnThreadAnswer,
  type ColumnThreadRequest,
  type ColumnThreadResults,
} from './column-thread.js';

/* The thread of a ColumnThread: has nothing but the routines; what it computes on comes with each call and goes back with it. */

const port = parentPort!;
const memory = new HostMemory();
const backend = processorBackend(workerData as BackendOptions, memory);
const routines = new Map<number, CompiledRoutine>();

async function run(request: Extract<ColumnThreadRequest, { kind: 'run' }>): Promise<ColumnThreadResults> {
  const routine = routines.get(request.routine)!;
  const { inputs, scalars, passes } = request;
  return takeNumbers(routine, await backend.run({ routine, inputs, scalars, passes }), memory);
}

const buffersOf = (tensors: Iterable<HostTensor>): ArrayBuffer[] =>
  Array.from(tensors, ({ data }) => data.buffer as ArrayBuffer);

async function answer(request: ColumnThreadRequest): Promise<void> {
  switch (request.kind) {
    case 'define':
      routines.set(request.routine, request.compiled);
      return;
    case 'forget':
      routines.delete(request.routine);
      return;
    case 'give':
      memory.release(request.tensor);
      return;
    case 'run': {
      const { inputs } = request;
      const given = buffersOf(inputs.values());
      const response = await run(request).then(
        (results): ColumnThreadAnswer => ({ inputs, results }),
        (error: unknown): ColumnThreadAnswer => ({ inputs, failure: messageOf(error) }),
      );
      const own = 'results' in response ? buffersOf(response.results.outputs.values()) : [];
      port.postMessage(response, [...given, ...own]);
    }
  }
}

let last: Promise<void> = Promise.resolve();
port.on('message', (request: ColumnThreadRequest) => {
  last = last.then(() => answer(request));
});
