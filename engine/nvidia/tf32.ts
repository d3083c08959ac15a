/** Asks for products of float32 that keep 11 bits of their factors, on NVIDIA GPUs from Ampere on. */
const OPTION = 'LOCOPROP_TF32';
/** At 0, no library of NVIDIA uses TF32; ONNX Runtime and TensorFlow ask for it otherwise, and Node cannot tell them not to. */
const OVERRIDE = 'NVIDIA_TF32_OVERRIDE';

/**
 * Switches TF32 off unless it was asked for. What the environment says of it already stays. The libraries look
 * at the environment of the process, so this is to be called before the engine's thread is started.
 */
export function limitTf32(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment[OPTION] !== '1') environment[OVERRIDE] ??= '0';
}

export const usesTf32 = (environment: NodeJS.ProcessEnv = process.env): boolean =>
  environment[OVERRIDE] !== '0';
