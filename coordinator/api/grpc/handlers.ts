import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerWritableStream,
  type StatusObject,
} from '@grpc/grpc-js';
import { unlessAborted } from './abortable.js';
import { readRequest } from './definition.js';
import type { OpenCalls } from './open-calls.js';
import type { MethodName, Requests } from './requests.js';

export interface HandlerOptions {
  readonly calls: OpenCalls;
  /** The status that tells of a failure of a call to this path. */
  readonly refuse: (path: string, cause: unknown) => StatusObject;
  /** Told of what fails where there is no call to fail with it. */
  readonly report: (cause: unknown) => void;
}

/** The answers to a request, one by one. */
export type Answers<Name extends MethodName> = (
  request: Requests[Name],
  signal: AbortSignal,
) => Promise<AsyncIterable<object>>;

/** Reads the messages of a stream of requests, and gives the one answer. */
export type Intake = (messages: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<object>;

export interface Handlers {
  readonly unary: <Name extends MethodName>(
    name: Name,
    answer: (request: Requests[Name]) => Promise<object>,
  ) => handleUnaryCall<Buffer, object>;
  readonly serverStream: <Name extends MethodName>(
    name: Name,
    answers: Answers<Name>,
  ) => handleServerStreamingCall<Buffer, object>;
  readonly clientStream: (intake: Intake) => handleClientStreamingCall<Buffer, object>;
}

const left = (): Error => new Error('the client has left');

/** Makes gRPC's handlers of functions that return, or throw any error. */
export const createHandlers = ({ calls, refuse, report }: HandlerOptions): Handlers => ({
  unary(name, answer) {
    const answerTo = async (bytes: Buffer): Promise<object> => answer(readRequest(name, bytes));
    return (call, respond) => {
      answerTo(call.request).then(
        (reply) => respond(null, reply),
        (cause: unknown) => respond(refuse(call.getPath(), cause)),
      );
    };
  },

  serverStream(name, answers) {
    const serve = async (call: ServerWritableStream<Buffer, object>): Promise<void> => {
      const { signal, abort, end } = calls.begin('stream');
      call.once('cancelled', () => abort(left()));
      try {
        const items = await unlessAborted(answers(readRequest(name, call.request), signal), signal);
        // The client learns that it is heard, which may be long before there is something to tell.
        call.sendMetadata(new Metadata());
        await pour(items, call, signal, report);
        call.end();
      } finally {
        end();
      }
    };
    return (call) => {
      serve(call).catch((cause: unknown) => {
        if (!call.cancelled) call.emit('error', refuse(call.getPath(), cause));
      });
    };
  },

  clientStream(intake) {
    return (call, respond) => {
      const take = async (): Promise<object> => {
        const { signal, abort, end } = calls.begin('upload');
        call.once('cancelled', () => abort(left()));
        try {
          return await intake(call as AsyncIterable<Buffer>, signal);
        } finally {
          end();
        }
      };
      take().then(
        (reply) => respond(null, reply),
        (cause: unknown) => call.cancelled || respond(refuse(call.getPath(), cause)),
      );
    };
  },
});

/** Writes messages as fast as the client reads them: one waits, and the next is not asked for. */
async function pour(
  items: AsyncIterable<object>,
  call: ServerWritableStream<Buffer, object>,
  signal: AbortSignal,
  report: (cause: unknown) => void,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let done: boolean | undefined;
  try {
    for (;;) {
      const item = await unlessAborted(iterator.next(), signal);
      done = item.done;
      if (item.done) return;
      await unlessAborted(written(item.value, call), signal);
    }
  } finally {
    // One that waits for something only returns after that, so it is not waited for.
    if (!done) iterator.return?.().catch(report);
  }
}

const written = (message: object, call: ServerWritableStream<Buffer, object>): Promise<void> =>
  new Promise((resolve, reject) => {
    call.write(message, (error: Error | null | undefined) => (error ? reject(error) : resolve()));
  });
