import type { Engine } from '#engine/engine.js';
import { afterAll, beforeAll, describe } from 'vitest';
import { callContract } from './calls.js';
import { exactContract } from './exact.js';
import { failureContract } from './failures.js';
import { lifecycleContract } from './lifecycle.js';
import { operatorContract } from './operators.js';
import { ownPartsContract } from './own-parts.js';
import { responsivenessContract } from './responsiveness.js';
import { splitContract } from './split.js';
import { tensorContract } from './tensors.js';
import { trainingContract } from './training.js';
import { vectorContract } from './vectors.js';

/** What a test of an engine supplies. */
export interface Subject {
  readonly start: (threads: number) => Promise<Engine>;
  /** Largest error of one operation, relative to the largest entry. */
  readonly tolerance: number;
  /** Numbers of threads whose results must agree to the bit. */
  readonly threads: readonly number[];
  /** A layer large enough that its parts and threads share the work. */
  readonly splitLayer: { readonly examples: number; readonly inputs: number };
}

/** A started engine and what is expected of it. */
export interface Running extends Subject {
  readonly engine: Engine;
}

/** What every engine promises. */
export function engineContract(name: string, subject: Subject): void {
  describe(`the engine ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await subject.start(1);
    });
    afterAll(() => engine.close());
    const running = (): Running => ({ ...subject, engine });

    tensorContract(running);
    operatorContract(running);
    callContract(running);
    failureContract(running);
    trainingContract(running);
    exactContract(running);
    ownPartsContract(running);
    vectorContract(running);
    responsivenessContract(running);
    splitContract(subject);
    lifecycleContract(subject);
  });
}
