/** Carries out tasks one after the other, whatever became of those before. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  /** Carries `task` out after all earlier ones and once what it needs has arrived. */
  run<Needed, Result>(arriving: Promise<Needed>, task: (needed: Needed) => Promise<Result>): Promise<Result> {
    const result = Promise.all([this.#last, arriving]).then(([, needed]) => task(needed));
    // How it went is for the caller of `run`; here it matters only that it is over.
    this.#last = Promise.allSettled([this.#last, result]);
    return result;
  }
}
