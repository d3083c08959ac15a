/** Closes what was opened, the last one first. */
export class Opened {
  readonly #closing: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closing.unshift(close);
  }

  /** Closes all of it, also where one of them fails. @throws the first failure */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closing.splice(0)) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
