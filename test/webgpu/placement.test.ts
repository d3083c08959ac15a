import { compileRoutine } from '#core/expression/routine.js';
import type { Shape } from '#core/expression/shapes.js';
import type { LayerRule } from '#core/layer.js';
import type { DeviceTensor } from '#engine/onnx/device-memory.js';
import { STANDARD_FORM, WEBGPU_FORM, type GraphForm } from '#engine/onnx/form.js';
import { webgpuSession } from '#engine/onnx/webgpu.js';
import { solveProgram, solveScalars } from '#engine/solve.js';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { InferenceSession } from 'onnxruntime-node';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ruleOf } from '../engine/support.js';
import { openDevice } from './device.js';

const EXAMPLES = 24;
const size = { inputs: 20, units: 12 };

/** What ONNX Runtime's profile says of a node that it ran. */
interface ProfiledNode {
  readonly cat: string;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** The nodes that one solve has run, in order. */
async function nodesOf(
  rule: LayerRule,
  form: GraphForm,
  session: InferenceSession.SessionOptions = webgpuSession,
): Promise<{ readonly operator: string; readonly provider: string }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-profile-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const profiled = { ...session, enableProfiling: true, profileFilePrefix: join(folder, 'profile') };
  const backend = await openDevice({ session: profiled, form });
  const routine = compileRoutine(solveProgram(rule, { preactivationKnown: false, objective: true }).routine);
  const inputs = new Map<string, DeviceTensor>();
  for (const name of routine.inputs) {
    const [rows, columns] = shapeOf(name, rule);
    const data = new Float32Array(rows * columns).fill(0.01);
    inputs.set(name, await backend.upload({ rows, columns, data }));
  }
  const { scalars, passes } = solveScalars(rule, { examples: EXAMPLES, rateFactor: 1, updates: 0 });
  const results = await backend.run({ routine, inputs, scalars, passes });
  for (const tensor of [...results.values(), ...inputs.values()]) backend.release(tensor);
  await backend.close();
  const files = await readdir(folder);
  const profiles = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return profiles
    .flatMap((text) => JSON.parse(text) as ProfiledNode[])
    .flatMap(({ cat, args }) =>
      cat === 'Node' && args?.op_name !== undefined
        ? [{ operator: args.op_name, provider: args.provider ?? '' }]
        : [],
    );
}

/** Of an input of the solve: X, R⁰, weights, bias, or a slot of either. */
function shapeOf(name: string, { inputs, units }: LayerRule): Shape {
  if (name === 'inputs') return [EXAMPLES, inputs];
  if (name === 'displacement') return [EXAMPLES, units];
  return name.startsWith('initialWeights') ? [inputs, units] : [1, units];
}

describe('a solve on WebGPU', () => {
  it.each<{ name: string; rule: LayerRule }>([
    { name: 'tanh, rmsprop', rule: ruleOf({ ...size, optimizer: { name: 'rmsprop' }, iterations: 10 }) },
    {
      name: 'softmax, adam',
      rule: ruleOf({ ...size, transfer: { name: 'softmax' }, optimizer: { name: 'adam' }, iterations: 10 }),
    },
    {
      name: 'softplus, Gram, more passes than one graph has',
      rule: ruleOf({
        ...{ ...size, transfer: { name: 'softplus' }, localLoss: { name: 'squared' }, form: 'gram' },
        ...{ optimizer: { name: 'momentum' }, iterations: 40 },
      }),
    },
  ])('runs every node on the device, and copies nothing between iterations: $name', async ({ rule }) => {
    const nodes = await nodesOf(rule, WEBGPU_FORM);
    expect(nodes.length).toBeGreaterThan(rule.iterations);
    expect(new Set(nodes.map(({ provider }) => provider))).toEqual(new Set(['WebGpuExecutionProvider']));
    expect(nodes.filter(({ operator }) => operator.startsWith('Memcpy'))).toEqual([]);
  });

  it('would copy to the process and back around a Loop node', async () => {
    const { extra: _, ...withFallback } = webgpuSession;
    const rule = ruleOf({ ...size, optimizer: { name: 'rmsprop' }, iterations: 20 });
    const nodes = await nodesOf(rule, STANDARD_FORM, withFallback);
    expect(nodes.find(({ operator }) => operator === 'Loop')?.provider).toBe('CPUExecutionProvider');
    const copies = nodes.filter(({ operator }) => operator.startsWith('Memcpy'));
    expect(copies.length).toBeGreaterThan(0);
  });
});
