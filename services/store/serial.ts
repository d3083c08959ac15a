/** Runs asynchronous tasks one after the other, in the order of the calls. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** The task's own result or failure; a failure does not stop the tasks behind it. */
  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = Promise.allSettled([result]);
    return result;
  }
}
