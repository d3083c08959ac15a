import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompiledRoutine } from '../../../core/expression/routine.js';
import type { Shape } from '../../../core/expression/shapes.js';
import type { Matrix } from '../../../core/matrix.js';
import type { EngineInfo } from '../../engine.js';
import { feeds } from '../../graph/feeds.js';
import type { Given, GraphRuntime } from '../../graph/graph-backend.js';
import type { LoopForm } from '../../graph/loop-form.js';
import type { TfGraph, Tfjs, TfTensor } from '../library.js';
import { download, upload, wrap, type TfjsTensor } from '../tensors.js';
import { routineGraph } from './routine-graph.js';

/** Graphs of TensorFlow itself, which compute in place where they can, and cost nothing an operation to call. */
export class TensorFlow implements GraphRuntime<TfjsTensor, TfGraph> {
  readonly form: LoopForm = { mostUnrolledPasses: 16, longLoops: 'calls' };

  constructor(
    readonly info: EngineInfo,
    private readonly tf: Tfjs,
    private readonly load: (folder: string) => Promise<TfGraph>,
  ) {}

  upload(matrix: Matrix): TfjsTensor {
    return upload(this.tf, matrix);
  }

  download(tensor: TfjsTensor): Matrix {
    return download(tensor);
  }

  release({ tensor }: TfjsTensor): void {
    tensor.dispose();
  }

  async compile(
    routine: CompiledRoutine,
    shapes: ReadonlyMap<string, Shape>,
    passes: number,
  ): Promise<{ value: TfGraph; bytes: number }> {
    const graph = routineGraph(routine, shapes, passes);
    const entries = Array.from(shapes.values()).reduce((total, [rows, columns]) => total + rows * columns, 0);
    // It can be loaded from a folder only.
    const folder = await mkdtemp(join(tmpdir(), 'locoprop-tensorflow-'));
    try {
      await writeFile(join(folder, 'saved_model.pb'), graph);
      return { value: await this.load(folder), bytes: 4 * entries };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  run(graph: TfGraph, { inputs, single, lists }: Given<TfjsTensor>): Promise<Map<string, TfjsTensor>> {
    const results = this.tf.tidy(() => {
      const given: Record<string, TfTensor> = {};
      for (const [name, { tensor }] of inputs) given[feeds.matrix(name)] = tensor;
      for (const [name, value] of single) given[name] = this.tf.tensor2d(Float32Array.of(value), [1, 1]);
      // A graph of no passes reads none.
      for (const [name, values] of lists)
        if (values.length > 0) given[name] = this.tf.tensor2d(values, [values.length, 1]);
      return graph.predict(given);
    });
    return Promise.resolve(new Map(Object.entries(results).map(([name, tensor]) => [name, wrap(tensor)])));
  }

  dispose(graph: TfGraph): Promise<void> {
    graph.dispose();
    return Promise.resolve();
  }

  close(): void {
    // The thread ends, and TensorFlow with it.
  }
}
