import type { Matrix } from '../../core/matrix.js';
import type { ElementType, OutgoingTensor, TensorHeader } from './messages.js';

/** What a channel's receiver does with what comes. */
export interface Receiver<In> {
  /**
   * Called for each message, in order. The matrices whose headers it holds come after it: `receive` takes
   * memory for one and gives it once it is whole. It must be called before the receiver returns; matrices
   * that were not taken by then are passed over as they come.
   */
  readonly onMessage: (message: In, receive: (header: TensorHeader) => Promise<Matrix<Float32Array>>) => void;
  /**
   * Called once, when nothing more will come: null where the peer ended the stream as agreed, else why
   * it broke. Matrices not whole by then are rejected with it.
   */
  readonly onEnd: (reason: Error | null) => void;
}

/** One end of a worker's stream: messages and matrices, in order, with back-pressure. */
export interface Channel<Out> {
  /** A header for a matrix that goes with a message; give both to `send`. */
  outgoing(
    matrix: Matrix<Float32Array>,
    type: ElementType,
    columns?: readonly [number, number],
  ): OutgoingTensor;
  /**
   * Sends a message and then its matrices, after all that was given before. Resolves once everything was
   * handed to the socket, rejects once the channel has ended.
   */
  send(message: Out, tensors?: readonly OutgoingTensor[]): Promise<void>;
  /** Sends a small message ahead of all that waits, such as a heartbeat. */
  sendNow(message: Out): void;
  /**
   * Says what the link carries in a time after which the peer should have heard something: chunks are no
   * larger, for a peer sees matrices grow by whole chunks, and a heartbeat waits behind the one being sent.
   */
  limitChunks(bytes: number): void;
  /** Bytes of matrices sent and received so far. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Ends the stream after what was sent; with an error, at once, telling the peer its code and message. */
  close(error?: Error): void;
}
