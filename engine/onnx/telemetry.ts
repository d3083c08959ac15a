/** What ONNX Runtime asks before it reports to its makers; any value but 0 keeps it from that. */
const VARIABLE = 'ORT_DISABLE_TELEMETRY';

/**
 * Keeps ONNX Runtime from reporting what is run with it to its makers, which since 1.30 it does on Linux too
 * unless it is told not to; who trains here has not been asked. What the environment says already stays.
 *
 * It is native code that looks, at the environment of the process: a thread has only a copy of that, so it
 * is to be called before the engine's thread is started.
 */
export function disableTelemetry(environment: NodeJS.ProcessEnv = process.env): void {
  environment[VARIABLE] ??= '1';
}
