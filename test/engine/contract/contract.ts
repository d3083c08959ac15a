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
import type { Running, Subject } from './subject.js';
import { tensorContract } from './tensors.js';
import { trainingContract } from './training.js';
import { vectorContract } from './vectors.js';

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
