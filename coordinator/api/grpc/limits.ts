/** What the service lets its clients ask of it over gRPC. */
export interface GrpcLimits {
  /** Of a spec that is submitted. */
  readonly specBytes: number;
  /** Of a piece of a data set that is uploaded. */
  readonly chunkBytes: number;
  /** How many watches, logs and downloads may be under way, of all clients together. */
  readonly streams: number;
  /** How many uploads may be: each may hold a few chunks that its store has not taken yet. */
  readonly uploads: number;
  /** Calls under way of one connection; further ones wait at the client. */
  readonly callsPerConnection: number;
  /** How long a request may take to arrive, and each piece of an upload. */
  readonly arrivalSeconds: number;
}

export const defaultLimits: GrpcLimits = {
  specBytes: 1 << 20,
  chunkBytes: 1 << 20,
  streams: 1000,
  uploads: 8,
  callsPerConnection: 100,
  arrivalSeconds: 30,
};

/**
 * The most bytes of a message that are read. It has room to spare, so that what is somewhat too large is
 * refused with an error that says so.
 */
export const largestMessage = ({ specBytes, chunkBytes }: GrpcLimits): number =>
  2 * Math.max(specBytes, chunkBytes);
