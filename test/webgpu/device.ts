import { OnnxBackend } from '#engine/onnx/backend.js';
import { DeviceMemory, type DeviceTensor } from '#engine/onnx/device-memory.js';
import { WEBGPU_FORM, type GraphForm } from '#engine/onnx/form.js';
import { webgpuSession } from '#engine/onnx/webgpu.js';
import { InferenceSession } from 'onnxruntime-node';

interface Setting {
  readonly session?: InferenceSession.SessionOptions;
  readonly form?: GraphForm;
  readonly sessionBytes?: number;
}

/** What the engine onnx-webgpu computes with, in this thread. */
export async function openDevice({
  session = webgpuSession,
  form = WEBGPU_FORM,
  sessionBytes,
}: Setting): Promise<OnnxBackend<DeviceTensor>> {
  const memory = await DeviceMemory.open((model, options) =>
    InferenceSession.create(model, { ...webgpuSession, ...options }),
  );
  const info = { name: 'device', precision: 'float32', threads: 1, description: 'device' } as const;
  return new OnnxBackend({ info, memory, session: () => session, form }, sessionBytes);
}
