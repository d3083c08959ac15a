/** Entries go in chunks of this many bytes: a multiple of both element types. */
export const CHUNK_BYTES = 1 << 20;

/** However slow a link is, chunks of a matrix are at least as large. */
export const MIN_CHUNK_BYTES = 1 << 14;

/** The most bytes of entries that a chunk may hold (proto/locoprop/v1/tensor.proto). */
export const MAX_CHUNK_BYTES = 4 << 20;

/** The largest message, framing aside: a chunk or a message with headers, with room to spare. */
export const MAX_MESSAGE_BYTES = 8 << 20;

/** 4 GiB as float32; a matrix of more is an error somewhere, not a layer. */
export const MAX_TENSOR_ENTRIES = 2 ** 30;

/** Announced matrices that are not whole yet: a message has some twenty. */
export const MAX_OPEN_TENSORS = 10_000;

/** Messages that wait for the socket. A peer that lets more pile up reads no more. */
export const MAX_WAITING_MESSAGES = 10_000;

/** The same of their bytes, matrices aside, which wait where they are. */
export const MAX_WAITING_BYTES = 64 << 20;

/** The largest payload that the link's measurement sends (proto/locoprop/v1/workers.proto). */
export const MAX_ECHO_BYTES = 1 << 20;

/**
 * Speeds that a worker may announce, in 10⁹ operations or in bytes a second: no machine and no link is outside,
 * and within, the sums of the planner stay finite.
 */
export const MIN_SPEED = 1e-6;
export const MAX_SPEED = 1e18;

/** The same of how long a solve took: thirty years. */
export const MAX_SOLVE_SECONDS = 1e9;

/** Texts of the peer that end up in logs and errors. */
export const MAX_TEXT_LENGTH = 500;

/** Names by which a worker is shown. */
export const MAX_NAME_LENGTH = 100;

/** How long a worker has for its first message, and a coordinator for its first answer. */
export const GREETING_MS = 10_000;

/** How long the peer has to end its side once this one has ended. */
export const CLOSING_MS = 5_000;
