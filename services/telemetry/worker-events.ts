import type { RefusalCode } from '../rpc/refusals.js';

/** What a part is called in a log. */
export interface PartLabel {
  /** From 1, as in all events. */
  readonly layer: number;
  /** The columns start to end − 1, from 0. */
  readonly start: number;
  readonly end: number;
}

/** What happens to a worker; the log has it line by line. */
export type WorkerEvent =
  | {
      readonly type: 'worker.started';
      readonly name: string;
      readonly engine: string;
      /** What it runs on, and why it was chosen. */
      readonly engineDescription: string;
      readonly threads: number;
      readonly memoryBytes: number;
      readonly gflops: number;
    }
  | {
      readonly type: 'worker.joined';
      readonly worker: string;
      readonly job: string;
      readonly coordinator: string;
      /** Bytes a second, there and back. */
      readonly bandwidth: number;
    }
  | {
      readonly type: 'worker.unreachable' | 'worker.disconnected';
      readonly coordinator: string;
      readonly worker: string;
      readonly code: string;
      readonly reason: string;
    }
  | {
      readonly type: 'worker.dismissed';
      readonly coordinator: string;
      readonly worker: string;
      readonly reason: string;
      readonly runEnded: boolean;
    }
  | {
      readonly type: 'worker.leaving';
      readonly worker: string;
      readonly reason: string;
      readonly parts: number;
    }
  | { readonly type: 'worker.left'; readonly worker: string; readonly partsLeft: number }
  | {
      readonly type: 'worker.ended';
      readonly runs: number;
      readonly solves: number;
      readonly busySeconds: number;
    }
  | ({ readonly type: 'part.loaded'; readonly worker: string; readonly step: number } & PartLabel)
  | ({ readonly type: 'part.unloaded'; readonly worker: string } & PartLabel)
  | ({
      readonly type: 'part.solved';
      readonly worker: string;
      readonly step: number;
      readonly attempt: number;
      readonly seconds: number;
      readonly finite: boolean;
      readonly repeated: boolean;
    } & PartLabel)
  | ({
      readonly type: 'request.refused';
      readonly worker: string;
      readonly request: 'load' | 'solve' | 'fetch';
      readonly code: RefusalCode;
      readonly reason: string;
      readonly part: number;
      readonly step: number;
    } & Partial<PartLabel>)
  | ({
      readonly type: 'settle.impossible';
      readonly worker: string;
      readonly part: number;
      readonly step: number;
    } & Partial<PartLabel>);

export type RecordEvent = (event: WorkerEvent) => void;
