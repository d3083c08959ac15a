/*
 * What the engine uses of TensorFlow.js. It is declared here, as no more than that, so that locoprop
 * compiles and is type-checked where no package of TensorFlow.js is installed.
 */

export interface TfTensor {
  readonly shape: number[];
  /** Another handle of the same memory. */
  clone(): TfTensor;
  dispose(): void;
  /** May be the memory of the tensor itself. */
  dataSync(): Float32Array | Int32Array | Uint8Array;
}

/** A graph of TensorFlow, which takes and gives tensors by name. */
export interface TfGraph {
  predict(given: Readonly<Record<string, TfTensor>>): Record<string, TfTensor>;
  dispose(): void;
}

export interface Tfjs {
  readonly engine: () => {
    /** Carries one operation out, by the name that all backends know it by. */
    runKernel(
      name: string,
      inputs: Readonly<Record<string, TfTensor>>,
      attributes?: Readonly<Record<string, unknown>>,
    ): TfTensor;
  };
  /** Broadcasts its arguments, which the kernel does not. */
  readonly where: (condition: TfTensor, x: TfTensor, y: TfTensor) => TfTensor;
  readonly tensor2d: (values: Float32Array, shape: readonly [number, number]) => TfTensor;
  /** Disposes of every tensor that `make` makes and does not return. */
  readonly tidy: <Result>(make: () => Result) => Result;
  readonly setBackend: (name: string) => Promise<boolean>;
  /** Leaves checks and remarks out. */
  readonly enableProdMode: () => void;
}
