/** What can compute. */
export const engineNames = ['onnx', 'onnx-cuda', 'onnx-webgpu', 'tfjs', 'reference'] as const;

export type EngineName = (typeof engineNames)[number];

/** What a person may ask for: one of them, or the fastest that works. */
export const engineChoices = ['auto', ...engineNames] as const;
