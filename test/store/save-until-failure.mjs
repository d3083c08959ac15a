// Saves checkpoints of growing size until one fails; prints its step and the error as JSON.
// usage: node save-until-failure.mjs DIRECTORY
import { Checkpoints } from '#services/store/checkpoints.js';
import { FolderRunStore } from '#services/store/folder-run-store.js';

const checkpoints = new Checkpoints(new FolderRunStore(process.argv[2]));

const stateAt = (step) => {
  const weights = { rows: 1, columns: 1024 * step, data: new Float32Array(1024 * step).fill(step) };
  return {
    position: { step, epoch: step, batch: 0 },
    event: step,
    random: { generator: 'none', seed: 1 },
    trainSeconds: step,
    bestLoss: null,
    layers: [{ weights, bias: weights, weightSlots: {}, biasSlots: {}, updates: step }],
  };
};

for (let step = 1; ; step += 1) {
  try {
    await checkpoints.save(stateAt(step), { best: step === 1, keep: 2, program: 'test' });
  } catch ({ code, message, exitCode }) {
    console.log(JSON.stringify({ step, code, message, exitCode }));
    break;
  }
}
