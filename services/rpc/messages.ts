import type { Matrix } from '../../core/matrix.js';
import type { RefusalCode } from './refusals.js';

/*
 * The messages of proto/locoprop/v1/workers.proto as they are in this program: what proto-loader makes of
 * them with camel case, numbers for 64-bit integers (all of ours are below 2⁵³), strings for enumerations
 * and `message` naming the one that is set.
 */

/** The revision of the protocol that this program speaks. */
export const PROTOCOL = 1;

export type ElementType = 'ELEMENT_TYPE_F32' | 'ELEMENT_TYPE_BF16';

export interface TensorHeader {
  readonly id: number;
  readonly rows: number;
  readonly columns: number;
  readonly type: ElementType;
}

export interface TensorChunk {
  readonly id: number;
  readonly offset: number;
  readonly crc32: number;
  readonly data: Uint8Array;
}

export interface NodeMessage {
  readonly op: string;
  readonly args: readonly number[];
  readonly name: string;
  readonly value: number;
  readonly axis: string;
}

export interface BindingsMessage {
  readonly nodes: readonly NodeMessage[];
  readonly results: Readonly<Record<string, number>>;
}

export interface RoutineMessage {
  readonly name: string;
  readonly setup: BindingsMessage | null;
  readonly body: BindingsMessage | null;
  readonly while: string;
  readonly final: BindingsMessage | null;
  readonly outputs: readonly string[];
  readonly numbers: readonly string[];
}

export interface ScalarsMessage {
  readonly values: Readonly<Record<string, number>>;
}

export interface Hello {
  readonly protocol: number;
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly engine: string;
  readonly engineDescription: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly gflops: number;
}

export interface Welcome {
  readonly name: string;
  readonly job: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

export interface Load {
  readonly request: number;
  readonly part: number;
  readonly layer: number;
  readonly start: number;
  readonly end: number;
  readonly routine: RoutineMessage | null;
  readonly exact: boolean;
  readonly step: number;
  readonly updates: number;
  readonly weights: TensorHeader | null;
  readonly bias: TensorHeader | null;
  readonly weightSlots: Readonly<Record<string, TensorHeader>>;
  readonly biasSlots: Readonly<Record<string, TensorHeader>>;
  readonly batch: number;
  readonly resultType: ElementType;
}

export interface Solve {
  readonly request: number;
  readonly part: number;
  readonly step: number;
  readonly attempt: number;
  readonly inputs: TensorHeader | null;
  readonly displacement: TensorHeader | null;
  readonly scalars: ScalarsMessage | null;
  readonly passes: readonly ScalarsMessage[];
  readonly updates: number;
}

export interface Solved {
  readonly request: number;
  readonly weights: TensorHeader | null;
  readonly bias: TensorHeader | null;
  /** Absent where there is none. */
  readonly objectiveBefore?: number | null;
  readonly objectiveAfter?: number | null;
  readonly displacementEnergy: number;
  readonly finite: boolean;
  readonly seconds: number;
  readonly repeated: boolean;
}

export interface Settle {
  readonly part: number;
  readonly step: number;
  readonly accepted: boolean;
}

export interface Fetch {
  readonly request: number;
  readonly part: number;
  readonly step: number;
}

export interface State {
  readonly request: number;
  readonly step: number;
  readonly updates: number;
  readonly weightSlots: Readonly<Record<string, TensorHeader>>;
  readonly biasSlots: Readonly<Record<string, TensorHeader>>;
}

export interface Refused {
  readonly request: number;
  readonly code: RefusalCode;
  readonly reason: string;
}

export interface Echo {
  readonly payload: Uint8Array;
}

export interface Heartbeat {
  readonly number: number;
  readonly residentBytes: number;
  readonly busySeconds: number;
}

/** Read and written by the channel itself: the receiver learns of it through `onEnd`. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** `message` names the field that is set. */
type OneOf<Fields> = {
  [Name in keyof Fields]: { readonly message: Name } & Pick<Fields, Name>;
}[keyof Fields];

export type WorkerMessage = OneOf<{
  readonly hello: Hello;
  readonly echo: Echo;
  readonly ready: { readonly bandwidth: number };
  readonly heartbeat: Heartbeat;
  readonly done: { readonly request: number };
  readonly solved: Solved;
  readonly state: State;
  readonly refused: Refused;
  readonly leaving: { readonly reason: string };
}>;

export type CoordinatorMessage = OneOf<{
  readonly welcome: Welcome;
  readonly echo: Echo;
  readonly heartbeat: { readonly number: number };
  readonly load: Load;
  readonly solve: Solve;
  readonly settle: Settle;
  readonly fetch: Fetch;
  readonly unload: { readonly part: number };
  readonly goodbye: { readonly reason: string; readonly runEnded: boolean };
}>;

/** A matrix to be sent: some of the columns of `matrix`, which must not change until it is sent. */
export interface OutgoingTensor {
  readonly header: TensorHeader;
  readonly matrix: Matrix<Float32Array>;
  /** The columns start to end − 1 of `matrix`; all where it is absent. */
  readonly columns?: readonly [start: number, end: number];
}
