interface Entry<Session> {
  readonly session: Session;
  readonly bytes: number;
}

/** Keeps the sessions used last, up to a number of bytes that they may work on. */
export class SessionCache<Session> {
  readonly #entries = new Map<string, Entry<Session>>();
  readonly #dispose: (session: Session) => Promise<void>;
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(dispose: (session: Session) => Promise<void>, limitBytes = 2 ** 30) {
    this.#dispose = dispose;
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The session of this key, made at its first use. */
  async get(key: string, create: () => Promise<{ value: Session; bytes: number }>): Promise<Session> {
    const known = this.#entries.get(key);
    if (known) {
      // Maps keep the order of insertion: the first entry is the one unused for longest.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.session;
    }
    const { value, bytes } = await create();
    this.#entries.set(key, { session: value, bytes });
    this.#bytes += bytes;
    await this.#shrink();
    return value;
  }

  async clear(): Promise<void> {
    for (const key of [...this.#entries.keys()]) await this.#drop(key);
  }

  async #shrink(): Promise<void> {
    while (this.#bytes > this.#limitBytes && this.#entries.size > 1) {
      await this.#drop(this.#entries.keys().next().value!);
    }
  }

  async #drop(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    await this.#dispose(entry.session);
  }
}
