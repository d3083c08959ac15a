import { startEngine } from '#engine/engines.js';
import { engineContract } from './contract/contract.js';

engineContract('reference', {
  start: () => startEngine('reference'),
  tolerance: 1e-14,
  threads: [1],
  splitLayer: { examples: 8, inputs: 6 },
});
