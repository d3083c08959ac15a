import { startEngine } from '#engine/engines.js';
import { engineContract } from './contract/contract.js';

engineContract('onnx', {
  start: (threads) => startEngine('onnx', threads),
  tolerance: 1e-6,
  threads: [1, 2],
  splitLayer: { examples: 130, inputs: 100 },
});
