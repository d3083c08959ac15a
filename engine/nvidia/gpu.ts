import type { EngineInfo } from '../engine.js';
import { nvidiaCards } from './cards.js';
import { usesTf32 } from './tf32.js';

/** What an engine says of itself that computes on a GPU of NVIDIA. @param runtime with what */
export function nvidiaGpu(runtime: string): Pick<EngineInfo, 'description' | 'products'> {
  const cards = nvidiaCards();
  const on = cards === null ? runtime : `${runtime}: ${cards}`;
  return usesTf32()
    ? { products: 'tf32', description: `${on}; products in TF32` }
    : { description: `${on}; products in float32` };
}
