import { startEngine } from '#engine/engines.js';
import { engineContract } from './contract/contract.js';

engineContract('onnx-webgpu', {
  start: () => startEngine('onnx-webgpu'),
  tolerance: 1e-4,
  threads: [1],
  splitLayer: { examples: 16, inputs: 12 },
});
